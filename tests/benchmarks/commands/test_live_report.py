"""The report while a run goes on: written after cells, seldom if it is slow, and never the end of the run."""

import pytest

from benchmarks.commands import live_report
from benchmarks.commands.live_report import LONGEST, PAUSE, LiveReport


@pytest.fixture
def clock(monkeypatch):
    """A clock that only moves when told."""

    class Clock:
        now = 100.0

        def __call__(self):
            return self.now

    clock = Clock()
    monkeypatch.setattr(live_report, "monotonic", clock)
    return clock


@pytest.fixture
def report(tmp_path, monkeypatch):
    """A live report that takes `seconds`, and the cells after which it was written."""
    said = []
    found = LiveReport({tmp_path: 16}, said.append)
    found.said, found.written, found.seconds = said, [], 0.5

    def write(folder, done):
        found.written.append(done)
        return found.seconds

    monkeypatch.setattr(found, "_write", write)
    return found


def test_a_quick_report_is_written_after_every_cell(report, clock):
    for done in range(1, 4):
        report("results", done)
    assert report.written == [1, 2, 3]


def test_a_slow_report_is_written_less_often(report, clock):
    report.seconds = LONGEST + 1
    report("results", 1)
    clock.now += PAUSE * report.seconds - 1
    report("results", 2)
    clock.now += 2
    report("results", 3)
    assert report.written == [1, 3]


def test_a_fault_of_the_report_is_said_once_and_harms_nothing(report, monkeypatch):
    def fail(folder, done):
        raise MemoryError("no\nmore")

    monkeypatch.setattr(report, "_write", fail)
    report("results", 1)
    report("results", 2)
    assert report.said == ["no report until the run has ended: MemoryError: no more"]


def test_ctrl_c_is_no_fault_of_the_report(report, monkeypatch):
    def interrupt(folder, done):
        raise KeyboardInterrupt

    monkeypatch.setattr(report, "_write", interrupt)
    with pytest.raises(KeyboardInterrupt):
        report("results", 1)


def test_a_damaged_folder_is_a_line(tmp_path):
    said = []
    LiveReport({tmp_path: 16}, said.append)(tmp_path, 1)
    (line,) = said
    assert "StoreError: no results in" in line
