"""A cascade of finished cells: measured by running it, saved, loaded, exported."""

import shutil

import numpy as np
import pandas as pd
import pytest

from benchmarks.cells import cascades
from benchmarks.cells.cascades import StageError, run_cascade, run_cell_or_cascade
from benchmarks.cells.thresholds import Outcome
from benchmarks.errors import UsageError
from benchmarks.inference.engines.choice import choose as choose_engine
from benchmarks.inference.explain import explain
from benchmarks.inference.export import can_export, to_folder, to_huggingface
from benchmarks.inference.saved import find_model, load_model
from benchmarks.runs.cascades import cascade_spec
from benchmarks.schema.cascade import Cascade as Rule
from benchmarks.store.results import Store
from tests.benchmarks.cascade_runs import DATA, permute_test_labels, set_cost, spec_of, trained

FIRST, LAST = spec_of("tfidf_logreg", ngrams=1), spec_of("nbsvm")
CASCADE = cascade_spec([FIRST, LAST], "accuracy")
TEXTS = list(DATA.test.texts[:50])
COLUMNS = ["probability_0", "probability_1"]


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """A results folder with two cells and their cascade."""
    store = trained(tmp_path_factory.mktemp("finished") / "run", FIRST, LAST)
    set_cost(store, FIRST, 0.1)
    set_cost(store, LAST, 1.0)
    run_cell_or_cascade(CASCADE, store, lambda done, total: None)
    return store


@pytest.fixture
def copied(finished, tmp_path):
    """A copy of it for tests that change it."""
    shutil.copytree(finished.folder, tmp_path / "copy")
    return Store(tmp_path / "copy")


@pytest.fixture
def forced(monkeypatch):
    """Choose a rule whatever validation says."""

    def force(*thresholds, answer="last"):
        def choose(stages, labels, aim, groups=None, criterion=None):
            return Outcome(Rule(thresholds=thresholds, answer=answer), 1.0, (len(labels), 0), 1.0)

        monkeypatch.setattr(cascades, "choose", choose)

    return force


def test_the_id_names_the_stages(finished):
    assert CASCADE.model == "tfidf_logreg->nbsvm"
    assert CASCADE.id.startswith("tfidf_logreg_to_nbsvm-ce-n100-s1-")
    assert finished.read_result(CASCADE.id).spec.stages == (FIRST.id, LAST.id)


def test_the_result_has_what_a_cell_s_has(finished):
    result = finished.read_result(CASCADE.id)
    assert result.status == "ok"
    assert result.cascade.aim == "accuracy"
    assert result.cascade.test_rows[0] == 240 > result.cascade.test_rows[1] > 0
    assert result.cascade.valid_accuracy >= result.cascade.last_accuracy
    assert {m.phase for m in result.measurements} == {"fit", "test_set", "text_to_label", "single_review"}
    assert result.measurement("text_to_label").examples == [120, 120]  # of 240, whatever rows are asked for
    assert result.measurement("text_to_label").of_test_set
    assert result.overhead_seconds > 0
    assert len(result.measurement("single_review").seconds) == 10
    assert [audit.name for audit in result.audits if not audit.passed] == []
    predicted = finished.read_predictions(CASCADE.id)
    accuracy = (predicted[COLUMNS].to_numpy().argmax(axis=1) == predicted["label"]).mean()
    assert result.metrics["accuracy"] == pytest.approx(accuracy)


def test_training_size_and_memory_are_sums_over_stages(finished):
    result = finished.read_result(CASCADE.id)
    stages = [finished.read_result(spec.id) for spec in (FIRST, LAST)]
    assert result.model_bytes == pytest.approx(sum(stage.model_bytes for stage in stages), abs=5_000)
    assert result.measurement("fit").seconds[0] == pytest.approx(sum(s.measurement("fit").seconds[0] for s in stages))
    added = sum(stage.memory.host - stage.memory.host_start for stage in stages)
    assert result.memory.host == result.memory.host_start + added
    assert result.fit["parameters"] == sum(stage.fit["parameters"] for stage in stages)


def test_saved_loaded_and_exported_are_the_same_model(finished, tmp_path):
    folder = finished.cell_folder(CASCADE.id)
    loaded = load_model(folder)
    proba = loaded.predict_proba(TEXTS)
    stored = finished.read_predictions(CASCADE.id)[COLUMNS].to_numpy()[:50]
    np.testing.assert_allclose(loaded.own_proba(TEXTS), stored, rtol=1e-9)
    to_folder(find_model(folder), tmp_path / "exported")
    shutil.move(tmp_path / "exported", tmp_path / "moved")
    np.testing.assert_array_equal(load_model(tmp_path / "moved").predict_proba(TEXTS), proba)
    assert {path.name for path in (tmp_path / "moved").iterdir()} == {"saved.json", "stage-1", "stage-2"}
    with pytest.raises(UsageError, match="exists already"):
        to_folder(find_model(folder), tmp_path / "moved")


def test_stages_share_the_disk_space_of_their_cells_and_outlive_them(copied):
    cell, stage = copied.cell_folder(LAST.id) / "model", copied.cell_folder(CASCADE.id) / "model" / "stage-2"
    run_cascade(CASCADE, copied)
    assert all(path.samefile(cell / path.relative_to(stage)) for path in stage.rglob("*") if path.is_file())
    before = load_model(copied.cell_folder(CASCADE.id)).predict_proba(TEXTS)
    copied.remove_cell(LAST.id)
    np.testing.assert_array_equal(load_model(copied.cell_folder(CASCADE.id)).predict_proba(TEXTS), before)


@pytest.mark.parametrize(("threshold", "spec", "read"), [(0.0, FIRST, (240, 0)), (1.0, LAST, (240, 240))])
def test_nothing_and_everything_passed_on_are_the_single_models_bit_for_bit(copied, forced, threshold, spec, read):
    forced(threshold)
    run_cascade(CASCADE, copied)
    assert copied.read_result(CASCADE.id).cascade.test_rows == read
    alone = load_model(copied.cell_folder(spec.id))
    joined = load_model(copied.cell_folder(CASCADE.id))
    np.testing.assert_array_equal(joined.own_proba(TEXTS), alone.predict_proba(TEXTS))
    np.testing.assert_array_equal(joined.predict(TEXTS), alone.predict(TEXTS))
    np.testing.assert_array_equal(
        copied.read_predictions(CASCADE.id)[COLUMNS].to_numpy().argmax(axis=1),
        copied.read_predictions(spec.id)[COLUMNS].to_numpy().argmax(axis=1),
    )


def test_a_text_is_scored_the_same_alone_and_in_any_batch(finished):
    loaded = load_model(finished.cell_folder(CASCADE.id))
    together = loaded.predict_proba(TEXTS)
    alone = np.concatenate([loaded.predict_proba([text]) for text in TEXTS])
    np.testing.assert_allclose(alone, together, rtol=1e-9)
    np.testing.assert_allclose(loaded.predict_proba(TEXTS[::-1])[::-1], together, rtol=1e-9)
    assert loaded.predict_proba([]).shape == (0, 2)


def test_validation_predictions_are_those_of_the_loaded_cascade(finished):
    stored = finished.read_validation(CASCADE.id)
    loaded = load_model(finished.cell_folder(CASCADE.id))
    np.testing.assert_allclose(loaded.own_proba(list(DATA.valid.texts)), stored[COLUMNS].to_numpy(), rtol=1e-6)
    record = finished.read_result(CASCADE.id).cascade
    right = stored[COLUMNS].to_numpy().argmax(axis=1) == stored["label"]
    assert record.valid_accuracy == pytest.approx(right.mean())


def test_test_labels_do_not_influence_the_choice(copied):
    before = copied.read_result(CASCADE.id).cascade
    permute_test_labels(copied)
    copied.remove_cell(CASCADE.id)
    run_cascade(CASCADE, copied)
    after = copied.read_result(CASCADE.id).cascade
    assert after.chosen == before.chosen
    assert after.valid_rows == before.valid_rows


def test_validation_labels_do(copied):
    """The counterpart, without which the test above could pass for want of any influence."""
    frame = copied.read_validation(FIRST.id)
    flipped = frame.rename(columns={"probability_0": "probability_1", "probability_1": "probability_0"})
    copied.write_validation(FIRST.id, flipped[frame.columns])
    before = copied.read_result(CASCADE.id).cascade
    run_cascade(CASCADE, copied)
    assert copied.read_result(CASCADE.id).cascade.chosen != before.chosen


def without_calibration(store):
    store.write_result(store.read_result(LAST.id).model_copy(update={"calibration": None}))


def of_other_rows(store):
    frame = store.read_validation(LAST.id)
    store.write_validation(LAST.id, pd.concat([frame[1:], frame[:1]]))


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda store: (store.cell_folder(LAST.id) / "validation.parquet").unlink(), "run it again with --fresh"),
        (lambda store: shutil.rmtree(store.cell_folder(FIRST.id) / "model"), "no saved model: run it again"),
        (lambda store: store.remove_result(FIRST.id), "has no good result"),
        (without_calibration, "made by an older version"),
        (of_other_rows, "validated on other rows"),
    ],
)
def test_a_cell_that_cannot_be_a_stage_is_named_in_one_line(copied, spoil, message):
    spoil(copied)
    with pytest.raises(StageError, match=message) as caught:
        run_cascade(CASCADE, copied)
    assert "\n" not in str(caught.value)
    assert str(caught.value).startswith((FIRST.id, LAST.id))


def test_no_other_format_takes_a_cascade(finished, tmp_path):
    assert can_export(CASCADE, "folder")
    assert not can_export(CASCADE, "huggingface")
    assert not can_export(CASCADE, "onnx")
    found = find_model(finished.cell_folder(CASCADE.id))
    with pytest.raises(UsageError, match=r"no network like tfidf_logreg->nbsvm's \(choices: folder"):
        to_huggingface(found, found.load(), tmp_path / "exported")


def test_a_damaged_stage_is_named(copied):
    folder = copied.cell_folder(CASCADE.id) / "model"
    (folder / "stage-2" / "saved.json").unlink()
    with pytest.raises(UsageError, match="stage-2"):
        load_model(folder)


def test_a_cascade_runs_in_the_code_of_its_models(finished):
    found = find_model(finished.cell_folder(CASCADE.id))
    assert choose_engine(found, None, "cpu", "auto", 10).name == ""
    with pytest.raises(UsageError, match="engine='torch': a cascade runs in the code of its models"):
        choose_engine(found, "torch", "cpu", "auto", 10)


def test_a_cascade_is_explained_by_leaving_words_out(finished):
    explanation = explain(load_model(finished.cell_folder(CASCADE.id)), "great superb")
    assert explanation.label == "positive"
    assert [word for word, _ in explanation.words] == ["great", "superb"]
