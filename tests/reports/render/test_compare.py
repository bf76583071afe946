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
    assert "same predictions on every test text" in render(comparison, Limits(0.0001, 0.0), wide=True)
    assert "| same " in shown
    assert "+0.00" not in shown
    assert not [said for said in undecided(comparison, Limits(0.0001)) if "accuracy" in said]
    assert all(rate.ratio.value == 1 for change in comparison.changes for rate in change.rates)
    assert problems(comparison, Limits(0.0, 0.0)) == []
    assert comparison.why_no_rates == ""


def test_a_loss_of_accuracy_beyond_noise_is_found(runs):
    comparison = compare_runs(*runs(lstm=0.70))
    (loss,) = losses(comparison, Limits(accuracy=0.005))
    assert loss.startswith("lstm × ce, 2,000 training texts: accuracy −10.00 points, between −")
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
    assert problems(comparison, Limits(accuracy=0.01)) == [
        "tfidf_logreg × ce, 2,000 training texts: no good result in the new run"
    ]


def test_two_runs_of_failed_cells_alone_compare_nothing(tmp_path, write_results):
    for name in ("base", "new"):
        write_results(tmp_path / name, {("lstm", "ce"): 0.8}, failed={("lstm", "ce"): ("failed", "broken")})
    with pytest.raises(StoreError, match="nothing to compare"):
        compare_runs(tmp_path / "base", tmp_path / "new")


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


def acknowledge(folder, **acknowledged):
    store = Store(folder)
    store.write_run(store.read_run() | {"acknowledged": acknowledged})


def test_an_audit_that_fails_anew_is_a_problem(tmp_path, write_results):
    for name in ("base", "new"):
        write_results(tmp_path / name, ACCURACY)
    base, new = tmp_path / "base", tmp_path / "new"
    assert problems(compare_runs(base, new), Limits()) == []  # it fails in both
    acknowledge(base, truncation="known")
    assert problems(compare_runs(base, new), Limits()) == ["audit failed: truncation, in 3 cells of the new run"]


def changed(folder, model=None, **update):
    """Write the cells of a folder with another specification, those of one model or all, and plan them."""
    store = Store(folder)
    planned = []
    for result in list(store.results()):
        spec = result.spec.model_copy(update=update) if model in (None, result.spec.model) else result.spec
        store.write_result(result.model_copy(update={"spec": spec}), store.read_predictions(result.spec.id))
        planned.append(spec.id)
    store.write_run(store.read_run() | {"planned": planned})


def test_a_changed_parameter_is_named_and_matched_unless_exact_is_wanted(runs):
    base, new = runs(lstm=0.70)
    changed(new, "lstm", model_params={"epochs": 9}, code_version="0.9")
    comparison = compare_runs(base, new)
    assert [change.new.model_name for change in comparison.changes] == ["tfidf_logreg", "lstm"]
    (before,) = {json.dumps(change.base.model_params) for change in comparison.changes[1:]}
    assert "lstm.epochs" in comparison.changes[1].differences[0]
    assert comparison.changes[1].differences[0].endswith("→ 9"), before
    assert "code" in comparison.changes[1].differences
    assert "lstm.epochs" in render(comparison, Limits())
    assert len(losses(comparison, Limits(accuracy=0.005))) == 1
    exact = compare_runs(base, new, "exact")
    assert [change.new.model_name for change in exact.changes] == ["tfidf_logreg"]
    assert exact.only_base[0].model_name == exact.only_new[0].model_name == "lstm"
    assert problems(exact, Limits(accuracy=0.1)) == ["lstm × ce, 2,000 training texts: no good result in the new run"]


def test_of_several_configurations_of_a_model_only_exact_matches_are_compared(tmp_path, write_results):
    for name in ("base", "new"):
        write_results(tmp_path / name, ACCURACY)
    store = Store(tmp_path / "base")
    for result in [r for r in store.results() if r.spec.model == "lstm"]:
        spec = result.spec.model_copy(update={"model_params": {"epochs": 9}})
        store.write_result(result.model_copy(update={"spec": spec}), store.read_predictions(result.spec.id))
        store.write_run(store.read_run() | {"planned": [*store.read_run()["planned"], spec.id]})
    comparison = compare_runs(tmp_path / "base", tmp_path / "new")
    assert len(comparison.changes) == 2
    assert all(not change.differences for change in comparison.changes)
    assert len(comparison.only_base) == 1


def test_a_difference_of_all_rows_is_named_once(runs):
    base, new = runs()
    changed(new, libraries={"scikit-learn": "9.9"})
    shown = render(compare_runs(base, new), Limits())
    assert shown.count("scikit-learn") == 1
    assert "- everywhere: " in shown


def test_a_failed_cell_and_a_missing_one_are_problems_by_name(tmp_path, write_results):
    for name in ("base", "new"):
        write_results(tmp_path / name, ACCURACY)
        acknowledge(tmp_path / name, truncation="known")
    new = Store(tmp_path / "new")
    first, second, _ = (r.spec.id for r in new.results() if r.spec.model == "lstm")
    crashed = new.read_result(first)
    new.write_result(crashed.model_copy(update={"status": "failed", "reason": "it is broken"}))
    found = problems(compare_runs(tmp_path / "base", tmp_path / "new"), Limits())
    assert found == [f"{first}: failed in the new run"]
    found = problems(compare_runs(tmp_path / "base", tmp_path / "new"), Limits(accuracy=0.1))
    seed = crashed.spec.seed
    assert f"lstm × ce, 2,000 training texts, seed {seed}: no good result in the new run" in found
    new.remove_result(second)
    found = problems(compare_runs(tmp_path / "base", tmp_path / "new"), Limits())
    assert found == [f"{first}: failed in the new run", f"{second}: no result in the new run"]


def test_a_new_run_of_failed_cells_alone_compares_nothing_and_says_which(tmp_path, write_results):
    for name in ("base", "new"):
        write_results(tmp_path / name, {("lstm", "ce"): 0.8})
    new = Store(tmp_path / "new")
    ids = [result.spec.id for result in new.results()]
    for cell in ids:
        new.write_result(new.read_result(cell).model_copy(update={"status": "failed", "reason": "it is broken"}))
    with pytest.raises(StoreError, match=f"nothing to compare .{ids[0]}: failed in the new run"):
        compare_runs(tmp_path / "base", tmp_path / "new")


def test_lines_fit_a_terminal_of_80_columns_and_the_wide_table_has_the_rest(runs, monkeypatch):
    base, new = runs(repeats=PROCESSES_NEEDED, lstm=0.70)
    slow_down(new, "text_to_label", 2.0)
    name = "a_model_with_a_name_that_is_as_long_as_they_come (truncation=head_tail, epochs=3)"
    monkeypatch.setattr("reports.analysis.results.Results.model_label", lambda self, cell: f"{cell.spec.model} {name}")
    comparison = compare_runs(base, new)
    shown = render(comparison, Limits(0.005, 0.1))
    assert max(map(len, shown.splitlines())) <= 80
    assert "Names are shortened" in shown
    assert name in " ".join(shown.split())  # among the losses
    wide = render(comparison, Limits(0.005, 0.1), wide=True)
    assert "scoring (new / base)" in wide
    assert "scoring" not in shown


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
