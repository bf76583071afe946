"""The instrument itself, with a clock that is told what to say."""

from benchmarks.measurement.clock import synchronizer


def test_work_still_queued_before_the_call_is_not_counted_and_work_queued_by_it_is(time):
    time.queued = 7.0

    def call():
        time.queued = 2.0
        time.now += 1.0
        return "value"

    assert time.clock().time(call) == ("value", 3.0)


def test_the_cpu_has_nothing_to_wait_for():
    assert synchronizer("cpu")() is None
