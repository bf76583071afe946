import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.store.results import StoreError
from reports.analysis.results import read_results


def test_cells_and_configurations_are_found(write_results, tmp_path):
    write_results(tmp_path, train_sizes=(500, 2000))
    results = read_results(tmp_path)
    assert len(results.cells) == len(results.ok) == 3 * 2 * 3 * 2
    assert len(results.configurations) == 3 * 2 * 2
    assert {len(c.cells) for c in results.configurations} == {3}
    assert [cell.spec.seed for cell in results.configurations[0].cells] == [1, 2, 3]
    assert results.missing == ()


def test_predictions_have_the_accuracy_they_were_given(write_results, tmp_path):
    write_results(tmp_path, {("lstm", "ce"): 0.87}, classes=("a", "b", "c"))
    results = read_results(tmp_path)
    predictions = results.predictions(results.ok[0])
    assert predictions.correct.mean() == 0.87
    assert predictions.probabilities.shape == (1000, 3)
    assert results.predictions(results.ok[0]) is predictions


def test_planned_cells_without_a_result_are_not_run(write_results, tmp_path):
    write_results(
        tmp_path, seeds=(1,), missing=[("lstm", "ce")], failed={("distilbert", "ce"): ("timeout", "too long")}
    )
    frame = read_results(tmp_path).cells_frame.set_index(["model", "loss"])
    assert frame.loc[("lstm", "ce"), "status"] == "not run"
    assert frame.loc[("lstm", "ce"), ["train_size", "seed"]].tolist() == [2000, 1]
    assert frame.loc[("distilbert[minilm]", "ce"), ["status", "reason"]].tolist() == ["timeout", "too long"]


def test_results_that_are_not_planned_are_left_out(write_results, tmp_path):
    store = write_results(tmp_path, seeds=(1, 2))
    run = store.read_run()
    store.write_run(run | {"planned": run["planned"][::2]})
    results = read_results(tmp_path)
    assert {cell.spec.seed for cell in results.cells} == {1}
    assert results.unplanned == len(run["planned"]) / 2


def test_only_parameters_that_differ_are_named(write_results, tmp_path):
    write_results(
        tmp_path,
        {("lstm", "ce"): 0.8, ("lstm", "length_weighted_ce"): 0.8},
        model_params={"lstm": [{"epochs": 2, "width": 128}, {"epochs": 3, "width": 128}]},
    )
    labels = {(c.model, c.loss) for c in read_results(tmp_path).configurations}
    assert labels == {
        (model, loss) for model in ("lstm (epochs=2)", "lstm (epochs=3)") for loss in ("ce", "length_weighted_ce")
    }


def test_the_encoder_is_part_of_a_model_s_name(write_results, tmp_path):
    params = [{"encoder": "minilm"}, {"encoder": "/home/someone/weights"}]
    write_results(tmp_path, {("distilbert", "ce"): 0.8, ("lstm", "ce"): 0.8}, model_params={"distilbert": params})
    labels = [c.model for c in read_results(tmp_path).configurations]
    assert labels == ["distilbert[minilm]", "distilbert[…/weights]", "lstm"]


def test_repeats_are_trainings_of_one_configuration(write_results, tmp_path):
    write_results(tmp_path, {("lstm", "ce"): 0.8}, repeats=3)
    (configuration,) = read_results(tmp_path).configurations
    assert configuration.trainings == ((0, 1), (1, 2), (2, 3))


def test_only_errors_that_nobody_acknowledged_are_alarms(write_results, tmp_path):
    store = write_results(tmp_path, {("lstm", "ce"): 0.8})
    assert read_results(tmp_path).alarms == {"truncation": 3}
    store.write_run(store.read_run() | {"acknowledged": {"truncation": "long reviews are rare"}})
    results = read_results(tmp_path)
    assert results.alarms == {}
    assert {a.acknowledged for cell in results.ok for a in cell.audits if not a.passed} == {"long reviews are rare"}


def test_a_folder_without_results_is_an_error(tmp_path):
    with pytest.raises(StoreError, match="no results in"):
        read_results(tmp_path)


def test_a_change_of_machine_is_noticed(write_results, tmp_path):
    store = write_results(tmp_path, seeds=(1, 2))
    assert read_results(tmp_path).differing_environment == ()
    result = next(store.results())
    result.environment = {**result.environment, "processor": "another"}
    store.write_result(result)
    assert read_results(tmp_path).differing_environment == ("processor",)


def test_reading_results_needs_no_torch():
    """`report` answers in a second: nothing heavy is imported on the way."""
    heavy = "{'torch', 'sklearn', 'transformers'}"
    script = f"import sys, reports.render.markdown, reports.render.terminal; print(sorted({heavy} & {{*sys.modules}}))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=Path.cwd())
    assert done.stdout.strip() == "[]"


def test_deep_audits_are_no_results(tmp_path, write_results):
    store = write_results(tmp_path, {("lstm", "ce"): 0.8}, seeds=(1,))
    (cell,) = store.results()
    audited = cell.model_copy(update={"spec": cell.spec.model_copy(update={"role": "shuffled labels"})})
    store.write_result(audited, store.read_predictions(cell.spec.id))
    run = store.read_run()
    store.write_run(run | {"planned": [*run["planned"], audited.spec.id]})
    results = read_results(tmp_path)
    assert len(results.ok) == 2
    assert [len(c.cells) for c in results.configurations] == [1]
