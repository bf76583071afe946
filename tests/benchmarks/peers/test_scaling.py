import numpy as np
import pytest

from benchmarks.peers import scaling
from benchmarks.peers.scaling import measure, recombined
from data.dataset import Dataset, Split
from models.model import Runtime


def split(size, start=0):
    texts = tuple(f"{'good' if n % 2 else 'bad'} film number {n}" for n in range(start, start + size))
    return Split(texts, np.arange(size) % 2, np.full(size, 4), np.arange(size), ("no", "yes"))


@pytest.fixture
def data():
    return Dataset("toy", split(40), split(10, 100), split(20, 200))


def test_each_size_is_measured_on_so_many_texts(data, monkeypatch):
    monkeypatch.setattr(scaling, "_in_new_process", scaling._read)
    rows = list(measure(["nbsvm"], [50, 70], data, Runtime(), "command"))
    assert [(row.size, row.made, row.status) for row in rows] == [(50, False, "ok"), (70, True, "ok")]
    assert all(row.fit_seconds > 0 and row.score_seconds > 0 for row in rows)
    assert all(row.memory >= row.memory_start > 0 for row in rows)
    assert {(row.data_fingerprint, row.encoder) for row in rows} == {(data.fingerprint, "")}


def test_a_size_that_fails_loses_no_other(data, monkeypatch):
    def fail_once(model, train, *others):
        if len(train) == 20:
            raise MemoryError("too much\nof it")
        return scaling.Readings(1.0, 2.0, 3, 2)

    monkeypatch.setattr(scaling, "_in_new_process", fail_once)
    rows = list(measure(["nbsvm"], [20, 30], data, Runtime(), "command"))
    assert [(row.status, row.reason) for row in rows] == [("failed", "MemoryError: too much"), ("ok", "")]


def test_the_precision_is_that_of_the_model_not_what_was_asked_for(data, monkeypatch):
    monkeypatch.setattr(scaling, "_in_new_process", lambda *_: scaling.Readings(1.0, 2.0, 3, 2))
    rows = measure(["nbsvm", "lstm"], [20], data, Runtime(precision="bf16"), "command")
    assert [row.precision for row in rows] == ["fp32", "bf16"]


def test_made_texts_are_halves_of_two_of_one_class(data):
    whole = data.train.joined(data.test)
    made = recombined(whole, 200)
    assert len(made) == 200
    of_text = dict(zip(whole.texts, whole.labels, strict=True))
    for text, label, length in zip(made.texts, made.labels, made.lengths, strict=True):
        words = text.split()
        assert length == len(words) == 4
        assert any(t.split()[:2] == words[:2] and of_text[t] == label for t in whole.texts)
        assert any(t.split()[2:] == words[2:] and of_text[t] == label for t in whole.texts)
    assert made.texts == recombined(whole, 200).texts
