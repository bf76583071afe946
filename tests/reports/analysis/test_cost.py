import pytest

from reports.analysis.results import read_results
from reports.analysis.run_analysis import analyse


@pytest.fixture
def ladders(write_results, tmp_path):
    def ladders_of(accuracy, **options):
        write_results(tmp_path, accuracy, **options)
        return analyse(read_results(tmp_path)).ladders

    return ladders_of


def test_each_step_says_what_it_buys_and_costs(ladders):
    (ladder,) = ladders({("tfidf_logreg", "ce"): 0.84, ("lstm", "ce"): 0.84, ("distilbert", "ce"): 0.92})
    assert ladder.sentence == (
        "With 2,000 training reviews, tfidf_logreg is the cheapest: 84.0 (81.6–86.1) % in 0.816 s of training."
    )
    lstm, distilbert = ladder.steps
    assert "lstm takes 15.0 times the training time of tfidf_logreg and cannot be told apart from it" in lstm.sentence
    assert (
        "distilbert takes 150 times the training time of tfidf_logreg and is better (+8.00 points"
        in distilbert.sentence
    )


def test_a_better_model_is_what_the_next_one_is_held_against(ladders):
    (ladder,) = ladders({("tfidf_logreg", "ce"): 0.80, ("lstm", "ce"): 0.90, ("distilbert", "ce"): 0.82})
    _, distilbert = ladder.steps
    assert distilbert.cheaper.configuration.model == "lstm"
    assert distilbert.times == pytest.approx(10)
    assert "is worse (−8.00 points, 95 % interval −" in distilbert.sentence


@pytest.mark.parametrize("order", [("distilbert", "tfidf_logreg"), ("tfidf_logreg", "distilbert")])
def test_the_interval_belongs_to_the_gain(ladders, order):
    (ladder,) = ladders({(model, "ce"): {"distilbert": 0.92, "tfidf_logreg": 0.84}[model] for model in order})
    (step,) = ladder.steps
    low, high = sorted(abs(end) for end in step.comparison.interval)
    assert f"95 % interval +{100 * low:.2f} to +{100 * high:.2f}" in step.sentence


def test_a_ladder_for_each_size_and_cross_entropy_only(ladders):
    found = ladders(
        {("lstm", "ce"): 0.84, ("distilbert", "ce"): 0.9, ("distilbert", "other"): 0.9}, train_sizes=(2000, 500)
    )
    assert [ladder.cheapest.configuration.train_size for ladder in found] == [500, 2000]
    assert [len(ladder.steps) for ladder in found] == [1, 1]
