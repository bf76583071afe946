import numpy as np
import pytest

from benchmarks.cells.metrics import coverage, metrics
from data.dataset import Split
from models.model import Encoded


def split(labels):
    n = len(labels)
    return Split(tuple("abcdefgh"[:n]), np.array(labels), np.ones(n, dtype=np.int64), 10 + np.arange(n), ("no", "yes"))


def test_metrics_are_those_of_the_rows():
    probabilities = np.array([[0.9, 0.1], [0.2, 0.8], [0.6, 0.4], [0.5, 0.5]])
    found = metrics(probabilities, split([0, 1, 1, 0]), np.array([12]))
    assert found["accuracy"] == 0.75
    assert found["accuracy_without_leaks"] == 1.0  # row 12, the third, is left out
    assert found["log_loss"] == pytest.approx(-np.log([0.9, 0.8, 0.4, 0.5]).mean())
    assert found["macro_f1"] == pytest.approx((2 * 2 / 5 + 2 * 1 / 3) / 2)


def test_coverage_is_a_share_of_texts_and_of_tokens():
    encoded = Encoded(None, tokens=np.array([4, 3, 2]), available=np.array([8, 3, 2]))
    assert coverage(encoded) == {
        "texts_cut": pytest.approx(1 / 3), "tokens_cut": pytest.approx(4 / 13),
        "texts_unknown": 0.0, "tokens_unknown": 0.0,
    }  # fmt: skip


def test_tokens_that_training_has_never_seen_are_counted():
    """81 % of the test texts had no known feature, and the report said that nothing was unseen."""
    tokens = np.array([4, 3, 2, 1])
    encoded = Encoded(None, tokens=tokens, available=tokens, known=np.array([3, 0, 0, 1]))
    found = coverage(encoded)
    assert (found["texts_unknown"], found["tokens_unknown"]) == (0.5, pytest.approx(6 / 10))
    assert (found["texts_cut"], found["tokens_cut"]) == (0.0, 0.0)


def test_unknown_tokens_that_a_model_does_not_count_are_no_share():
    tokens = np.array([4, 0])
    found = coverage(Encoded(None, tokens, tokens, known=tokens, only_known=True))
    assert found["texts_unknown"] == 0.5
    assert "tokens_unknown" not in found


def test_texts_without_any_token_are_unknown_and_nothing_divides_by_nought():
    none = np.zeros(2, dtype=np.int64)
    assert coverage(Encoded(None, none, none)) == {
        "texts_cut": 0.0, "tokens_cut": 0.0, "texts_unknown": 1.0, "tokens_unknown": 0.0,
    }  # fmt: skip
