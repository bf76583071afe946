"""Ratios of our models' speed to their peers', on few real reviews; the goals are higher than the bounds tested here.

Published figures come from `python -m benchmarks peers`, on more reviews. On so few here, neither side learns much, and
rows are void. These tests only notice when an advantage is lost.
"""

import statistics

import pytest

from benchmarks.hardware.precision import resolve_precision
from benchmarks.hardware.slots import threads
from benchmarks.peers.contest import contests
from data.dataset import DataError
from data.imdb_packaged import ImdbPackaged
from data.prepare import prepare
from models.linear.hashed_ngrams import hashed_ngrams
from models.model import Runtime

pytestmark = pytest.mark.alone

READINGS = 3
"""Of each side, in turns; the medians are compared, so that a machine that is held up once fails no test."""


@pytest.fixture(scope="module")
def reviews():
    try:
        return prepare(ImdbPackaged(), "imdb-packaged", valid_size=100, test_size=1_000)
    except DataError as error:
        pytest.skip(str(error))


@pytest.mark.parametrize(
    ("peer", "ours", "sizes", "least"),
    [
        ("sklearn", "nbsvm", (2_000, 1_000), 3.0),
        ("sklearn", "tfidf_logreg", (2_000, 1_000), 0.9),
        ("fasttext", "nbsvm", (2_000, 1_000), 1.0),
    ],
)
def test_ours_is_faster(benchmark, reviews, peer, ours, sizes, least):
    if peer == "fasttext":
        pytest.importorskip("fasttext", reason="extra `peers` is not installed")
    assert ratio(benchmark, peer, ours, reviews, Runtime(threads=threads()), sizes) > least


@pytest.mark.parametrize(
    ("peer", "ours", "sizes", "least"),
    [
        ("trainer", "distilbert", (32, 50), {"fp32": 1.2, "bf16": 2.0}),
        ("original", "distilbert", (32, 50), {"fp32": 1.3, "bf16": 4.0}),
        ("pipeline", "distilbert", (32, 100), {"fp32": 1.05, "bf16": 2.0}),
        ("padded_lstm", "lstm", (320, 50), {"fp32": 1.1, "bf16": 1.7}),
    ],
)
def test_a_network_of_ours_is_faster(benchmark, reviews, peer, ours, sizes, least):
    """In the precision that `--precision auto` takes here, which decides how much there is to win."""
    runtime = Runtime(precision=resolve_precision("auto", "cpu"), threads=threads())
    assert ratio(benchmark, peer, ours, reviews, runtime, sizes) > least[runtime.precision]


def ratio(benchmark, peer, ours, reviews, runtime, sizes):
    rows = benchmark.pedantic(lambda: list(contests(peer, reviews, runtime, READINGS, sizes)), rounds=1)
    (row,) = (row for row in rows if row.name == ours)
    assert row.status != "failed", row.reason
    found = statistics.median(row.peer_seconds) / statistics.median(row.seconds)
    benchmark.extra_info |= {"ratio": found, "seconds": row.seconds, "peer_seconds": row.peer_seconds}
    return found


def test_hashing_grows_linearly(benchmark, reviews):
    few, many = reviews.train.texts[:500], reviews.train.texts[:5_000]
    hashed_ngrams(many, 2, 22)
    small = _seconds(lambda: hashed_ngrams(few, 2, 22))
    benchmark.pedantic(hashed_ngrams, (many, 2, 22), rounds=3)
    assert benchmark.stats.stats.min < 25 * small  # ten times the texts


def _seconds(call):
    from benchmarks.measurement.clock import Clock, synchronizer

    return min(Clock(synchronizer("cpu")).time(call)[1] for _ in range(3))
