"""What disturbed a cell."""

import dataclasses
import multiprocessing
import time
from concurrent.futures import ProcessPoolExecutor

import pytest

from benchmarks.measurement.load import Moment, load_between, observe, thermal_throttles, throttled_seconds, worst
from benchmarks.schema.measurements import Load

BEGIN = Moment(clock=0.0, busy=100.0, stolen=5.0, own=10.0, throttled=1.0, thermal_throttles=2)


def later(**changes):
    return dataclasses.replace(BEGIN, **({"clock": 10.0} | changes))


@pytest.fixture(autouse=True)
def two_processors(monkeypatch):
    monkeypatch.setattr("benchmarks.measurement.load.psutil.cpu_count", lambda: 2)


def test_the_cell_s_own_work_is_not_counted_against_it():
    load = load_between(BEGIN, later(busy=120.0, own=30.0))
    assert (load.others, load.stolen) == (0.0, 0.0)


def test_the_work_of_worker_ranks_is_not_counted_against_it():
    load = load_between(BEGIN, later(busy=120.0, own=20.0), workers=8.0)
    assert load.others == pytest.approx(2 / 20)


def work(seconds):
    end = time.process_time() + seconds
    while time.process_time() < end:
        pass


def test_the_work_of_processes_that_the_cell_starts_is_its_own():
    """TF-IDF counts words in forked processes: its cells were said to run on a machine that others kept busy."""
    before = observe().own
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("fork")) as pool:
        pool.submit(work, 0.3).result()
        assert observe().own - before > 0.25  # while they live
    assert observe().own - before > 0.25  # and when they have ended


def test_others_and_the_hypervisor_are_shares_of_all_processors():
    load = load_between(BEGIN, later(busy=118.0, own=20.0, stolen=6.0))
    assert load.others == pytest.approx(8 / 20)
    assert load.stolen == pytest.approx(1 / 20)


def test_throttling_is_what_was_added():
    load = load_between(BEGIN, later(throttled=1.5, thermal_throttles=5))
    assert (load.throttled_seconds, load.thermal_throttles) == (0.5, 3)


def test_what_the_system_does_not_count_is_not_nought():
    load = load_between(BEGIN, later(throttled=None, thermal_throttles=None))
    assert (load.throttled_seconds, load.thermal_throttles) == (None, None)


@pytest.mark.parametrize(
    ("content", "seconds"),
    [
        ("usage_usec 9\nnr_throttled 3\nthrottled_usec 1500000\n", 1.5),
        ("nr_periods 9\nnr_throttled 3\nthrottled_time 2500000000\n", 2.5),
        ("usage_usec 9\n", None),
        ("nonsense\n", None),
    ],
)
def test_both_versions_of_control_groups_are_read(tmp_path, content, seconds):
    (tmp_path / "cpu.stat").write_text(content)
    assert throttled_seconds([tmp_path / "absent", tmp_path / "cpu.stat"]) == seconds


def test_heat_is_summed_over_processors(tmp_path):
    assert thermal_throttles(tmp_path) is None
    for number, count in ((0, 3), (1, 4)):
        folder = tmp_path / f"cpu{number}" / "thermal_throttle"
        folder.mkdir(parents=True)
        (folder / "core_throttle_count").write_text(f"{count}\n")
    assert thermal_throttles(tmp_path) == 7


def test_of_two_processes_the_worse_counts_in_each_respect():
    calm, busy = Load(load_average=0.1, others=0.0, stolen=0.2), Load(load_average=3.0, others=0.4, stolen=0.0)
    throttled = busy.model_copy(update={"throttled_seconds": 1.5})
    assert worst(calm, throttled) == Load(load_average=3.0, others=0.4, stolen=0.2, throttled_seconds=1.5)
    assert worst(None, calm) == worst(calm, None) == calm
    assert worst(None, None) is None


def test_this_machine_can_be_observed():
    begin = observe()
    sum(range(3_000_000))
    end = observe()
    assert end.own > begin.own > 0
    assert end.busy >= begin.busy > 0
    assert 0 <= load_between(begin, end).others <= 1
