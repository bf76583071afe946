"""Timed inference of a fitted model."""

import dataclasses
from types import SimpleNamespace

import numpy as np
import pytest

from benchmarks.cells.timing import (
    Scored,
    Workload,
    halved,
    measure_inference,
    measure_single,
    of_all_lengths,
    score_test_set,
)
from benchmarks.measurement.clock import Clock
from benchmarks.measurement.energy import Meter
from benchmarks.schema.measurements import Measure
from models.model import Encoded


class Reader:
    """A model that remembers which texts it read one at a time."""

    def __init__(self):
        self.alone = []

    def encode(self, texts):
        if len(texts) == 1:
            self.alone += texts
        lengths = np.array([len(text.split()) for text in texts])
        return Encoded(lengths, lengths, lengths)

    def score(self, encoded):
        return np.full((len(encoded), 2), 0.5)

    def scoring_shapes(self, encoded):
        return []

    def forward_flops(self):
        return None


def test_more_texts_are_read_one_at_a_time_than_in_a_batch(dataset):
    """The 99th percentile needs 299 different texts, and batches hold fewer."""
    model = Reader()
    clock = Clock(lambda: None)
    measured = measure_inference(model, dataset.test, Measure(rows=8, repeats=2, single=30), clock, Workload(model))
    batch, _, alone = measured
    assert batch.examples == [8, 8]
    assert len(alone.seconds) == len(alone.tokens) == len(alone.examples) == 30
    assert len(set(model.alone[1:])) == 30
    assert alone.tokens == [len(text.split()) for text in model.alone[1:]]


@pytest.mark.parametrize(("seconds", "readings"), [(0.2, 4), (0.3, 4), (0.4, 3), (0.5, 2), (60.0, 2)])
def test_a_slow_regime_is_read_twice_and_no_text_is_left_out(dataset, seconds, readings):
    """A clock on which each batch takes so long: after 1 s of one regime there are no more readings of it."""
    model = Reader()
    clock = SimpleNamespace(time=lambda work: (work(), seconds))
    measured = measure_inference(model, dataset.test, Measure(rows=8, repeats=4, single=30), clock, Workload(model))
    batch, scores, alone = measured
    assert len(batch.seconds) == len(scores.seconds) == len(batch.examples) == len(batch.tokens) == readings
    assert len(alone.seconds) == 30


def test_a_percentile_that_reports_show_is_measured_by_default():
    assert Measure().single >= 299


def test_single_texts_are_timed_alone_where_nothing_else_is(dataset):
    model, clock = Reader(), SimpleNamespace(time=lambda work: (work(), 0.1))
    alone = measure_single(model, dataset.test, Measure(rows=8, repeats=4, single=30), clock)
    assert alone.phase == "single_review"
    assert alone.seconds == [0.1] * 30
    assert len(set(model.alone[1:])) == 30
    assert alone.tokens == [len(text.split()) for text in model.alone[1:]]


class Counting(Reader):
    """A model whose probabilities tell its texts apart: by their numbers of words, hundredths of class 1."""

    def score(self, encoded):
        second = encoded.features / 100
        return np.column_stack([1 - second, second])

    def scoring_shapes(self, encoded):
        return [(len(encoded), 3)]


def scored_in(seconds, model, test) -> Scored:
    """The pass over the test set on a clock on which each call takes so long."""
    clock = SimpleNamespace(time=lambda work: (work(), seconds))
    return score_test_set(model, test, clock, Meter([]), Workload(model))


def test_halves_hold_every_text_once_and_are_as_long_as_each_other():
    lengths = np.array([5, 900, 7, 30, 6, 31, 901])
    halves = halved(lengths)
    assert sorted(np.concatenate(halves)) == list(range(7))
    assert [sorted(lengths[half]) for half in halves] == [[5, 7, 31, 901], [6, 30, 900]]


@pytest.mark.parametrize(
    ("count", "lengths"), [(1, [51]), (2, [26, 76]), (4, [13, 38, 63, 88]), (500, [*range(1, 101)])]
)
def test_measured_texts_are_as_long_as_all_are(dataset, count, lengths):
    """Texts of 1 to 100 words in any order."""
    order = np.random.default_rng(0).permutation(100)
    own = dataset.train.take(np.arange(100) % len(dataset.train))
    test = dataclasses.replace(own, lengths=order + 1)
    assert of_all_lengths(test, count).lengths.tolist() == lengths


def test_a_test_set_of_one_text_has_one_half(dataset):
    alone = dataset.test.take(np.array([0]))
    scored = scored_in(2.0, Counting(), alone)
    assert len(scored.halves) == 1
    assert scored.probabilities.shape == (1, 2)


def test_scores_and_counts_of_the_halves_are_in_the_order_of_the_test_set(dataset):
    words = [int(count) for count in np.random.default_rng(0).permutation(len(dataset.test)) + 1]
    texts = tuple("word " * count for count in words)
    scored = scored_in(2.0, Counting(), dataclasses.replace(dataset.test, texts=texts))
    assert np.round(scored.probabilities[:, 1] * 100).tolist() == words
    assert scored.counts.tokens.tolist() == scored.counts.available.tolist() == words
    assert scored.counts.known is None


def test_the_pass_is_the_sum_of_its_halves(dataset):
    scored = scored_in(2.0, Counting(), dataset.test)
    assert scored.measurement.phase == "test_set"
    assert scored.measurement.examples == [len(dataset.test)]
    assert scored.measurement.seconds == [8.0]
    assert scored.measurement.padded_tokens == [3 * len(dataset.test)]
    assert not scored.measurement.is_part
    assert scored.text_to_label.seconds == [4.0, 4.0]
    assert scored.encoded_to_scores.seconds == [2.0, 2.0]
    assert scored.text_to_label.is_part
    assert scored.encoded_to_scores.is_part


@pytest.mark.parametrize(
    ("seconds", "rows", "repeats", "halves"),
    [(0.6, 20, 4, True), (0.4, 20, 4, False), (0.6, 21, 4, False), (0.6, 20, 1, False)],
    ids=["slow", "fast", "more rows are wanted", "one reading is wanted"],
)
def test_the_halves_of_a_slow_model_are_its_readings(dataset, seconds, rows, repeats, halves):
    """Nothing is scored a second time where the pass over 40 texts is long enough."""
    model = Counting()
    scored = scored_in(seconds, model, dataset.test)
    clock = SimpleNamespace(time=lambda work: (work(), seconds))
    measure = Measure(rows=rows, repeats=repeats, single=3)
    whole, alone, single = measure_inference(model, dataset.test, measure, clock, Workload(model), scored=scored)
    assert whole.of_test_set == alone.of_test_set == halves
    assert set(whole.examples) == set(alone.examples) == {20 if halves else rows}
    assert len(single.seconds) == 3
    assert not single.is_part


@pytest.mark.parametrize(("first", "halves"), [(2.9, True), (3.1, False)])
def test_a_model_that_still_warms_up_in_the_first_half_is_read_again(dataset, first, halves):
    """A compiled network may be compiled once more for the first long batch."""
    model, seconds = Counting(), iter([first / 2, first / 2, 1.0, 1.0])
    clock = SimpleNamespace(time=lambda work: (work(), next(seconds, 0.1)))
    scored = score_test_set(model, dataset.test, clock, Meter([]), Workload(model))
    measure = Measure(rows=8, repeats=4, single=3)
    whole, *_ = measure_inference(model, dataset.test, measure, clock, Workload(model), scored=scored)
    assert whole.of_test_set == halves
