from functools import partial

import numpy as np
import pytest

from benchmarks.cells.run_cell import run_cell
from benchmarks.measurement.clock import Clock
from benchmarks.registry import names as registered
from benchmarks.registry import plugins
from benchmarks.registry.entries import entry
from benchmarks.schema.cell import CellSpec
from benchmarks.schema.measurements import Measure
from benchmarks.store.results import Store
from data.dataset import Dataset, Split


def make_split(size, first_row, seed):
    """Reviews whose opinion is easy to find; no text twice."""
    generator = np.random.default_rng(seed)
    labels = np.arange(size) % 2
    words = (["dull", "poor", "awful"], ["great", "superb", "moving"])
    texts = tuple(
        f"film {first_row + i} was {' '.join(generator.choice(words[label], 3))}" + " and so on" * int(i % 7)
        for i, label in enumerate(labels)
    )
    lengths = np.array([len(text.split()) for text in texts])
    return Split(texts, labels, lengths, first_row + np.arange(size), ("negative", "positive"))


@pytest.fixture(scope="session")
def dataset():
    return Dataset(
        "toy", make_split(60, 0, 0), make_split(20, 100, 1), make_split(40, 200, 2), {"origin": "made up", "rows": 120}
    )


@pytest.fixture
def store(tmp_path, dataset):
    store = Store(tmp_path / "results")
    store.create()
    store.write_data(dataset)
    return store


def toy_spec(dataset, model="tfidf_logreg", loss="ce", seed=1, **params):
    """A cell of 40 training texts with few readings."""
    return CellSpec(
        dataset=dataset.name,
        data_fingerprint=dataset.fingerprint,
        train_size=40,
        valid_size=len(dataset.valid),
        test_size=len(dataset.test),
        model=model,
        model_params=entry("models", model).settings(params),
        loss=loss,
        loss_params=entry("losses", loss).settings({}),
        seed=seed,
        device="cpu",
        precision="fp32",
        code_version="0",
        measure=Measure(rows=8, repeats=2, single=3),
    )


@pytest.fixture
def make_spec(dataset):
    return partial(toy_spec, dataset)


@pytest.fixture(scope="module")
def trained_network(tmp_path_factory, dataset):
    """The cell of a small trained network, and its store."""
    store = Store(tmp_path_factory.mktemp("network") / "results")
    store.create()
    store.write_data(dataset)
    small = {"epochs": 1, "min_steps": 0, "embedding_width": 8, "hidden_width": 8, "max_length": 64}
    spec = toy_spec(dataset, "lstm", **small)
    run_cell(spec, store, lambda done, total: None)
    return spec, store


@pytest.fixture
def forgetful(monkeypatch):
    """A registry that forgets the plug-ins that a test adds to it."""
    monkeypatch.setattr(registered, "_added", {"models": {}, "losses": {}, "datasets": {}})
    monkeypatch.setattr(plugins, "_loaded", {})
    registered.targets.cache_clear()
    yield
    registered.targets.cache_clear()
    registered._installed.cache_clear()


class FakeTime:
    """Time that passes only when work is done; work on a device is done when it is synchronised."""

    def __init__(self):
        self.now = 100.0
        self.queued = 0.0
        self.synchronizations = 0

    def synchronize(self):
        self.synchronizations += 1
        self.now += self.queued
        self.queued = 0.0

    def clock(self):
        return Clock(self.synchronize, lambda: self.now)


@pytest.fixture
def time():
    return FakeTime()
