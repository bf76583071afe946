import pytest

from reports.analysis.multiples import labelling_multiples, training_multiples
from reports.analysis.results import read_results


def test_costs_are_multiples_of_the_cheapest_with_their_range(write_results, tmp_path):
    write_results(tmp_path, {("tfidf_logreg", "ce"): 0.84, ("lstm", "ce"): 0.8})
    configurations = read_results(tmp_path).configurations
    cheapest, dearer = training_multiples(configurations)
    assert cheapest.value == 1
    assert dearer.value == pytest.approx(15.0)
    assert dearer.range == pytest.approx((15 * 1.01 / 1.03, 15 * 1.03 / 1.01))  # three seeds of each
    assert dearer.interval is None
    first, second = labelling_multiples(configurations)
    assert first.value == 1
    assert second.value == pytest.approx(1.0)


def test_the_fastest_to_label_need_not_be_the_fastest_to_train(write_results, tmp_path):
    store = write_results(tmp_path, {("tfidf_logreg", "ce"): 0.84, ("lstm", "ce"): 0.8}, seeds=(1,))
    for result in list(store.results()):
        if result.spec.model == "lstm":
            result.measurement("text_to_label").seconds = [0.03, 0.02, 0.025]
            store.write_result(result)
    configurations = read_results(tmp_path).configurations
    slower, fastest = labelling_multiples(configurations)
    assert fastest.value == 1
    assert slower.value == pytest.approx(10.0)
    assert slower.alone
    assert training_multiples(configurations)[1].alone
    assert training_multiples([]) == []


def test_what_was_not_timed_has_no_multiple(write_results, tmp_path):
    store = write_results(tmp_path, {("tfidf_logreg", "ce"): 0.84, ("lstm", "ce"): 0.8}, seeds=(1,))
    for result in list(store.results()):
        if result.spec.model == "lstm":
            result.measurements = [one for one in result.measurements if one.phase != "fit"]
            store.write_result(result)
    alone, none = training_multiples(read_results(tmp_path).configurations)
    assert (alone.value, none) == (1, None)
