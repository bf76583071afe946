"""Encoding and scoring of every registered model, timed by pytest-benchmark.

What is checked are ratios within one run, never absolute times: those are printed, for the reader to judge.
"""

import numpy as np
import pytest

from benchmarks.registry.entries import OFF_BY_DEFAULT, loss_class, model_class, names
from data.dataset import DataError
from data.imdb_packaged import ImdbPackaged
from data.prepare import prepare

pytestmark = pytest.mark.alone

SMALL = {
    "tfidf_logreg": {"C": 10.0},
    "nbsvm": {"C": 1.0},
    "lstm": {"epochs": 1, "min_steps": 0},
    "distilbert": {"epochs": 1, "max_length": 64},
    "distilbert_mlp": {"epochs": 1, "max_length": 64},
}
ROWS = 64


@pytest.fixture(scope="module")
def reviews():
    try:
        return prepare(ImdbPackaged(), "imdb-packaged", valid_size=100, test_size=200)
    except DataError as error:
        pytest.skip(str(error))


@pytest.fixture(scope="module", params=[name for name in names("models") if name not in OFF_BY_DEFAULT])
def model(request, reviews):
    train = reviews.train.sample(64, seed=0)
    fitted = model_class(request.param)(**SMALL[request.param])
    fitted.fit(train, reviews.valid.take(np.arange(40, 60)), loss_class("ce")(train.lengths, train.labels))
    return fitted


def describe(benchmark, model, encoded):
    benchmark.group = model.name
    benchmark.extra_info |= {"model": model.name, "reviews": len(encoded), "tokens": int(encoded.tokens.sum())}


def test_encode(benchmark, model, reviews):
    texts = reviews.test.texts[:ROWS]
    describe(benchmark, model, benchmark.pedantic(model.encode, (texts,), rounds=3, warmup_rounds=1))


def test_score(benchmark, model, reviews):
    encoded = model.encode(reviews.test.texts[:ROWS])
    benchmark.pedantic(model.score, (encoded,), rounds=3, warmup_rounds=1)
    describe(benchmark, model, encoded)


def test_scoring_a_batch_is_no_slower_than_one_by_one(benchmark, model, reviews):
    """Batching must pay, or at least not cost: 64 reviews at once against 64 times one review."""
    texts = reviews.test.texts[:ROWS]
    batch, single = model.encode(texts), [model.encode([text]) for text in texts]
    benchmark.pedantic(model.score, (batch,), rounds=3, warmup_rounds=1)
    describe(benchmark, model, batch)
    together = benchmark.stats.stats.median
    alone = min(_seconds(lambda: [model.score(one) for one in single]) for _ in range(2))
    assert together < 1.5 * alone


def _seconds(call):
    from benchmarks.measurement.clock import Clock, synchronizer

    return Clock(synchronizer("cpu")).time(call)[1]
