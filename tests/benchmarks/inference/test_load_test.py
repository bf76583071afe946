"""Latencies under load count the waiting, and the search ends at a rate that keeps the limit."""

import time

import numpy as np
import pytest

from benchmarks.inference import load_test
from benchmarks.inference.load_test import LARGEST_BATCH, LEAST_BOUND, search, sweep, trial
from benchmarks.measurement.clock import Clock


class Server:
    """A clock that stands still but for the server's work and its waiting for texts."""

    def __init__(self, seconds):
        self.now, self.seconds, self.batches = 0.0, seconds, []

    def label(self, texts):
        self.batches.append(len(texts))
        self.now += self.seconds(len(texts))

    def clock(self):
        return Clock(lambda: None, lambda: self.now)


@pytest.fixture
def sleepless(monkeypatch):
    def sleepless(server):
        monkeypatch.setattr(load_test.time, "sleep", lambda wait: setattr(server, "now", server.now + wait))
        return server

    yield sleepless
    monkeypatch.undo()


def test_an_idle_server_answers_at_once(sleepless):
    server = sleepless(Server(lambda texts: 0.001))
    found = trial(server.label, ["a"], 5.0, lambda seconds: True, server.clock(), seed=0)
    assert np.median(found.seconds) == pytest.approx(0.001)
    assert len(found.seconds) == LEAST_BOUND <= found.batches + 10


def test_a_server_that_is_too_slow_makes_texts_wait(sleepless):
    """At twice the capacity of single texts, each waits for those before it; batches save it."""
    alone = sleepless(Server(lambda texts: 0.01 * texts))
    late = trial(alone.label, ["a"], 200.0, lambda seconds: True, alone.clock(), seed=0)
    assert late.seconds[-1] > 1.0
    assert max(alone.batches) == LARGEST_BATCH
    together = sleepless(Server(lambda texts: 0.01))
    assert max(trial(together.label, ["a"], 200.0, lambda seconds: True, together.clock(), 0).seconds) < 0.05


def test_the_search_ends_near_the_capacity(sleepless):
    server = sleepless(Server(lambda texts: 0.005 * texts))  # 200 texts a second at most
    trials = search(server.label, ["a", "b"], 200.0, lambda own: max(own) < 0.05, server.clock(), seed=1)
    kept = max(one.rate for one in trials if one.kept)
    missed = min(one.rate for one in trials if not one.kept)
    assert 50 < kept < missed <= 200
    assert missed / kept < 1.3


def test_a_limit_that_nothing_keeps_has_no_rate(sleepless):
    server = sleepless(Server(lambda texts: 1.0))
    assert not any(one.kept for one in search(server.label, ["a"], 1.0, lambda own: max(own) < 0.5, server.clock(), 1))


def test_batches_are_of_other_texts(sleepless):
    server = sleepless(Server(lambda texts: 0.001 * texts))
    seen = []
    found = sweep(lambda own: (seen.append(tuple(own)), server.label(own)), list("abcdefgh"), server.clock())
    assert [one.texts for one in found] == [1, 2, 4, 8]
    assert [one.seconds[0] for one in found] == pytest.approx([0.001, 0.002, 0.004, 0.008])
    assert seen[0] != seen[4]


def test_real_time_passes(monkeypatch):
    monkeypatch.setattr(load_test, "LEAST_BOUND", 20)
    found = trial(lambda texts: time.sleep(0.001), ["a"], 400.0, lambda own: True, Clock(lambda: None), 0)
    assert min(found.seconds) >= 0.001
