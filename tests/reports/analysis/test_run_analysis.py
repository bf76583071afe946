from reports.analysis.results import read_results
from reports.analysis.run_analysis import analyse


def test_everything_is_in_the_order_of_the_configurations(write_results, tmp_path):
    write_results(tmp_path, train_sizes=(500, 2000))
    analysis = analyse(read_results(tmp_path))
    configurations = list(analysis.results.configurations)
    assert [e.configuration for e in analysis.evidence] == configurations
    assert [a.configuration for a in analysis.accuracies] == configurations
    assert len(configurations) == 12
    assert [len(own) for _, own in analysis.primary.against_cheapest.values()] == [2, 2]
    assert len(analysis.exploratory) == 2 * 3  # with the other loss; those with the leading one are of the family
    assert len(analysis.length_effects) == 2 * 3
    assert len(analysis.learning_curves) == 2 * 3
    assert len(analysis.crossings) == 2
    assert len(analysis.ladders) == 2


def test_nothing_that_ended_ok(write_results, tmp_path):
    write_results(tmp_path, {("lstm", "ce"): 0.8}, missing=[("lstm", "ce")])
    analysis = analyse(read_results(tmp_path))
    assert analysis.accuracies == analysis.exploratory == analysis.length_effects == analysis.ladders == ()
    assert analysis.primary.size == 0
