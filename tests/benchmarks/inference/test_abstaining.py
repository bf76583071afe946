"""Calibrated or own probabilities, and texts that are left to a person."""

import json
import shutil
from functools import partial

import numpy as np
import pandas as pd
import pytest

from benchmarks.cells.run_cell import run_cell
from benchmarks.errors import UsageError
from benchmarks.inference.saved import find_model, load_model
from benchmarks.schema.calibration import Calibration

SURE = Calibration(
    temperature=2.0,
    rows=500,
    log_loss_before=0.4,
    log_loss_after=0.3,
    confidences=(0.9, 0.6),
    answered=(400, 500),
    right=(400, 460),
)


@pytest.fixture
def folder(store, make_spec):
    """A cell's folder whose model is right on all validation rows with a probability of 0.9 or more."""
    spec = make_spec()
    run_cell(spec, store, lambda done, total: None)
    path = store.cell_folder(spec.id) / "model" / "saved.json"
    content = json.loads(path.read_text())
    path.write_text(json.dumps(content | {"calibration": SURE.model_dump(mode="json")}))
    return store.cell_folder(spec.id)


@pytest.fixture
def type_in(type_in, folder):
    """A function: options -> exit status, output, errors of `predict`."""
    return partial(type_in, "predict", folder)


def texts_of(folder, dataset):
    return list(dataset.test.texts), load_model(folder).predict_proba(dataset.test.texts).max(axis=1)


def answers(type_in, dataset, tmp_path, *options):
    pd.DataFrame({"text": dataset.test.texts}).to_csv(tmp_path / "texts.csv", index=False)
    status, _, err = type_in("--input", tmp_path / "texts.csv", "--output", tmp_path / "labels.parquet", *options)
    assert status == 0, err
    return pd.read_parquet(tmp_path / "labels.parquet"), err


def test_raw_changes_probabilities_and_no_label(type_in, dataset, tmp_path):
    calibrated, _ = answers(type_in, dataset, tmp_path)
    raw, _ = answers(type_in, dataset, tmp_path, "--raw")
    names = ["probability_negative", "probability_positive"]
    assert calibrated["label"].tolist() == raw["label"].tolist()
    assert (calibrated[names].max(axis=1) < raw[names].max(axis=1)).all()  # the temperature is 2
    odds = [np.log(frame[names[1]] / frame[names[0]]) for frame in (raw, calibrated)]
    np.testing.assert_allclose(odds[0], 2 * odds[1], rtol=1e-6)


@pytest.mark.parametrize("options", [("--abstain-below", "0.8"), ("--abstain-below", "0.8", "--raw")])
def test_what_is_below_the_probability_is_uncertain(type_in, dataset, tmp_path, options):
    frame, _ = answers(type_in, dataset, tmp_path, *options)
    highest = frame[["probability_negative", "probability_positive"]].max(axis=1)
    assert ((frame["label"] == "uncertain") == (highest < 0.8)).all()


def test_min_accuracy_answers_where_validation_shows_it(type_in, folder, dataset, tmp_path):
    _, highest = texts_of(folder, dataset)
    frame, err = answers(type_in, dataset, tmp_path, "--min-accuracy", "0.98")
    assert ((frame["label"] == "uncertain") == (highest < 0.9)).all()
    assert "a probability of 0.9 or more; on validation these were 400 of 500 texts" in err


def test_a_folder_of_files_is_answered_alike(type_in, dataset, tmp_path):
    (tmp_path / "in").mkdir()
    pd.DataFrame({"text": dataset.test.texts}).to_parquet(tmp_path / "in" / "a.parquet")
    options = ("--input", tmp_path / "in", "--output", tmp_path / "out")
    assert type_in(*options, "--abstain-below", "0.8", "--raw")[0] == 0
    frame = pd.read_parquet(tmp_path / "out" / "a.parquet")
    expected, _ = answers(type_in, dataset, tmp_path, "--abstain-below", "0.8", "--raw")
    pd.testing.assert_frame_equal(frame, expected)
    status, _, err = type_in(*options)
    assert status == 2
    assert "with other options" in err.splitlines()[-1]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--min-accuracy", "98"), "--min-accuracy 98.0: not a share (choices: a number between 0 and 1)"),
        (("--abstain-below", "-0.1"), "--abstain-below -0.1: not a share"),
        (("--abstain-below", "nan"), "--abstain-below nan: not a share"),
        (("--min-accuracy", "0.9", "--abstain-below", "0.8"), "give one of the two"),
        (("--min-accuracy", "0.9", "--raw"), "leave out --raw"),
        (("--min-accuracy", "0.9999"), "500 validation texts show this accuracy at no confidence"),
    ],
)
def test_bad_options_are_one_line(type_in, options, message):
    status, out, err = type_in("a text", *options)
    assert (status, out) == (2, "")
    assert message in err.splitlines()[-1]


def test_a_model_without_calibration_gives_its_own_probabilities_and_says_so(type_in, folder):
    path = folder / "model" / "saved.json"
    path.write_text(json.dumps({k: v for k, v in json.loads(path.read_text()).items() if k != "calibration"}))
    status, _, err = type_in("a text")
    assert status == 0
    assert "saved without its calibration" in err
    assert load_model(folder).calibration is None
    status, _, err = type_in("a text", "--min-accuracy", "0.9")
    assert status == 2
    assert "run the suite again" in err
    with pytest.raises(UsageError, match=r"min_accuracy=0\.9: the model was saved without"):
        find_model(folder).saved.confidence_for(0.9)


def test_a_class_named_uncertain_is_not_mixed_up(type_in, folder):
    path = folder / "model" / "saved.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"classes": ["uncertain", "positive"]}))
    assert "a class of the model is named 'uncertain'" in type_in("a text", "--abstain-below", "0.9")[2]


def test_a_model_moved_alone_keeps_its_calibration(folder, tmp_path):
    shutil.copytree(folder / "model", tmp_path / "moved")
    assert load_model(tmp_path / "moved").calibration == SURE
