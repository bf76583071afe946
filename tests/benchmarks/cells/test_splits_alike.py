import numpy as np

from benchmarks.cells.audits import splits_alike
from benchmarks.schema.audits import AUDITS
from data.dataset import Dataset, Split


def split(lengths):
    texts = tuple(" ".join(f"w{word}" for word in range(length)) + f" {row}" for row, length in enumerate(lengths))
    return Split(texts, np.arange(len(texts)) % 2, np.array(lengths) + 1, np.arange(len(texts)), ("neg", "pos"))


def test_test_rows_of_another_length_are_an_error():
    rows = sorted(np.random.default_rng(0).geometric(0.05, 600).tolist())
    found = splits_alike(Dataset("x", split(rows[:450]), split(rows[450:460]), split(rows[460:])))
    assert (found.passed, found.severity) == (False, "error")
    assert found.alarms
    assert "times the words" in found.reason


def test_rows_drawn_at_random_pass():
    rows = np.random.default_rng(0).geometric(0.05, 600).tolist()
    found = splits_alike(Dataset("x", split(rows[:450]), split(rows[450:460]), split(rows[460:])))
    assert found.passed
    assert found.name in AUDITS
