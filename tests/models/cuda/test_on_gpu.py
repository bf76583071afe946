"""What only a GPU can show: training and scoring in each precision, repeatability, and memory that runs out."""

import numpy as np
import pytest
import torch

from benchmarks.measurement.clock import Clock, synchronizer
from benchmarks.registry.entries import model_class
from benchmarks.registry.model_contract import easy_texts
from losses.length_weighted_ce import LengthWeightedCrossEntropy
from models.model import Runtime
from models.neural import graphs

pytestmark = pytest.mark.skipif(not torch.cuda.is_available(), reason="torch sees no GPU")

SETTINGS = {
    "lstm": {"epochs": 8, "learning_rate": 0.01, "min_steps": 0, "batch_size": 8, "hidden_width": 64},
    "distilbert": {"epochs": 4, "max_length": 64},
    "distilbert_mlp": {"epochs": 4, "max_length": 64},
}
PRECISIONS = ("fp32", "bf16", "fp16")
APART = {"fp32": 0.01, "bf16": 0.05, "fp16": 0.02}
"""Probability that the device's precision may move a score by; fp32 is TF32 there."""

TRAIN, VALID = easy_texts(128), easy_texts(48, seed=1)


def fitted(name, precision, **settings):
    model = model_class(name)(**SETTINGS[name] | settings)
    report = model.fit(
        TRAIN, VALID, LengthWeightedCrossEntropy(TRAIN.lengths, TRAIN.labels), Runtime("cuda", precision, seed=3)
    )
    return model, report


def scores(model, texts=VALID.texts):
    return model.score(model.encode(texts))


@pytest.mark.parametrize("precision", PRECISIONS)
@pytest.mark.parametrize("name", SETTINGS)
def test_it_learns_what_is_easy_and_scores_as_the_cpu_does(name, precision, tmp_path):
    model, report = fitted(name, precision)
    assert {parameter.device.type for parameter in model.network.parameters()} == {"cuda"}
    assert {parameter.dtype for parameter in model.network.parameters()} == {torch.float32}
    assert (scores(model).argmax(axis=1) == VALID.labels).mean() > 0.9
    assert report.rows_at_once is None
    model.save(tmp_path)
    on_cpu = model_class(name).load(tmp_path, Runtime("cpu", "fp32"))
    np.testing.assert_allclose(scores(model), scores(on_cpu), atol=APART[precision])


@pytest.mark.parametrize("name", SETTINGS)
def test_one_seed_gives_one_model(name):
    first, again = (scores(fitted(name, "bf16")[0]) for _ in range(2))
    np.testing.assert_array_equal(first, again)


@pytest.fixture
def replays(monkeypatch):
    """The graphs that were replayed."""
    seen, replay = [], torch.cuda.CUDAGraph.replay
    monkeypatch.setattr(torch.cuda.CUDAGraph, "replay", lambda graph: (seen.append(graph), replay(graph))[1])
    return seen


@pytest.mark.parametrize("precision", PRECISIONS)
@pytest.mark.parametrize("name", SETTINGS)
def test_graphs_train_as_separate_kernels_do(name, precision, replays, monkeypatch):
    """Dropout included: random numbers are those that they would be without graphs."""
    recorded, report = fitted(name, precision)
    assert len(replays) > 2 * len(set(replays)) > 2  # each pass of several shapes, time and again
    monkeypatch.setattr(graphs, "RECORD_AFTER", 10**9)
    replays.clear()
    separate, expected = fitted(name, precision)
    assert not replays
    losses = [[epoch[key] for epoch in each.history] for each in (report, expected) for key in ("train_loss",)]
    np.testing.assert_allclose(*losses, rtol=0.02, atol=0.005)
    np.testing.assert_allclose(scores(recorded), scores(separate), atol=APART[precision])


def test_graphs_leave_random_numbers_where_they_would_be(monkeypatch):
    drawn = []
    for after in (2, 10**9):
        monkeypatch.setattr(graphs, "RECORD_AFTER", after)
        fitted("distilbert", "bf16", epochs=2)
        drawn.append(torch.rand(1, device="cuda").item())
    assert drawn[0] == drawn[1]


@pytest.mark.parametrize("name", SETTINGS)
def test_a_text_scores_alone_as_in_company(name):
    model, _ = fitted(name, "fp32")
    alone = np.concatenate([scores(model, [text]) for text in VALID.texts])
    np.testing.assert_allclose(scores(model), alone, atol=APART["fp32"])


@pytest.fixture
def room():
    """Leaves this process so many bytes of the device's memory beyond what it holds; all of it afterwards."""

    def leave(bytes_left):
        torch.cuda.empty_cache()
        whole = torch.cuda.get_device_properties(0).total_memory
        torch.cuda.set_per_process_memory_fraction((torch.cuda.memory_reserved() + bytes_left) / whole)

    yield leave
    torch.cuda.set_per_process_memory_fraction(1.0)


def test_a_batch_that_does_not_fit_is_halved(room):
    settings = {"epochs": 1, "max_length": 512, "batch_size": 128}
    long = easy_texts(128)
    texts = tuple(" ".join([text] * 40) for text in long.texts)
    train = type(long)(texts, long.labels, long.lengths * 40, long.rows, long.class_names)
    model = model_class("distilbert")(**settings)
    room(3 * 10**9)
    report = model.fit(train, VALID, LengthWeightedCrossEntropy(train.lengths, train.labels), Runtime("cuda", "bf16"))
    assert report.rows_at_once is not None
    assert report.rows_at_once < 128
    assert np.isfinite(scores(model)).all()


def test_the_clock_waits_for_the_device():
    matrix = torch.randn(8192, 8192, device="cuda")
    torch.mm(matrix, matrix)

    def work():
        for _ in range(20):
            torch.mm(matrix, matrix)

    _, waited = Clock(synchronizer("cuda")).time(work)
    _, asked = Clock(lambda: None).time(work)
    assert waited > 5 * asked
