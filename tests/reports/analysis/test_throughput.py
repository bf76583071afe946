from functools import cached_property

import numpy as np
import pytest

from benchmarks.cells.cascades import _fits
from benchmarks.schema.measurements import Measurement
from reports.analysis.noise import fit_timing
from reports.analysis.results import read_results
from reports.analysis.throughput import Throughput, fitting_price, labelling_price, overhead_sentence, throughput

FIGURES = [name for name, value in vars(Throughput).items() if isinstance(value, cached_property)]
FIGURES.remove("single_seconds")


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
    p50, p95, p99 = found.single_seconds
    assert p50.value == pytest.approx(0.003)
    assert p95.value == pytest.approx(0.0048, rel=0.01)
    assert p99.readings == 60  # of the same texts in each of three cells
    assert np.isnan(p99.value)


def test_each_reading_counts_with_its_own_examples(cells):
    cells[0].measurements = [Measurement(phase="train_steps", examples=[100, 10], tokens=[], seconds=[1.0, 0.1])]
    assert throughput(cells[:1]).training_rate == pytest.approx(100)


def test_what_was_not_measured_is_not_a_number(cells):
    cells[0].measurements = []
    cells[0].memory = cells[0].model_bytes = None
    cells[0].fit = {}
    cells[0].overhead_seconds = None
    found = throughput(cells[:1])
    figures = [*(p.value for p in found.single_seconds), *(getattr(found, name) for name in FIGURES)]
    assert len(figures) == 3 + 19
    assert all(np.isnan(figures))


def test_tokens_padding_and_operations(cells):
    found = throughput(cells)
    assert found.training_tokens_rate == pytest.approx(32_000)
    assert found.training_padding == pytest.approx(0.8)
    assert found.training_flop_rate == pytest.approx(30e9)
    assert found.scoring_tokens_rate == pytest.approx(256 * 200 / 0.1)
    assert found.scoring_padding == pytest.approx(0.8)
    assert found.scoring_flop_rate == pytest.approx(40e9)


def test_a_cache_makes_no_training_cheap(cells):
    """In the figure, its interval and the cost of a cascade."""
    spared = Measurement(phase="fit", examples=[10], tokens=[], seconds=[1.0], spared=[69.0])
    cells[0].measurements = [spared]
    assert throughput(cells[:1]).fit_seconds == 70
    assert fit_timing(cells[:1]).median == pytest.approx(70)
    assert _fits([cells[0], cells[0]]).seconds == [140]


def test_energy_is_for_a_training_and_for_a_text(cells):
    assert np.isnan(throughput(cells).fit_joules)
    cells[0].measurements = [
        Measurement(phase="fit", examples=[10], tokens=[], seconds=[1.0], joules=[50.0]),
        Measurement(phase="test_set", examples=[1000], tokens=[], seconds=[1.0], joules=[20.0]),
    ]
    found = throughput(cells[:1])
    assert (found.fit_joules, found.labelling_joules) == (50.0, 0.02)


def test_prices_are_time_at_the_machine_s_price(cells):
    found = throughput(cells)
    assert fitting_price(found, 3.6) == pytest.approx(found.fit_seconds / 1000)
    assert labelling_price(found, 3.6) == pytest.approx(1e6 / found.text_to_label_rate / 1000)


def test_overhead_is_a_share_of_the_whole_cell(cells):
    for cell in cells:
        cell.measurements = [Measurement(phase="fit", examples=[1], tokens=[], seconds=[7.5])]
    cells[1].overhead_seconds = 2.5
    assert throughput(cells).overhead_share == pytest.approx(0.25)
    assert "none of 3 cells spent both more than 3 s and more than 5.0 %" in overhead_sentence(cells)
    cells[1].overhead_seconds = 5.0
    assert "1 of 3 cells" in overhead_sentence(cells)
    assert "The longest was 5.00 s, 40.0 % of its cell's time" in overhead_sentence(cells)


def test_overhead_is_that_of_the_first_process_and_so_is_the_time(cells):
    first = Measurement(phase="fit", examples=[1], tokens=[], seconds=[7.5])
    for cell in cells:
        cell.measurements = [first.joined(first.taken_by(1)).joined(first.taken_by(2))]
    cells[1].overhead_seconds = 2.5
    assert throughput(cells).overhead_share == pytest.approx(0.25)


def test_no_device_memory_is_not_nought(cells):
    assert np.isnan(throughput(cells).device_bytes)
