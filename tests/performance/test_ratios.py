"""How many times faster our models are than their peers, on few real reviews; goals are higher than what is checked.

Published figures come from `python -m benchmarks peers`, on more reviews; these only notice when an advantage is lost.
"""

import pytest

from benchmarks.peers.contest import hold
from data.dataset import DataError
from data.imdb_packaged import ImdbPackaged
from data.prepare import prepare
from models.hashed_ngrams import hashed_ngrams
from models.model import Runtime

pytestmark = pytest.mark.alone


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
    rows = benchmark.pedantic(lambda: list(hold(peer, reviews, Runtime(), 1, sizes)), rounds=1)
    (row,) = (row for row in rows if row.name == ours)
    assert row.status == "ok", row.reason
    benchmark.extra_info |= {"ratio": row.ratio, "seconds": row.seconds, "peer_seconds": row.peer_seconds}
    assert row.ratio > least


def test_hashing_grows_linearly(benchmark, reviews):
    few, many = reviews.train.texts[:500], reviews.train.texts[:5_000]
    hashed_ngrams(many, 2, 22)
    small = _seconds(lambda: hashed_ngrams(few, 2, 22))
    benchmark.pedantic(hashed_ngrams, (many, 2, 22), rounds=3)
    assert benchmark.stats.stats.min < 25 * small  # ten times the texts


def _seconds(call):
    from benchmarks.clock import Clock, synchronizer

    return min(Clock(synchronizer("cpu")).time(call)[1] for _ in range(3))
