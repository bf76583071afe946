"""Peers that score with our weights name our classes."""

import importlib

import numpy as np
import pytest

from benchmarks.measurement.clock import Clock
from benchmarks.peers import PEERS, same_weights, sorted_loop, stock_distilbert
from benchmarks.peers.stock_distilbert import new_tokenizer
from data.dataset import Dataset, Split
from models.encoder import weights
from models.model import Runtime

NEEDS = {"onnxruntime": "onnxruntime", "openvino": "openvino"}


def split(size, start):
    texts = tuple(
        f"{'good' if n % 2 else 'bad'} film " + "and so on " * (n % 5) + str(n) for n in range(start, start + size)
    )
    labels = np.arange(start, start + size) % 2
    return Split(texts, labels, np.array([len(text.split()) for text in texts]), np.arange(size), ("no", "yes"))


@pytest.fixture(scope="module")
def data():
    return Dataset("toy", split(16, 0), split(8, 100), split(12, 200))


@pytest.mark.parametrize("name", ["sorted_loop", "onnxruntime", "openvino"])
def test_the_same_weights_name_the_same_classes(name, data):
    pytest.importorskip(NEEDS.get(name, "torch"))
    peer = importlib.import_module(PEERS[name])
    ours, theirs = peer.sides("distilbert", data, Runtime())
    clock = Clock(lambda: None)
    assert (ours.run(clock)[0] == theirs.run(clock)[0]).all()


def test_no_reading_loads_the_encoder(data, monkeypatch):
    """Ours has its tokenizer beforehand."""
    ours, theirs = sorted_loop.sides("distilbert", data, Runtime())

    def refused(*others):
        raise AssertionError

    for module in (stock_distilbert, weights):
        monkeypatch.setattr(module, "load_encoder", refused)
    clock = Clock(lambda: None)
    assert (ours.run(clock)[0] == theirs.run(clock)[0]).all()


def test_batches_are_of_similar_length_and_answers_keep_their_places():
    seen = []

    def logits(batch):
        seen.append(batch["attention_mask"].sum(axis=1))
        long = batch["attention_mask"].sum(axis=1) > 6
        return np.stack([~long, long], axis=1).astype(float)

    texts = [
        "short",
        "a text that is a good deal longer than that",
        "short too",
        "one more of the longer kind of texts",
    ]
    assert same_weights.labels_in_sorted_batches(texts, logits, new_tokenizer(), size=2).tolist() == [0, 1, 0, 1]
    assert [sorted(counts.tolist(), reverse=True) for counts in seen] == [counts.tolist() for counts in seen]
    assert seen[0].min() >= seen[1].max()
