"""What every registered model must do, whatever it is. A model without settings here fails the suite."""

from pathlib import Path

import pytest

from benchmarks.registry.entries import names
from benchmarks.registry.model_contract import MODEL_CHECKS, Trained, easy_texts

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
    "static_embeddings": {"C": 0.1},
}
"""Settings with which a model is fitted in seconds."""

RANDOM = {"transformer", "frozen_encoder"}
"""Models that are given a tiny encoder of random numbers."""


@pytest.fixture(scope="module", params=MODELS)
def trained(request, tiny_encoder, tiny_vectors):
    name = request.param
    tiny = {"encoder": str(tiny_encoder("bert"))} if name in RANDOM else {}
    tiny |= {"vectors": str(tiny_vectors)} if name == "static_embeddings" else {}
    return Trained(name, SMALL[name] | tiny)


@pytest.mark.parametrize("name", MODELS)
def test_every_model_has_settings_here_and_tests_of_its_own(name):
    assert name in SMALL
    assert (Path(__file__).parent / f"test_{name}.py").is_file()


@pytest.mark.parametrize("check", MODEL_CHECKS, ids=lambda check: check.__name__)
def test_the_contract(trained, check):
    check(trained)


def test_it_learns_what_is_easy(trained):
    if trained.name in {"distilbert", "distilbert_mlp", *RANDOM}:
        pytest.skip("not in one epoch, or on a random encoder")
    model, valid = trained.fitted[0], easy_texts(24, seed=1)
    assert (model.score(model.encode(valid.texts)).argmax(axis=1) == valid.labels).mean() > 0.9
