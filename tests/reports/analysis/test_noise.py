"""Readings of the same work, and what else kept the machine busy."""

import pytest

from benchmarks.schema.measurements import Load, Measurement
from benchmarks.store.results import Store
from reports.analysis.noise import Spread, fit_timing, noise, phase_timing
from reports.analysis.results import read_results
from reports.render.markdown import write_markdown

QUIET = {"load_average": 1.0, "others": 0.0, "stolen": 0.0}


@pytest.fixture
def timed(write_results, tmp_path):
    """A function: the seconds that each seed's cell took for the same reviews -> the certificate."""

    def timed(*seconds, phase="text_to_label", load=QUIET):
        write_results(tmp_path, {("lstm", "ce"): 0.8}, seeds=range(1, len(seconds) + 1))
        store = Store(tmp_path)
        for cell, own in zip(read_results(tmp_path).ok, seconds, strict=True):
            reading = Measurement(phase=phase, examples=[100] * len(own), tokens=[], seconds=list(own))
            store.write_result(cell.model_copy(update={"measurements": [reading], "load": Load(**load)}))
        return noise(read_results(tmp_path))

    return timed


def test_readings_taken_in_turn_are_an_a_a_pair(timed):
    (spread,) = timed([1.0, 1.1, 1.0, 1.1]).spreads.values()
    assert spread == Spread(pairs=1, largest=pytest.approx(0.1), median=pytest.approx(0.1))


def test_cells_of_the_same_work_are_one_too(timed):
    (spread,) = timed([1.0, 1.0], [1.5, 1.5]).spreads.values()
    assert (spread.pairs, spread.largest, spread.median) == (3, pytest.approx(0.5), 0.0)


def test_the_order_of_a_pair_does_not_matter(timed):
    assert timed([1.1, 1.0]).spreads == timed([1.0, 1.1]).spreads


def test_one_reading_certifies_nothing(timed):
    assert timed([1.0]).spreads == {}


def test_rates_are_timed_by_cell_and_not_by_reading(timed, tmp_path):
    timed([1.0, 2.0, 3.0], [2.0, 2.0, 2.0])
    found = phase_timing(read_results(tmp_path).ok, "text_to_label")
    assert (found.processes, found.readings) == (2, 6)
    assert found.median == pytest.approx(50)


def test_each_process_of_a_cell_is_timed(timed, tmp_path):
    timed([1.0, 1.0])
    (cell,) = read_results(tmp_path).ok
    own = cell.measurement("text_to_label")
    slower = own.model_copy(update={"seconds": [2.0, 2.0]})
    cell.measurements = [own.joined(slower.taken_by(1))]
    found = phase_timing([cell], "text_to_label")
    assert (found.processes, found.readings) == (2, 4)
    assert found.range == pytest.approx((50, 100))


def test_fits_are_timed_by_cell(write_results, tmp_path):
    write_results(tmp_path, {("lstm", "ce"): 0.8})
    found = fit_timing(read_results(tmp_path).ok)
    assert (found.processes, found.readings) == (3, 3)
    assert found.median == pytest.approx(12 * 1.02)


def test_a_model_that_was_timed_on_a_busy_machine_is_in_doubt(timed, tmp_path):
    found = timed([1.0, 1.0], load=QUIET | {"others": 0.42})
    ((cell, _),) = found.busy
    assert "42.0 %" in found.doubts([cell])
    assert found.doubts([]) == ""


def test_a_quiet_machine_is_said_to_be_quiet(timed):
    assert timed([1.0, 1.0]).sentence == "Nothing else kept the machine busy while the 1 cells ran."


@pytest.mark.parametrize(
    ("load", "said"),
    [
        ({"others": 0.42}, "other processes took 42.0 %"),
        ({"stolen": 0.2, "others": 0.1}, "hypervisor kept back 20.0 %"),
        ({"throttled_seconds": 2.5}, "a quota kept it waiting for 2.50 s"),
        ({"thermal_throttles": 3}, "slowed down for their heat 3 times"),
    ],
)
def test_a_busy_machine_is_announced(timed, tmp_path, load, said):
    found = timed([1.0, 1.0], load=QUIET | load)
    assert said in found.sentence
    assert "during 1 of 1 cells" in found.sentence
    above, _ = write_markdown(tmp_path).read_text().split("\n## Details\n")
    assert said in above
    assert "times are in doubt." in above.split("\n| ")[0]


def test_what_was_not_recorded_is_not_called_quiet(write_results, tmp_path):
    write_results(tmp_path, {("lstm", "ce"): 0.8}, seeds=(1,))
    (cell,) = read_results(tmp_path).ok
    Store(tmp_path).write_result(cell.model_copy(update={"load": None}))
    assert noise(read_results(tmp_path)).sentence == "What else the machine did was not recorded."
