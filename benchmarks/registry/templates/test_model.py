"""Run with `python -m pytest test_my_model.py`."""

from collections.abc import Callable
from pathlib import Path

import pytest

from benchmarks.contract import MODEL_CHECKS, Trained, easy_texts
from benchmarks.registry import add_plugin

SMALL = {"max_length": 32, "embedding_width": 16, "min_steps": 200}


@pytest.fixture(scope="module")
def trained() -> Trained:
    """The model, fitted on easy texts."""
    add_plugin(Path(__file__).with_name("my_model.py"))
    return Trained("my_model", SMALL)


@pytest.mark.parametrize("check", MODEL_CHECKS, ids=lambda check: check.__name__)
def test_the_contract(trained: Trained, check: Callable[[Trained], None]) -> None:
    """What every model must do."""
    check(trained)


def test_it_learns_what_is_easy(trained: Trained) -> None:
    """Texts that it has not seen, of the words that it has."""
    model, texts = trained.fitted[0], easy_texts(24, seed=1)
    assert (model.score(model.encode(texts.texts)).argmax(axis=1) == texts.labels).mean() > 0.9
