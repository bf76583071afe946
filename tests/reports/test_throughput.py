import numpy as np
import pytest

from benchmarks.cell import Measurement
from reports.results import read_results
from reports.throughput import throughput


@pytest.fixture
def cells(write_results, tmp_path):
    write_results(tmp_path, {("lstm", "ce"): 0.8})
    return read_results(tmp_path).ok


def test_rates_are_medians_over_readings(cells):
    found = throughput(cells)
    assert found.text_to_label_rate == pytest.approx(256 / 0.25)
    assert found.encoded_to_scores_rate == pytest.approx(256 / 0.1)
    assert found.training_rate == pytest.approx(160)
    assert found.fit_seconds == pytest.approx(12 * 1.02)
    assert found.single_seconds == pytest.approx(np.percentile(np.linspace(0.001, 0.005, 50), [50, 95, 99]), rel=0.01)


def test_each_reading_counts_with_its_own_examples(cells):
    cells[0].measurements = [Measurement(phase="train_steps", examples=[100, 10], tokens=[], seconds=[1.0, 0.1])]
    assert throughput(cells[:1]).training_rate == pytest.approx(100)


def test_what_was_not_measured_is_not_a_number(cells):
    cells[0].measurements = []
    cells[0].memory = cells[0].model_bytes = None
    cells[0].fit = {}
    found = throughput(cells[:1])
    figures = [*found.single_seconds, *(v for v in vars(found).values() if isinstance(v, float))]
    assert len(figures) == 3 + 9
    assert all(np.isnan(figures))


def test_no_device_memory_is_not_nought(cells):
    assert np.isnan(throughput(cells).device_bytes)
