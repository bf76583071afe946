"""The time of a training, by a clock that is told the time; progress and checkpoints."""

import pytest

from benchmarks.cells.monitor import SPAN_STEPS, WARMUP_STEPS, TrainingMonitor


def train(monitor, time, epochs, steps, validation=50.0):
    done = 0
    for _ in range(epochs):
        with monitor.training():
            for _ in range(steps):
                done += 1
                time.queued += 10.0 if done <= WARMUP_STEPS else 1.0
                monitor.step(done, epochs * steps, examples=4, tokens=40, shapes=[(4, 12)])
        time.now += validation


def test_a_training_rate_leaves_out_warm_up_and_validation(time):
    monitor = TrainingMonitor(time.clock(), lambda done, total: None)
    train(monitor, time, epochs=3, steps=17)
    steps = 3 * 17 - WARMUP_STEPS
    assert sum(monitor.spans.seconds) == pytest.approx(steps * 1.0)
    assert sum(monitor.spans.examples) == steps * 4
    assert sum(monitor.spans.tokens) == steps * 40
    assert monitor.spans.examples == [40, 8, 40, 28, 40, 28]
    assert sum(monitor.spans.padded_tokens) == steps * 4 * 12
    assert sum(monitor.spans.padded_squares) == steps * 4 * 12**2


def test_the_device_is_synchronised_once_a_span_not_once_a_step(time):
    monitor = TrainingMonitor(time.clock(), lambda done, total: None)
    train(monitor, time, epochs=1, steps=WARMUP_STEPS + 10 * SPAN_STEPS)
    assert time.synchronizations <= 2 * 10 + 4


def test_a_training_shorter_than_the_warm_up_has_no_rate(time):
    monitor = TrainingMonitor(time.clock(), lambda done, total: None)
    train(monitor, time, epochs=2, steps=2)
    assert monitor.spans.seconds == []


class FakeCheckpoint:
    """Writing takes 5 s."""

    def __init__(self, time):
        self.time, self.kept = time, []

    def write(self, state, spent):
        self.time.now += 5.0
        self.kept.append((state, spent.model_copy(deep=True)))

    def read(self):
        return self.kept[-1] if self.kept else None


def fit(time, checkpoint, epochs, **training):
    """The seconds of the parts of a training that lasts `epochs` epochs, and its monitor."""
    monitor = TrainingMonitor(time.clock(), lambda done, total: None, checkpoint)

    with monitor.fitting():
        monitor.restore()
        time.now += 2.0
        for _ in range(epochs):
            train(monitor, time, epochs=1, **training)
            monitor.keep(lambda: "state")
    return monitor.parts, monitor


def test_only_a_long_training_is_kept(time):
    checkpoint = FakeCheckpoint(time)
    fit(time, checkpoint, epochs=3, steps=2, validation=0.0)  # 60 s of steps
    assert len(checkpoint.kept) == 1
    checkpoint.kept.clear()
    fit(time, checkpoint, epochs=1, steps=2, validation=37.5)
    assert checkpoint.kept == []


def test_seconds_to_fit_are_those_of_all_parts_without_writing(time):
    checkpoint = FakeCheckpoint(time)
    (first,), monitor = fit(time, checkpoint, epochs=2, steps=7)  # 52 s of steps, then 7 s of them; 50 s of validation
    assert first == 2.0 + (52.0 + 50.0) + (50.0 + 52.0)
    assert len(checkpoint.kept) == 2
    parts, resumed = fit(time, checkpoint, epochs=1, steps=7)
    assert parts == [first, 2.0 + 102.0]
    assert resumed.spans.seconds == [*monitor.spans.seconds, 2.0]  # its own warm-up left out


def test_progress_is_passed_on(time):
    seen = []
    train(TrainingMonitor(time.clock(), lambda done, total: seen.append((done, total))), time, epochs=1, steps=3)
    assert seen == [(1, 3), (2, 3), (3, 3)]
