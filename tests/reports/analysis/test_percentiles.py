import numpy as np
import pytest

from benchmarks.schema.measurements import Measurement
from reports.analysis.percentiles import bound_index, percentile, readings_needed, texts_read


@pytest.mark.parametrize(("share", "needed"), [(0.99, 299), (0.95, 59), (0.5, 5)])
def test_readings_needed(share, needed):
    assert readings_needed(share) == needed
    assert bound_index(needed - 1, share) is None
    assert bound_index(needed, share) == needed - 1


def test_too_few_readings_show_no_percentile():
    found = percentile(np.linspace(1, 2, 100), 0.99)
    assert np.isnan(found.value)
    assert np.isnan(found.bound)
    assert found.needed == 299


def test_bound_is_above_the_percentile():
    found = percentile(np.arange(1000.0), 0.95)
    assert found.value == pytest.approx(949.05)
    assert 950 < found.bound < 970


def test_bound_holds_as_often_as_it_says():
    generator = np.random.default_rng(0)
    bounds = [percentile(generator.exponential(size=400), 0.99).bound for _ in range(500)]
    assert np.mean(np.array(bounds) >= -np.log(0.01)) >= 0.93


def test_reading_the_same_texts_again_shows_no_rarer_percentile():
    """Five processes that read the same 100 texts have seen no text that is one in a hundred, 19 times in 20."""
    seconds = np.random.default_rng(0).exponential(size=100)
    assert np.isnan(percentile(np.tile(seconds, 5), 0.99, texts=100).value)
    assert percentile(np.tile(seconds, 5), 0.95, texts=100).bound == percentile(seconds, 0.95).bound
    assert percentile(np.tile(seconds, 5), 0.95, texts=100).readings == 100


def test_texts_are_counted_within_a_process():
    def measured(*readings):
        process = [number for number, count in enumerate(readings) for _ in range(count)]
        size = len(process)
        return Measurement(phase="single_review", examples=[1] * size, tokens=[], seconds=[0.1] * size, process=process)

    assert texts_read([measured(30, 30), measured(30)]) == 30
    assert texts_read([]) == 0
