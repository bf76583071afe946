"""Requirements: met, not met, not measured, undecided."""

import numpy as np
import pytest

from benchmarks.schema.measurements import Measurement, Memory
from benchmarks.schema.result import CellResult
from reports.analysis.requirements import UNREPEATED, Fulfilment, Limits, check, fit_seconds, throughput

MET, NOT_MET, UNDECIDED = Fulfilment.MET, Fulfilment.NOT_MET, Fulfilment.UNDECIDED


@pytest.fixture
def cell(make_result):
    def make(single=(), rate=(), fit=(), processes=1, memory=None, model_bytes=None):
        measurements = []
        if len(single):
            measurements.append(
                Measurement(phase="single_review", examples=[1] * len(single), tokens=[], seconds=list(single))
            )
        if len(rate):
            measurements.append(
                Measurement(
                    phase="text_to_label", examples=[100] * len(rate), tokens=[], seconds=[100 / r for r in rate]
                )
            )
        if len(fit):
            measurements.append(Measurement(phase="fit", examples=[10] * len(fit), tokens=[], seconds=list(fit)))
        return make_result(measurements=measurements, memory=memory, model_bytes=model_bytes)

    return make


@pytest.fixture
def make_result():
    from benchmarks.schema.cell import CellSpec

    def make(**fields):
        spec = CellSpec(
            dataset="d", data_fingerprint="ab" * 32, train_size=10, valid_size=10, test_size=10, model="lstm",
            model_params={}, loss="ce", loss_params={}, seed=1, device="cpu", precision="fp32", code_version="0",
        )  # fmt: skip
        return CellResult(spec=spec, status="ok", **fields)

    return make


def outcome(limits, *cells):
    (found,) = check(limits, cells)
    return found


def test_no_limit_asks_for_nothing(cell):
    assert check(Limits(), [cell(rate=[5.0])]) == ()


@pytest.mark.parametrize(
    "limits",
    [Limits(max_p99_ms=1), Limits(min_throughput=1), Limits(max_memory=1), Limits(max_fit=1), Limits(max_size=1)],
)
def test_what_was_not_measured_is_said(cell, limits):
    assert outcome(limits, cell()).fulfilment is Fulfilment.NOT_MEASURED


def test_a_percentile_of_few_readings_is_not_shown_to_be_low(cell):
    few = outcome(Limits(max_p99_ms=50), cell(single=np.full(100, 0.005)))
    assert few.fulfilment is UNDECIDED
    assert "299" in few.lacking
    assert outcome(Limits(max_p99_ms=50), cell(single=np.full(299, 0.005))).fulfilment is MET


def test_a_percentile_of_few_readings_can_be_shown_to_be_high(cell):
    assert outcome(Limits(max_p99_ms=1), cell(single=np.full(100, 0.005))).fulfilment is NOT_MET


def test_the_bounds_of_the_percentile_hold_it():
    generator = np.random.default_rng(0)
    missed = 0
    for _ in range(300):
        readings = generator.exponential(size=600)
        from reports.analysis.percentiles import percentile
        from reports.analysis.requirements import _lower

        missed += not _lower(readings, 0.99, len(readings)) <= -np.log(0.01) <= percentile(readings, 0.99).bound
    assert missed <= 0.1 * 300


def test_one_process_decides_only_what_is_far_from_the_limit(cell):
    own = cell(rate=[100.0, 101.0])
    assert outcome(Limits(min_throughput=100 / UNREPEATED - 1), own).fulfilment is MET
    near = outcome(Limits(min_throughput=90), own)
    assert near.fulfilment is UNDECIDED
    assert "1 of the 5 processes" in near.lacking
    assert outcome(Limits(min_throughput=101 * UNREPEATED + 1), own).fulfilment is NOT_MET


def test_five_processes_have_an_interval(cell):
    cells = [cell(rate=[rate], fit=[rate / 10]) for rate in (98.0, 99.0, 100.0, 101.0, 102.0)]
    low, high = throughput(cells).interval
    assert 97 < low < 100 < high < 103
    assert fit_seconds(cells).lacking == ""
    assert outcome(Limits(min_throughput=97), *cells).fulfilment is MET
    assert outcome(Limits(min_throughput=100), *cells).fulfilment is UNDECIDED
    assert outcome(Limits(max_fit=9), *cells).fulfilment is NOT_MET


def test_memory_is_that_of_the_process_and_that_of_the_device(cell):
    own = cell(memory=Memory(host=100, device=300))
    found = check(Limits(max_memory=200), [own])
    assert [(one.asked.name, one.fulfilment) for one in found] == [("memory", MET), ("device memory", NOT_MET)]


def test_sizes_straddle_a_limit_where_trainings_differ(cell):
    cells = [cell(model_bytes=size) for size in (90, 110)]
    assert outcome(Limits(max_size=100), *cells).fulfilment is UNDECIDED
    assert outcome(Limits(max_size=110), *cells).fulfilment is MET
