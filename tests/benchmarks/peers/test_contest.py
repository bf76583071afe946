import importlib
import os
import sys
import types
from dataclasses import replace

import numpy as np
import pytest
import threadpoolctl
import torch

from benchmarks import peers
from benchmarks.measurement.clock import Clock
from benchmarks.peers import contest
from benchmarks.peers.contest import Side, StepTime, class_indices, contests, whole
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
    """Register a peer whose two sides are as given; its process is this one."""
    monkeypatch.setattr(contest, "in_new_process", lambda call, *arguments: call(*arguments))

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


def test_sides_take_turns_and_the_ratio_is_their_geometric_mean(peer, data):
    turns = []

    def side(name, readings, labels):
        def run(clock):
            turns.append(name)
            return labels, readings.pop(0)

        return Side(run)

    def sides(ours, part, runtime):
        assert (len(part.train), len(part.test)) == (30, 10)
        right = part.test.labels
        return side("ours", [1.5, 1.0, 9.0, 2.0], right), side("theirs", [18.0, 16.0, 17.0], right)

    peer(sides)
    (row,) = contests("toy", data, Runtime(), repeats=3)
    assert turns == ["ours", "ours", "theirs", "theirs", "ours", "ours", "theirs"], "only what is quick is warmed up"
    assert (row.seconds, row.peer_seconds) == ([1.0, 9.0, 2.0], [18.0, 16.0, 17.0])
    assert row.status == "ok"
    assert row.ratio == pytest.approx((18 / 1 * 16 / 9 * 17 / 2) ** (1 / 3))
    assert (row.device, row.load.others >= 0) == ("cpu", True)
    assert (row.accuracy, row.peer_accuracy, row.agreement) == (1.0, 1.0, 1.0)


@pytest.mark.parametrize(
    ("ours", "theirs", "named"),
    [
        (lambda labels: labels, np.zeros_like, "toy (50.0% right)"),
        (np.zeros_like, lambda labels: labels, "nbsvm (50.0% right)"),
        (np.zeros_like, np.zeros_like, "nbsvm (50.0% right), toy (50.0% right)"),
        (lambda labels: labels, lambda labels: 1 - labels, "toy (0.0% right)"),
    ],
    ids=["the peer", "ours", "both", "worse than chance"],
)
def test_a_contest_of_models_that_learnt_nothing_is_void_and_says_so(peer, data, ours, theirs, named):
    """Two models that always name one class agree on every text, and show nothing of the same work."""

    def sides(name, part, runtime):
        return Side(whole(lambda: ours(part.test.labels))), Side(whole(lambda: theirs(part.test.labels)))

    peer(sides)
    (row,) = contests("toy", data, Runtime(), repeats=3)
    assert (row.status, row.ratio) == ("void", None)
    assert row.reason == f"not shown to beat the majority class on 30 training and 10 test texts: {named}"
    assert len(row.seconds) == len(row.peer_seconds) == 3


def test_two_readings_a_side_decide_nothing(peer, data):
    peer(lambda ours, part, runtime: (Side(whole(lambda: part.test.labels)),) * 2)
    (row,) = contests("toy", data, Runtime(), repeats=2)
    assert (row.status, row.reason) == ("void", "2 readings a side; a ratio takes 3 or more")


def test_a_row_names_what_makes_the_work_equal(peer, data):
    def sides(ours, part, runtime):
        own = Side(whole(lambda: part.test.labels), precision=runtime.precision, batches="32, grouped by length")
        return own, Side(whole(lambda: part.test.labels), batches="8, padded to 512")

    peer(sides, ours=("distilbert", "nbsvm"))
    rows = list(contests("toy", data, Runtime(precision="bf16", threads=3), repeats=3))
    assert [(row.name, row.encoder) for row in rows] == [("distilbert", "minilm"), ("nbsvm", "")]
    assert [(row.precision, row.peer_precision) for row in rows] == [("bf16", "fp32"), ("fp32", "fp32")]
    assert (rows[0].batches, rows[0].peer_batches) == ("32, grouped by length", "8, padded to 512")
    assert {row.environment["threads"] for row in rows} == {3}
    assert {row.data_fingerprint for row in rows} == {data.fingerprint}
    assert all(row.code for row in rows)


def test_both_sides_have_the_thread_budget(peer, data):
    told = []

    def sides(ours, part, runtime):
        told.append((runtime.threads, torch.get_num_threads()))
        return (Side(whole(lambda: part.test.labels)),) * 2

    peer(sides)
    before = torch.get_num_threads()
    with threadpoolctl.threadpool_limits():  # restores the pools
        list(contests("toy", data, Runtime(threads=3), repeats=1))
    torch.set_num_threads(before)
    assert told == [(3, 3)]


@pytest.mark.parametrize("moment", ["before", "during"])
def test_a_peer_s_failure_is_a_row(peer, data, moment):
    def fail():
        raise RuntimeError("Encountered NaN.\nmore")

    def sides(ours, part, runtime):
        if moment == "before":
            fail()
        return Side(whole(lambda: part.test.labels)), Side(whole(fail))

    peer(sides)
    (row,) = contests("toy", data, Runtime(), repeats=1)
    assert (row.status, row.reason, row.ratio) == ("failed", "RuntimeError: Encountered NaN.", None)


def test_sizes_asked_for_replace_the_peer_s_own(peer, data):
    peer(lambda ours, part, runtime: (Side(whole(lambda: part.test.labels)),) * 2)
    (row,) = contests("toy", data, Runtime(), 1, (20, None))
    assert (row.train_size, row.test_size) == (20, 10)


def test_a_row_has_the_precision_that_the_model_computes_in(peer, data):
    peer(lambda ours, part, runtime: (Side(whole(lambda: part.test.labels)),) * 2, ours=("nbsvm", "lstm"))
    rows = contests("toy", data, Runtime(precision="bf16"), repeats=1)
    assert [(row.name, row.precision) for row in rows] == [("nbsvm", "fp32"), ("lstm", "bf16")]


def test_only_the_steps_of_a_training_are_timed():
    moments = iter([1.0, 3.0, 10.0, 14.0])
    time = StepTime(Clock(lambda: None, now=lambda: next(moments)))
    for _ in range(2):
        with time.training():
            pass
    assert time.seconds == 6.0


def test_a_peer_that_does_not_compute_on_the_device_is_void(peer, data):
    """Our GPU against its CPU would be no contest."""
    peer(lambda ours, part, runtime: (Side(whole(lambda: part.test.labels)),) * 2, ours=("distilbert",))
    sys.modules["toy_peer"].DEVICES = ("cpu",)
    (row,) = contests("toy", data, Runtime(device="cuda", precision="bf16"), repeats=3)
    assert (row.status, row.seconds) == ("void", [])
    assert row.reason == "toy does not compute on cuda: choose its device with --device"


PROCESS = """
import os

OURS, SIZES, WORK = ("nbsvm", "tfidf_logreg"), (30, 10), "one number of a process"

def sides(ours, data, runtime):
    if ours == "nbsvm":
        os.kill(os.getpid(), 9)
    raise RuntimeError(f"process {os.getpid()}")
"""


def test_each_contest_has_a_process_of_its_own(data, tmp_path, monkeypatch):
    """A process that is killed loses no other contest."""
    (tmp_path / "peer_in_a_process.py").write_text(PROCESS)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setitem(peers.PEERS, "toy", "peer_in_a_process")
    killed, other = contests("toy", data, Runtime(), repeats=3)
    assert (killed.status, other.status) == ("failed", "failed")
    assert killed.reason == "BrokenProcessPool: its process was killed, as when memory runs out"
    assert other.reason.startswith("RuntimeError: process ")
    assert other.reason != f"RuntimeError: process {os.getpid()}"


def test_scikit_learn_does_the_same_work(data):
    rows = list(contests("sklearn", data, Runtime(), repeats=3))
    assert [(row.name, row.status) for row in rows] == [("nbsvm", "ok"), ("tfidf_logreg", "ok")]
    assert all(row.accuracy == row.peer_accuracy == 1.0 for row in rows)
    assert {row.peer_precision for row in rows} == {"fp64"}


@pytest.mark.parametrize("name", ["padded_lstm", "packed_lstm"])
def test_a_stock_lstm_takes_the_same_steps(data, name):
    (row,) = contests(name, data, Runtime(), 1, (32, 8))
    assert (row.status, row.reason) == ("void", "1 reading a side; a ratio takes 3 or more")
    assert row.seconds[0] > 0 < row.peer_seconds[0]
    assert (row.batches, row.peer_batches) == ("32, grouped by length", "32, padded to 512")


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
    (row,) = contests("fasttext", data, Runtime(), repeats=1)
    assert row.status != "failed", row.reason


def test_scikit_learn_s_hashing_meets_three_classes(data):
    labels = np.arange(len(data.train)) % 3
    three = replace(
        data,
        **{
            name: replace(split, labels=labels[: len(split)], class_names=("a", "b", "c"))
            for name, split in (("train", data.train), ("valid", data.valid), ("test", data.test))
        },
    )
    (row, _) = contests("sklearn_hashing", three, Runtime(), repeats=1)
    assert row.status != "failed", row.reason


def test_labels_are_read_from_their_ends():
    assert class_indices(["__label__1", "LABEL_0", "LABEL_12"]).tolist() == [1, 0, 12]


def test_a_later_row_replaces_one_of_the_same_contest(peer, data, tmp_path):
    peer(lambda ours, part, runtime: (Side(whole(lambda: part.test.labels)),) * 2)
    (row,) = contests("toy", data, Runtime(), repeats=1)
    path = tmp_path / "new" / "peers.jsonl"
    other = row.model_copy(update={"peer": "another"})
    add_rows(path, PeerRow, [row, other])
    later = row.model_copy(update={"accuracy": 0.5})
    elsewhere = row.model_copy(update={"device": "cuda"})
    assert add_rows(tmp_path / "two.jsonl", PeerRow, [row, elsewhere]) == [row, elsewhere]
    assert add_rows(path, PeerRow, [later]) == [later, other] == read_rows(path, PeerRow)
    path.write_text('{"name": 1}\n')
    with pytest.raises(StoreError, match="no PeerRow"):
        read_rows(path, PeerRow)
