import json

import pytest

from benchmarks.store.results import Store
from reports.render.compare import Limits, compare_runs, render

ACCURACY = {("tfidf_logreg", "ce"): 0.84, ("lstm", "ce"): 0.80}


@pytest.fixture
def runs(tmp_path, write_results):
    def write(**accuracy):
        for name in ("base", "new"):
            (tmp_path / name).mkdir()
        write_results(tmp_path / "base", ACCURACY)
        write_results(tmp_path / "new", ACCURACY | {("lstm", "ce"): accuracy.get("lstm", 0.80)})
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
    assert [c.accuracy.difference for c in comparison.changes] == [0, 0]
    assert all(rate.ratio == 1 for change in comparison.changes for rate in change.rates)
    assert comparison.losses(Limits(0.0, 0.0)) == []
    assert comparison.same_machine


def test_a_loss_of_accuracy_beyond_noise_is_found(runs):
    comparison = compare_runs(*runs(lstm=0.70))
    (loss,) = comparison.losses(Limits(accuracy=0.005))
    assert loss.startswith("lstm × ce")
    assert "accuracy" in loss
    assert comparison.losses(Limits(accuracy=0.2)) == []


def test_a_loss_of_accuracy_within_noise_is_not(runs):
    assert compare_runs(*runs(lstm=0.799)).losses(Limits(accuracy=0.0)) == []


def test_a_gain_is_no_loss(runs):
    assert compare_runs(*runs(lstm=0.90)).losses(Limits(accuracy=0.005)) == []


def test_a_loss_of_throughput_is_found_only_where_every_reading_is_slower(runs):
    base, new = runs()
    slow_down(new, "text_to_label", 2.0)
    losses = compare_runs(base, new).losses(Limits(throughput=0.1))
    assert len(losses) == 2
    assert all("text → label at 0.50 times" in loss for loss in losses)
    slow_down(new, "text_to_label", 0.5)
    assert compare_runs(base, new).losses(Limits(throughput=0.0)) == []


def test_rates_of_different_machines_fail_nothing(runs):
    base, new = runs()
    slow_down(new, "text_to_label", 3.0)
    run = Store(new).read_run()
    run["environment"]["processor"] = "another"
    Store(new).write_run(run)
    comparison = compare_runs(base, new)
    assert comparison.losses(Limits(throughput=0.1)) == []
    assert "different machines" in render(comparison, Limits())


def test_what_only_one_has_is_named(tmp_path, write_results):
    for name, accuracy in (("base", ACCURACY), ("new", {("lstm", "ce"): 0.8})):
        (tmp_path / name).mkdir()
        write_results(tmp_path / name, accuracy)
    text = render(compare_runs(tmp_path / "base", tmp_path / "new"), Limits(accuracy=0.01))
    assert "Only in base: tfidf_logreg × ce" in text
    assert "No loss beyond the limits" in text
