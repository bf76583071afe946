"""Cells over the devices of one machine, which are described here: none of them needs to exist."""

import sys
from itertools import pairwise
from pathlib import Path

import pytest

from benchmarks.errors import UsageError
from benchmarks.executors.local import LocalExecutor
from benchmarks.hardware import slots
from benchmarks.hardware.slots import Slot, check_devices, grouped, share, threads
from benchmarks.runs.sweep import _stages


def ignore(spec, done, total):
    pass


@pytest.fixture
def work(monkeypatch):
    """The module of what cells do."""
    monkeypatch.syspath_prepend(str(Path(__file__).parents[1]))
    import cells_of_tests

    yield cells_of_tests
    del sys.modules["cells_of_tests"]


def test_a_gpu_s_cell_has_its_part_of_the_processors_and_a_cpu_s_all():
    assert share(16, ["0", "3"]) == {"cpu": [Slot(16)], "cuda": [Slot(8, "0"), Slot(8, "3")]}
    assert share(2, ["0", "1", "2"])["cuda"] == [Slot(1, "0"), Slot(1, "1"), Slot(1, "2")]
    assert share(4) == {"cpu": [Slot(4)], "cuda": []}


@pytest.mark.parametrize(("said", "expected"), [("3", 3), ("0", None), ("", None), ("all", None)])
def test_a_limit_on_threads_is_kept(monkeypatch, said, expected):
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    unlimited = threads()
    monkeypatch.setenv("OMP_NUM_THREADS", said)
    assert threads() == (expected or unlimited)


@pytest.mark.parametrize(("quota", "expected"), [(None, 6), (2.5, 2), (0.5, 1), (64.0, 6)])
def test_a_quota_of_the_control_group_limits_the_threads(monkeypatch, quota, expected):
    """A container with `--cpus=2` on a machine of 64 may run on all 64, for a thirty-second of the time."""
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    monkeypatch.setattr(slots.os, "sched_getaffinity", lambda _: set(range(6)), raising=False)
    monkeypatch.setattr(slots, "processor_quota", lambda: quota)
    assert threads() == expected


def test_cells_are_spread_over_gpus_one_at_a_time_each(store, make_spec, work):
    specs = [make_spec(seed=seed).model_copy(update={"device": "cuda"}) for seed in range(6)]
    executor = LocalExecutor(store, work.note_device_and_meet, slots=share(8, ["GPU-a", "GPU-b"]))
    results = list(executor.run(specs, ignore))
    assert [result.status for result in results] == ["ok"] * 6, results
    told = [result.environment for result in results]
    assert {one["OMP_NUM_THREADS"] for one in told} == {"4"}
    spans = {gpu: sorted((o["began"], o["ended"]) for o in told if o["CUDA_VISIBLE_DEVICES"] == gpu)
             for gpu in ("GPU-a", "GPU-b")}  # fmt: skip
    assert sum(map(len, spans.values())) == 6
    for of_one_gpu in spans.values():
        assert all(earlier[1] <= later[0] for earlier, later in pairwise(of_one_gpu))


def test_gpus_are_grouped_and_processors_stay_together():
    shares = share(8, ["a", "b", "c", "d", "e"])
    assert grouped(shares["cuda"], 2) == [Slot(2, "a,b"), Slot(2, "c,d")]
    assert grouped(shares["cuda"], 1) == shares["cuda"]
    assert grouped(shares["cpu"], 2) == [Slot(8)]


@pytest.mark.parametrize(("available", "choices"), [(3, "1 to 3"), (1, "1")])
def test_more_devices_than_there_are_is_one_line(available, choices):
    check_devices(available, available, "GPUs", "this machine")
    message = rf"^devices_per_cell=4: this machine has {available} GPUs for a cell \(choices: {choices}\)$"
    with pytest.raises(UsageError, match=message):
        check_devices(4, available, "GPUs", "this machine")


def test_cells_on_two_gpus_each_are_spread_over_the_groups(store, make_spec, work):
    specs = [make_spec(seed=seed).model_copy(update={"device": "cuda", "devices": 2}) for seed in range(4)]
    executor = LocalExecutor(store, work.note_device, slots=share(10, ["a", "b", "c", "d", "e"]))
    told = [result.environment for result in executor.run(specs, ignore)]
    # The second group is taken only while a cell has the first one.
    assert {(one["CUDA_VISIBLE_DEVICES"], one["OMP_NUM_THREADS"]) for one in told} == {("a,b", "4"), ("c,d", "4")}


def test_cells_on_the_cpu_run_one_after_another_whatever_gpus_there_are(store, make_spec, work):
    executor = LocalExecutor(store, work.note_device, slots=share(8, ["GPU-a", "GPU-b"]))
    told = [result.environment for result in executor.run([make_spec(seed=seed) for seed in range(2)], ignore)]
    assert [one["OMP_NUM_THREADS"] for one in told] == ["8", "8"]
    assert told[0]["ended"] <= told[1]["began"]


def test_no_cell_begins_after_the_user_asked_for_an_end(store, make_spec, work):
    asked = []

    def until_two_began():
        for seed in range(6):
            if len(asked) == 2:
                return
            yield make_spec(seed=seed).model_copy(update={"device": "cuda"})

    executor = LocalExecutor(store, work.note_device, slots=share(8, ["GPU-a", "GPU-b"]))
    ended = list(executor.run(until_two_began(), lambda spec, done, total: asked.append(spec)))
    assert len(ended) == len(asked) == 2


def test_devices_and_audits_have_stages_of_their_own(make_spec):
    cpu, audit = make_spec(), make_spec().model_copy(update={"role": "repeated"})
    cuda = make_spec(seed=2).model_copy(update={"device": "cuda"})
    two = cuda.model_copy(update={"devices": 2})
    assert [stage for stage in _stages([cpu, cuda, audit, two]) if stage] == [[cpu], [cuda], [two], [audit]]
