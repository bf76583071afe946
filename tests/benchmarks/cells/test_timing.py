"""Timed inference of a fitted model."""

from types import SimpleNamespace

import numpy as np
import pytest

from benchmarks.cells.timing import Workload, measure_inference
from benchmarks.measurement.clock import Clock
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


def test_a_regime_that_is_not_wanted_takes_no_time(dataset):
    """A cascade's stages encode for themselves, so that it has no rate without encoding."""
    model, clock = Reader(), SimpleNamespace(time=lambda work: (work(), 0.1))
    measure = Measure(rows=8, repeats=4, single=30)
    wanted = measure_inference(model, dataset.test, measure, clock, Workload(model), encoded_alone=False)
    assert [one.phase for one in wanted] == ["text_to_label", "single_review"]
    assert len(wanted[0].seconds) == 4
