"""Latencies under load count the waiting, and the search ends at a rate that keeps the limit."""

import time

import numpy as np
import pytest

from benchmarks.inference import load_test
from benchmarks.inference.load_test import LARGEST_BATCH, LEAST_SEARCHED, late_bound, search, sweep, trial
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
    found = trial(server.label, ["a"], 5.0, 1.0, server.clock(), seed=0)
    assert found.p50 == pytest.approx(0.001)
    assert found.texts == LEAST_SEARCHED <= found.batches + 10
    assert (found.late, found.kept) == (0.0, True)


def test_a_server_that_is_too_slow_makes_texts_wait(sleepless):
    """At twice the capacity of single texts, each waits for those before it; batches save it."""
    alone = sleepless(Server(lambda texts: 0.01 * texts))
    late = trial(alone.label, ["a"], 200.0, 100.0, alone.clock(), seed=0)
    assert late.p99 > 1.0
    assert max(alone.batches) == LARGEST_BATCH
    together = sleepless(Server(lambda texts: 0.01))
    assert trial(together.label, ["a"], 200.0, 100.0, together.clock(), 0).p99 < 0.05


def test_a_trial_ends_once_the_limit_is_missed_for_certain(sleepless):
    server = sleepless(Server(lambda texts: 1.0))
    found = trial(server.label, ["a"], 200.0, 0.5, server.clock(), 0, confirming=True)
    assert not found.kept
    assert found.texts < 0.05 * 200 * load_test.CONFIRMING


def test_the_search_ends_near_the_capacity_with_a_rate_that_two_minutes_confirm(sleepless):
    server = sleepless(Server(lambda texts: 0.005 * texts))  # 200 texts a second at most
    trials = search(server.label, ["a", "b"], 200.0, 0.05, server.clock(), seed=1)
    found = max(one.rate for one in trials if one.kept and one.confirming)
    missed = min(one.rate for one in trials if not one.kept)
    assert 50 < found < missed <= 200
    assert missed / found < 1.5
    (last,) = [one for one in trials if one.confirming and one.kept]
    assert last is trials[-1]
    assert last.texts == int(last.rate * load_test.CONFIRMING)


def test_a_rate_that_a_longer_trial_does_not_confirm_is_lowered(sleepless, monkeypatch):
    """A pause of a second every 20 seconds: most trials of ten seconds see one at their end, or none."""
    monkeypatch.setattr(load_test, "STEPS", 1)
    server = Server(lambda texts: 0.001)
    server.label = lambda texts: setattr(server, "now", server.now + (1.0 if server.now % 20 > 19 else 0.001))
    sleepless(server)
    trials = search(server.label, ["a"], 100.0, 0.05, server.clock(), seed=1)
    assert trials[0].kept
    assert [one.kept for one in trials[1:]] == [False] * load_test.CONFIRMATIONS
    assert [one.rate for one in trials[1:]] == pytest.approx([50 * 0.85**step for step in range(4)])


def test_a_limit_that_nothing_keeps_has_no_rate(sleepless):
    server = sleepless(Server(lambda texts: 1.0))
    assert not any(one.kept for one in search(server.label, ["a"], 1.0, 0.5, server.clock(), 1))


def test_late_texts_count_by_their_blocks():
    spread, together = np.zeros(10_000, dtype=bool), np.zeros(10_000, dtype=bool)
    spread[::200] = True
    together[:50] = True
    assert spread.mean() == together.mean() == 0.005
    assert 0.006 < late_bound(spread) < 0.008
    assert late_bound(together) > 0.02
    assert late_bound(np.zeros(371, dtype=bool)) <= 0.01 < late_bound(np.zeros(365, dtype=bool))
    assert late_bound(np.zeros(5, dtype=bool)) == 1.0


def queue(generator, rate, limits):
    """Whether each text in a queue of one server, which takes 1 on average, is later than 99 % are in the long run.

    The latency of M/M/1 is exponential with the mean 1 / (1 - rate); the trial is so many of these limits long.
    """
    limit = np.log(100) / (1 - rate)
    texts = int(rate * limits * limit)
    arrivals, served = generator.exponential(1 / rate, texts), generator.exponential(1.0, texts)
    latency, late = 0.0, np.empty(texts, dtype=bool)
    for place in range(texts):
        latency = max(latency - arrivals[place], 0.0) + served[place]
        late[place] = latency > limit
    return late


@pytest.mark.parametrize("load", [0.3, 0.6, 0.8])
def test_the_bound_of_a_queue_is_rarely_below_the_truth(load):
    """Where exactly one text in a hundred is late, about half of the trials show fewer, and the bound knows."""
    generator = np.random.default_rng(0)
    trials = [queue(generator, load, load_test.LIMITS) for _ in range(100)]
    assert np.mean([own.mean() < 0.01 for own in trials]) > 0.4
    assert np.mean([late_bound(own) < 0.01 for own in trials]) <= 0.15


def test_batches_are_of_other_texts(sleepless):
    server = sleepless(Server(lambda texts: 0.001 * texts))
    seen = []
    found = sweep(lambda own: (seen.append(tuple(own)), server.label(own)), list("abcdefgh"), server.clock())
    assert [one.texts for one in found] == [1, 2, 4, 8]
    assert [one.seconds[0] for one in found] == pytest.approx([0.001, 0.002, 0.004, 0.008])
    assert seen[0] != seen[4]


def test_real_time_passes(monkeypatch):
    monkeypatch.setattr(load_test, "SEARCHING", 0.1)
    began = time.monotonic()
    found = trial(lambda texts: time.sleep(0.001), ["a"], 400.0, 1.0, Clock(lambda: None), 0)
    assert 0.001 <= found.p50 <= found.p99 <= time.monotonic() - began
