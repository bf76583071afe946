"""Load of the machine while a cell runs: other processes, the hypervisor, quotas and heat."""

import os
import time
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

from benchmarks.hardware.control_groups import cpu_files
from benchmarks.schema.measurements import Load

PROCESSORS = Path("/sys/devices/system/cpu")


@dataclass(frozen=True)
class Moment:
    """Counters of processor time, in seconds since a fixed moment; None where the system does not keep one."""

    clock: float
    busy: float
    stolen: float
    own: float
    throttled: float | None
    thermal_throttles: int | None


def observe() -> Moment:
    """Read the counters."""
    whole = psutil.cpu_times()
    stolen = float(getattr(whole, "steal", 0.0))
    idle = whole.idle + getattr(whole, "iowait", 0.0)
    # A guest's time is counted within user's.
    busy = sum(whole) - idle - stolen - getattr(whole, "guest", 0.0) - getattr(whole, "guest_nice", 0.0)
    return Moment(
        clock=time.monotonic(),
        busy=busy,
        stolen=stolen,
        own=own_seconds(),
        throttled=throttled_seconds(cpu_files("cpu.stat")),
        thermal_throttles=thermal_throttles(PROCESSORS),
    )


def own_seconds() -> float:
    """Processor time of this process and its descendants, of ended ones too if their parents waited for them."""
    this = psutil.Process()
    seconds = 0.0
    for process in (this, *this.children(recursive=True)):
        with suppress(psutil.NoSuchProcess):
            times = process.cpu_times()
            seconds += times.user + times.system + times.children_user + times.children_system
    return seconds


def load_between(begin: Moment, end: Moment, workers: float = 0.0) -> Load:
    """Compute the load between two moments of the same process.

    Args:
        begin: the earlier moment.
        end: the later one.
        workers: processor time (s) that other processes of the same cell spent between them.
    """
    available = max((end.clock - begin.clock) * (psutil.cpu_count() or 1), 1e-9)
    others = (end.busy - begin.busy) - (end.own - begin.own) - workers
    throttled = None if begin.throttled is None or end.throttled is None else end.throttled - begin.throttled
    slowed = (begin.thermal_throttles, end.thermal_throttles)
    return Load(
        load_average=os.getloadavg()[0],
        others=min(max(others / available, 0.0), 1.0),
        stolen=min(max((end.stolen - begin.stolen) / available, 0.0), 1.0),
        throttled_seconds=throttled,
        thermal_throttles=None if slowed[0] is None or slowed[1] is None else slowed[1] - slowed[0],
    )


def worst(first: Load | None, second: Load | None) -> Load | None:
    """Join the loads of two processes that timed the same cell: the larger value of each counter."""
    if first is None or second is None:
        return first or second
    pairs = {name: (getattr(first, name), getattr(second, name)) for name in Load.model_fields}
    return Load.model_validate(
        {name: max((value for value in pair if value is not None), default=None) for name, pair in pairs.items()}
    )


def throttled_seconds(files: Iterable[Path]) -> float | None:
    """Read the first `cpu.stat` that counts: microseconds in version 2 of control groups, nanoseconds in version 1."""
    for path in files:
        try:
            counters = dict(line.split() for line in path.read_text().splitlines())
        except (OSError, ValueError):
            continue
        for name, unit in (("throttled_usec", 1e-6), ("throttled_time", 1e-9)):
            if name in counters:
                return int(counters[name]) * unit
    return None


def thermal_throttles(processors: Path) -> int | None:
    """Number of times that a processor slowed down for its heat since the machine started; None where unknown."""
    files = list(processors.glob("cpu[0-9]*/thermal_throttle/core_throttle_count"))
    try:
        return sum(int(path.read_text()) for path in files) if files else None
    except (OSError, ValueError):
        return None
