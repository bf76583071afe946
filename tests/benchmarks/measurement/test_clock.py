"""The instrument itself, with a clock that is told what to say."""

import pytest

from benchmarks.measurement.clock import Clock, synchronizer


class FakeTime:
    """Time that passes only when work is done; work on a device is done when it is synchronised."""

    def __init__(self):
        self.now = 100.0
        self.queued = 0.0
        self.synchronizations = 0

    def synchronize(self):
        self.synchronizations += 1
        self.now += self.queued
        self.queued = 0.0

    def clock(self):
        return Clock(self.synchronize, lambda: self.now)


@pytest.fixture
def time():
    return FakeTime()


def test_work_still_queued_before_the_call_is_not_counted_and_work_queued_by_it_is(time):
    time.queued = 7.0

    def call():
        time.queued = 2.0
        time.now += 1.0
        return "value"

    assert time.clock().time(call) == ("value", 3.0)


def test_the_cpu_has_nothing_to_wait_for():
    assert synchronizer("cpu")() is None
