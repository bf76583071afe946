"""What every registered model must do, whatever it is. A model without settings here fails the suite."""

from pathlib import Path

import pytest

from benchmarks.registry.contract import MODEL_CHECKS, Trained, easy_texts
from benchmarks.registry.entries import names

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
    "transformer": {"epochs": 2, "max_length": 32, "learning_rate": 0.01},
    "frozen_encoder": {"max_length": 32, "C": 0.1},
}
"""Settings with which a model is fitted in seconds."""

TINY = {"transformer": "encoder", "frozen_encoder": "encoder"}
"""Model -> parameter that is given a tiny encoder: of a class that other tests try with every architecture."""


@pytest.fixture(scope="module", params=MODELS)
def trained(request, tiny_encoder):
    name = request.param
    tiny = {TINY[name]: str(tiny_encoder("bert"))} if name in TINY else {}
    return Trained(name, SMALL[name] | tiny)


@pytest.mark.parametrize("name", MODELS)
def test_every_model_has_settings_here_and_tests_of_its_own(name):
    assert name in SMALL
    assert (Path(__file__).parent / f"test_{name}.py").is_file()


@pytest.mark.parametrize("check", MODEL_CHECKS, ids=lambda check: check.__name__)
def test_the_contract(trained, check):
    check(trained)


def test_it_learns_what_is_easy(trained):
    if trained.name in {"distilbert", "distilbert_mlp", *TINY}:
        pytest.skip("not in one epoch, or on a random encoder")
    model, valid = trained.fitted[0], easy_texts(24, seed=1)
    assert (model.score(model.encode(valid.texts)).argmax(axis=1) == valid.labels).mean() > 0.9
