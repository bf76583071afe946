"""What every registered model must do, whatever it is. A model without settings here fails the suite."""

import json
from pathlib import Path

import numpy as np
import pytest

from benchmarks.registry import entry, loss_class, model_class, names
from data.dataset import Split
from models.model import FitReport, Runtime

MODELS = names("models")
SMALL = {
    "tfidf_logreg": {"C": 10.0},
    "nbsvm": {"C": 1.0},
    "lstm": {
        "epochs": 8,
        "learning_rate": 0.01,
        "min_steps": 0,
        "batch_size": 8,
        "max_length": 32,
        "embedding_width": 16,
        "hidden_width": 16,
    },
    "distilbert": {"epochs": 1, "max_length": 32},
    "distilbert_mlp": {"epochs": 1, "max_length": 32},
}
"""Settings with which a model is fitted in seconds."""

TEXTS = ("the film was superb , wonderful", "dull", "?", "a " * 300 + "boring awful plot", "great")


def fitted(name, train, valid, seed=0):
    model = model_class(name)(**SMALL[name])
    loss = loss_class("length_weighted_ce")(train.lengths)
    return model, model.fit(train, valid, loss, Runtime(seed=seed))


@pytest.fixture(scope="module", params=MODELS)
def fit(request, train, valid):
    return fitted(request.param, train, valid)


@pytest.fixture
def model(fit):
    return fit[0]


def score(model, texts):
    return model.score(model.encode(texts))


@pytest.mark.parametrize("name", MODELS)
def test_every_model_has_settings_here_and_tests_of_its_own(name):
    assert name in SMALL
    assert (Path(__file__).parent / f"test_{name}.py").is_file()


@pytest.mark.parametrize("name", MODELS)
def test_a_model_knows_its_registered_name_and_devices(name):
    assert model_class(name).name == name
    assert model_class(name).devices == entry("models", name).devices


@pytest.mark.parametrize("name", MODELS)
def test_the_constructor_s_defaults_are_the_configuration(name):
    model_class(name)().check_ready()


def test_the_report_says_what_was_learnt_and_chosen(fit, train):
    _, report = fit
    assert isinstance(report, FitReport)
    assert report.parameters > 0
    accuracies = [step["valid_accuracy"] for step in report.history]
    assert accuracies[report.selected] == max(accuracies)
    assert json.loads(json.dumps(report.history)) == report.history


def test_scores_are_probabilities_of_each_class(model):
    scores = score(model, TEXTS)
    assert scores.shape == (len(TEXTS), 2)
    assert scores.dtype == np.float64
    assert (scores >= 0).all()
    np.testing.assert_allclose(scores.sum(axis=1), 1, atol=1e-6)


def test_encode_counts_what_is_read_and_what_there_was(model):
    encoded = model.encode(TEXTS)
    assert len(encoded) == len(encoded.tokens) == len(encoded.available) == len(TEXTS)
    assert (encoded.tokens <= encoded.available).all()


def test_a_text_scores_the_same_alone_and_in_any_batch(model):
    together = score(model, TEXTS)
    backwards = score(model, TEXTS[::-1])[::-1]
    alone = np.concatenate([score(model, [text]) for text in TEXTS])
    np.testing.assert_allclose(together, alone, atol=1e-5)
    np.testing.assert_allclose(together, backwards, atol=1e-5)


def test_a_saved_model_scores_the_same_and_holds_no_pickle(model, tmp_path):
    model.save(tmp_path)
    np.testing.assert_array_equal(score(type(model).load(tmp_path), TEXTS), score(model, TEXTS))
    assert {path.suffix for path in tmp_path.rglob("*") if path.is_file()} <= {".json", ".safetensors", ".skops"}


def test_a_folder_that_holds_no_model_is_refused_in_one_line(model, tmp_path):
    with pytest.raises(ValueError, match=type(model).name) as caught:
        type(model).load(tmp_path)
    assert "\n" not in str(caught.value)


def test_every_damaged_file_of_a_saved_model_is_refused(model, tmp_path):
    model.save(tmp_path)
    for path in sorted(tmp_path.iterdir()):
        content = path.read_bytes()
        for damage in (b"", b"\x80\x04cos\nsystem\n", content[: len(content) // 2], b"{}"):
            path.write_bytes(damage)
            with pytest.raises(ValueError, match=type(model).name):
                type(model).load(tmp_path)
        path.write_bytes(content)
    type(model).load(tmp_path)


@pytest.mark.parametrize("name", MODELS)
def test_one_seed_gives_one_model(name, train, valid):
    first, second = (score(fitted(name, train, valid, seed=5)[0], TEXTS) for _ in range(2))
    np.testing.assert_array_equal(first, second)


@pytest.mark.parametrize("name", ["tfidf_logreg", "nbsvm", "lstm"])
def test_it_learns_what_is_easy(name, train, valid):
    model, _ = fitted(name, train, valid)
    assert (score(model, valid.texts).argmax(axis=1) == valid.labels).mean() > 0.9


@pytest.mark.parametrize("name", MODELS)
def test_three_classes_have_three_columns(name):
    texts = ("good film", "bad film", "strange film") * 8
    split = Split(texts, np.arange(24) % 3, np.full(24, 2), np.arange(24), ("good", "bad", "strange"))
    assert score(fitted(name, split, split)[0], TEXTS).shape == (len(TEXTS), 3)
