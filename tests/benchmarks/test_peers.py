import importlib
import sys
import types

import numpy as np
import pytest
import torch

from benchmarks import peers
from benchmarks.measurement.clock import Clock
from benchmarks.peers.contest import Side, TrainingTime, class_indices, hold, whole
from benchmarks.peers.packed_lstm import PackedLstm
from benchmarks.peers.padded_lstm import MAX_LENGTH, WIDTH
from benchmarks.registry.entries import names
from benchmarks.schema.performance import PeerRow
from benchmarks.store.performance import add_rows, read_rows
from benchmarks.store.results import StoreError
from data.dataset import Dataset, Split
from models.lstm import LstmNetwork
from models.model import Runtime


def split(size):
    texts = tuple(f"{'good' if n % 2 else 'bad'} film number {n}" for n in range(size))
    return Split(texts, np.arange(size) % 2, np.full(size, 4), np.arange(size), ("no", "yes"))


@pytest.fixture
def data():
    return Dataset("toy", split(40), split(10), split(20))


@pytest.fixture
def peer(monkeypatch):
    """Register a peer whose two sides are as given."""

    def register(sides, ours=("nbsvm",)):
        module = types.ModuleType("toy_peer")
        module.OURS, module.SIZES, module.WORK, module.sides = ours, (30, 10), "toys", sides
        monkeypatch.setitem(sys.modules, "toy_peer", module)
        monkeypatch.setitem(peers.PEERS, "toy", "toy_peer")

    return register


@pytest.mark.parametrize("name", peers.PEERS)
def test_every_peer_meets_registered_models(name):
    module = importlib.import_module(peers.PEERS[name])
    assert set(module.OURS) <= set(names("models"))
    assert all(size > 1 for size in module.SIZES)
    assert module.WORK
    assert module.__doc__


def test_sides_take_turns_and_the_ratio_is_of_medians(peer, data):
    turns = []

    def side(name, readings, labels):
        def run(clock):
            turns.append(name)
            return labels, readings.pop(0)

        return Side(run)

    def sides(ours, part, runtime):
        assert (len(part.train), len(part.test)) == (30, 10)
        right = part.test.labels
        return side("ours", [1.0, 9.0, 2.0], right), side("theirs", [8.0, 6.0, 7.0], 1 - right)

    peer(sides)
    (row,) = hold("toy", data, Runtime(), repeats=3)
    assert turns == ["ours", "theirs", "theirs", "ours", "ours", "theirs"]
    assert (row.seconds, row.peer_seconds) == ([1.0, 9.0, 2.0], [8.0, 6.0, 7.0])
    assert row.ratio == 7 / 2
    assert (row.accuracy, row.peer_accuracy, row.agreement) == (1.0, 0.0, 0.0)


@pytest.mark.parametrize("moment", ["before", "during"])
def test_a_peer_s_failure_is_a_row(peer, data, moment):
    def fail():
        raise RuntimeError("Encountered NaN.\nmore")

    def sides(ours, part, runtime):
        if moment == "before":
            fail()
        return Side(whole(lambda: part.test.labels)), Side(whole(fail))

    peer(sides)
    (row,) = hold("toy", data, Runtime(), repeats=1)
    assert (row.status, row.reason, row.ratio) == ("failed", "RuntimeError: Encountered NaN.", None)


def test_sizes_asked_for_replace_the_peer_s_own(peer, data):
    peer(lambda ours, part, runtime: (Side(whole(lambda: part.test.labels)),) * 2)
    (row,) = hold("toy", data, Runtime(), 1, (20, None))
    assert (row.train_size, row.test_size) == (20, 10)


def test_a_row_has_the_precision_that_the_model_computes_in(peer, data):
    peer(lambda ours, part, runtime: (Side(whole(lambda: part.test.labels)),) * 2, ours=("nbsvm", "lstm"))
    rows = hold("toy", data, Runtime(precision="bf16"), repeats=1)
    assert [(row.name, row.precision) for row in rows] == [("nbsvm", "fp32"), ("lstm", "bf16")]


def test_only_the_steps_of_a_training_are_timed():
    moments = iter([1.0, 3.0, 10.0, 14.0])
    time = TrainingTime(Clock(lambda: None, now=lambda: next(moments)))
    for _ in range(2):
        with time.training():
            pass
    assert time.seconds == 6.0


def test_scikit_learn_does_the_same_work(data):
    rows = list(hold("sklearn", data, Runtime(), repeats=1))
    assert [(row.name, row.status) for row in rows] == [("nbsvm", "ok"), ("tfidf_logreg", "ok")]
    assert all(row.accuracy == row.peer_accuracy == 1.0 for row in rows)


@pytest.mark.parametrize("name", ["padded_lstm", "packed_lstm"])
def test_a_stock_lstm_takes_the_same_steps(data, name):
    (row,) = hold(name, data, Runtime(), 1, (32, 8))
    assert (row.status, row.reason) == ("ok", "")
    assert row.ratio > 0


def test_a_packed_lstm_computes_what_ours_does():
    torch.manual_seed(0)
    peer = PackedLstm(words=50, num_classes=3).eval()
    ours = LstmNetwork(words=50, embedding_width=WIDTH, hidden_width=WIDTH, dropout=0.0, num_classes=3).eval()
    ours.embedding.load_state_dict(peer.embedding.state_dict())
    ours.head.load_state_dict(peer.head.state_dict())
    for name, weights in peer.lstm.named_parameters():
        direction = ours.backward_lstm if name.endswith("_reverse") else ours.forward_lstm
        direction.get_parameter(name.removesuffix("_reverse")).data.copy_(weights)
    mask = torch.arange(MAX_LENGTH) < torch.tensor([MAX_LENGTH, 7, 1])[:, None]
    input_ids = torch.randint(1, 50, mask.shape) * mask
    torch.testing.assert_close(peer(input_ids), ours(input_ids, mask))


def test_fasttext_does_the_same_work(data):
    pytest.importorskip("fasttext", reason="extra `peers` is not installed")
    (row,) = hold("fasttext", data, Runtime(), repeats=1)
    assert (row.status, row.reason) == ("ok", "")


def test_labels_are_read_from_their_ends():
    assert class_indices(["__label__1", "LABEL_0", "LABEL_12"]).tolist() == [1, 0, 12]


def test_a_later_row_replaces_one_of_the_same_contest(peer, data, tmp_path):
    peer(lambda ours, part, runtime: (Side(whole(lambda: part.test.labels)),) * 2)
    (row,) = hold("toy", data, Runtime(), repeats=1)
    path = tmp_path / "new" / "peers.jsonl"
    other = row.model_copy(update={"peer": "another"})
    add_rows(path, PeerRow, [row, other])
    later = row.model_copy(update={"ratio": 5.0})
    assert add_rows(path, PeerRow, [later]) == [later, other] == read_rows(path, PeerRow)
    path.write_text('{"name": 1}\n')
    with pytest.raises(StoreError, match="no PeerRow"):
        read_rows(path, PeerRow)
