import numpy as np
import pytest

from benchmarks.errors import UsageError
from benchmarks.peers import scaling
from benchmarks.peers.scaling import measure, of_classes, of_sizes, recombined
from benchmarks.schema.measurements import Load
from data.dataset import Dataset, Split
from models.model import Runtime

READ = scaling.Readings(Load(load_average=1.0, others=0.0, stolen=0.0), 1.0, 2.0, 3, 2)


def split(size, start=0):
    texts = tuple(f"{'good' if n % 2 else 'bad'} film number {n}" for n in range(start, start + size))
    return Split(texts, np.arange(size) % 2, np.full(size, 4), np.arange(size), ("no", "yes"))


@pytest.fixture
def data():
    return Dataset("toy", split(40), split(10, 100), split(20, 200))


def test_each_size_is_measured_on_so_many_texts(data, monkeypatch):
    monkeypatch.setattr(scaling, "in_new_process", lambda call, *arguments: call(*arguments))
    rows = list(measure(["nbsvm"], of_sizes([50, 70], data), data, Runtime(), "command"))
    assert [(row.size, row.made, row.status) for row in rows] == [(50, False, "ok"), (70, True, "ok")]
    assert all(row.fit_seconds > 0 and row.score_seconds > 0 for row in rows)
    assert all(row.memory >= row.memory_start > 0 for row in rows)
    assert {(row.data_fingerprint, row.encoder) for row in rows} == {(data.fingerprint, "")}


def test_a_size_that_fails_loses_no_other(data, monkeypatch):
    def fail_once(call, model, train, *others):
        if len(train) == 20:
            raise MemoryError("too much\nof it")
        return READ

    monkeypatch.setattr(scaling, "in_new_process", fail_once)
    rows = list(measure(["nbsvm"], of_sizes([20, 30], data), data, Runtime(), "command"))
    assert [(row.status, row.reason) for row in rows] == [("failed", "MemoryError: too much"), ("ok", "")]


def test_the_precision_is_that_of_the_model_not_what_was_asked_for(data, monkeypatch):
    monkeypatch.setattr(scaling, "in_new_process", lambda *_: READ)
    rows = measure(["nbsvm", "lstm"], of_sizes([20], data), data, Runtime(precision="bf16"), "command")
    assert [row.precision for row in rows] == ["fp32", "bf16"]


def test_a_linear_model_is_measured_on_the_cpu_it_computes_on(data, monkeypatch):
    asked = []

    def noted(call, model, texts, valid, runtime):
        asked.append(runtime.device)
        return READ

    monkeypatch.setattr(scaling, "in_new_process", noted)
    rows = list(measure(["nbsvm", "lstm"], of_sizes([20], data), data, Runtime(device="cuda"), "command"))
    assert asked == [row.device for row in rows] == ["cpu", "cuda"]


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


@pytest.fixture
def many():
    """Ten classes; class k has 10 - k texts in each split."""
    labels = np.concatenate([np.full(10 - k, k) for k in range(10)])
    names = tuple(f"class {k}" for k in range(10))

    def of(start):
        texts = tuple(f"word{label} text {start + n}" for n, label in enumerate(labels))
        return Split(texts, labels, np.full(len(labels), 3), np.arange(len(labels)), names)

    return Dataset("many", of(0), of(100), of(200))


def test_growth_with_classes_keeps_the_number_of_texts(many, monkeypatch):
    monkeypatch.setattr(scaling, "in_new_process", lambda call, *arguments: call(*arguments))
    rows = list(measure(["nbsvm"], of_classes([2, 5, 10], many), many, Runtime(), "command"))
    assert [(row.classes, row.size, row.status) for row in rows] == [(2, 38, "ok"), (5, 38, "ok"), (10, 38, "ok")]


def test_more_classes_have_no_more_validation_texts(many):
    works = list(of_classes([2, 5, 10], many))
    assert len({len(work.valid) for work in works}) == 1
    assert len(set(works[-1].valid.labels)) == 10


def test_the_most_common_classes_are_numbered_anew(many):
    first, second = of_classes([2, 5], many)
    assert (first.classes, second.classes) == (2, 5)
    assert second.texts.class_names == second.valid.class_names == tuple(f"class {k}" for k in range(5))
    for split in (second.texts, second.valid):
        assert set(split.labels) == set(range(5))
        assert all(text.startswith(f"word{label} ") for text, label in zip(split.texts, split.labels, strict=True))


def test_more_classes_than_there_are_is_refused(many):
    with pytest.raises(UsageError, match=r"--classes 11: many has 10 classes, .*choices: 2 to 10"):
        list(of_classes([2, 11], many))


def test_fewer_texts_than_classes_are_refused():
    few = Split(tuple("abcdef"), np.arange(6), np.ones(6), np.arange(6), tuple("abcdef"))
    with pytest.raises(UsageError, match=r"choices: 2 to 4"):
        list(of_classes([2, 6], Dataset("few", few, few, few)))
