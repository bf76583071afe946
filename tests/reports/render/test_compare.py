import json

import pytest

from benchmarks.store.results import Store, StoreError
from reports.analysis.comparisons import contrast
from reports.analysis.estimates import ALPHA
from reports.analysis.evidence import gather
from reports.analysis.rate_ratios import PROCESSES_NEEDED
from reports.analysis.results import read_results
from reports.analysis.run_comparison import compare_runs
from reports.analysis.verdicts import Verdict
from reports.render.compare import Limits, losses, problems, render, undecided

ACCURACY = {("tfidf_logreg", "ce"): 0.84, ("lstm", "ce"): 0.80}


@pytest.fixture
def runs(tmp_path, write_results):
    def write(repeats=0, leaked=0, **accuracy):
        write_results(tmp_path / "base", ACCURACY, repeats=repeats)
        write_results(tmp_path / "new", ACCURACY | {("lstm", "ce"): accuracy.get("lstm", 0.80)}, repeats=repeats)
        for name in ("base", "new"):
            store = Store(tmp_path / name)
            store.write_run(store.read_run() | {"acknowledged": {"truncation": "known"}})
        return tmp_path / "base", tmp_path / "new"

    return write


def slow_down(folder, phase, times):
    """Make every reading of a phase slower."""
    for path in folder.glob("cells/*/result.json"):
        result = json.loads(path.read_text())
        for measurement in result["measurements"]:
            if measurement["phase"] == phase:
                measurement["seconds"] = [times * seconds for seconds in measurement["seconds"]]
        path.write_text(json.dumps(result))


def test_a_run_is_no_different_from_itself(runs):
    base, _ = runs()
    comparison = compare_runs(base, base)
    assert [c.accuracy.finding.value for c in comparison.changes] == [0, 0]
    assert all(c.accuracy.verdict is Verdict.SAME for c in comparison.changes)
    shown = render(comparison, Limits(0.0001, 0.0))
    assert "same predictions on every test text" in shown
    assert "+0.00" not in shown
    assert not [said for said in undecided(comparison, Limits(0.0001)) if "accuracy" in said]
    assert all(rate.ratio.value == 1 for change in comparison.changes for rate in change.rates)
    assert problems(comparison, Limits(0.0, 0.0)) == []
    assert comparison.why_no_rates == ""


def test_a_loss_of_accuracy_beyond_noise_is_found(runs):
    comparison = compare_runs(*runs(lstm=0.70))
    (loss,) = losses(comparison, Limits(accuracy=0.005))
    assert loss.startswith("lstm × ce, 2,000 training reviews: accuracy −10.00 points, between −")
    assert losses(comparison, Limits(accuracy=0.2)) == []
    assert "Worse:" in render(comparison, Limits(accuracy=0.005))


def test_a_loss_of_accuracy_within_noise_is_not_but_it_is_not_excluded_either(runs):
    comparison = compare_runs(*runs(lstm=0.799))
    assert losses(comparison, Limits(accuracy=0.001)) == []
    said = undecided(comparison, Limits(accuracy=0.001))
    assert "a loss of more than 0.10 points of accuracy is not excluded (between −" in said[0]
    shown = render(comparison, Limits(accuracy=0.001))
    assert "Not decided:" in shown
    assert "A loss beyond the limits is excluded." not in shown
    assert "A loss beyond the limits is excluded." in render(comparison, Limits(accuracy=0.2))


def test_a_gain_is_no_loss(runs):
    assert problems(compare_runs(*runs(lstm=0.90)), Limits(accuracy=0.005)) == []


def test_a_fall_below_the_majority_class_is_a_loss_and_not_void(runs):
    (loss,) = losses(compare_runs(*runs(lstm=0.30)), Limits(accuracy=0.005))
    assert "accuracy −50.00 points" in loss


def test_three_processes_decide_no_rate(runs):
    base, new = runs()
    slow_down(new, "text_to_label", 2.0)
    comparison = compare_runs(base, new)
    assert losses(comparison, Limits(throughput=0.1)) == []
    said = undecided(comparison, Limits(throughput=0.1))
    assert f"text → label, timed in 3 processes a side of the {PROCESSES_NEEDED} that decide" in " ".join(said)
    assert "0.50 \\[" in render(comparison, Limits())


def test_enough_processes_find_a_loss_of_throughput(runs):
    base, new = runs(repeats=PROCESSES_NEEDED)
    slow_down(new, "text_to_label", 2.0)
    found = losses(compare_runs(base, new), Limits(throughput=0.1))
    assert len(found) == 2
    assert all("text → label at 0.50 times the base rate, (0.50–0.50)" in loss for loss in found)
    slow_down(new, "text_to_label", 0.5)
    assert losses(compare_runs(base, new), Limits(throughput=0.0)) == []


def test_a_slower_fit_is_a_loss_too(runs):
    base, new = runs(repeats=PROCESSES_NEEDED)
    slow_down(new, "fit", 3.0)
    found = losses(compare_runs(base, new), Limits(throughput=0.1))
    assert len(found) == 2
    assert all("fits per second at 0.33 times" in loss for loss in found)


def test_rates_of_different_machines_fail_nothing_and_decide_nothing(runs):
    base, new = runs(repeats=PROCESSES_NEEDED)
    slow_down(new, "text_to_label", 3.0)
    store = Store(new)
    for result in list(store.results()):
        store.write_result(result.model_copy(update={"environment": result.environment | {"processor": "another"}}))
    comparison = compare_runs(base, new)
    assert losses(comparison, Limits(throughput=0.1)) == []
    assert "times cannot be compared: processor is" in render(comparison, Limits())
    assert undecided(comparison, Limits(throughput=0.1))[-1].startswith("no rate is decided")


def test_a_configuration_without_a_good_result_fails_where_limits_are_set(tmp_path, write_results):
    for name, accuracy in (("base", ACCURACY), ("new", {("lstm", "ce"): 0.8})):
        write_results(tmp_path / name, accuracy)
        store = Store(tmp_path / name)
        store.write_run(store.read_run() | {"acknowledged": {"truncation": "known"}})
    comparison = compare_runs(tmp_path / "base", tmp_path / "new")
    assert "Only in base: tfidf_logreg × ce" in render(comparison, Limits())
    assert problems(comparison, Limits()) == []
    assert problems(comparison, Limits(accuracy=0.01)) == ["tfidf_logreg × ce (2,000): no good result in the new run"]


def test_runs_that_share_nothing_are_refused(tmp_path, write_results):
    for name, model in (("base", "lstm"), ("new", "tfidf_logreg")):
        write_results(tmp_path / name, {(model, "ce"): 0.8})
    with pytest.raises(StoreError, match="share no configuration that ended ok in both") as raised:
        compare_runs(tmp_path / "base", tmp_path / "new")
    assert "\n" not in str(raised.value)


def test_runs_of_other_data_are_refused(runs):
    base, new = runs()
    store = Store(new)
    for result in list(store.results()):
        other = result.model_copy(update={"spec": result.spec.model_copy(update={"data_fingerprint": "cd" * 32})})
        store.write_result(other, store.read_predictions(result.spec.id))
    planned = [r.spec.id for r in store.results() if r.spec.data_fingerprint == "cd" * 32]
    store.write_run(store.read_run() | {"planned": planned})
    with pytest.raises(StoreError, match="cells of different data cannot be compared"):
        compare_runs(base, new)


def test_a_failed_audit_of_the_new_run_is_a_problem(runs):
    base, new = runs()
    store = Store(new)
    store.write_run(store.read_run() | {"acknowledged": {}})
    assert problems(compare_runs(base, new), Limits()) == ["audit failed: truncation, in 3 cells of the new run"]


def test_other_code_is_compared_and_not_refused(runs):
    base, new = runs()
    store = Store(new)
    for result in list(store.results()):
        other = result.model_copy(update={"spec": result.spec.model_copy(update={"code_version": "0.2.0"})})
        store.write_result(other, store.read_predictions(result.spec.id))
    planned = [r.spec.id for r in store.results() if r.spec.code_version == "0.2.0"]
    store.write_run(store.read_run() | {"planned": planned})
    assert len(compare_runs(base, new).changes) == 2


def test_intervals_of_a_comparison_hold_together(runs):
    base, new = runs(lstm=0.81)
    change = compare_runs(base, new).changes[1]
    own, other = (gather(read_results(folder))[1] for folder in (new, base))
    alone = contrast(own, other).interval_at(ALPHA)
    assert change.accuracy.finding.interval.low < alone.low
    assert change.accuracy.finding.interval.high > alone.high
