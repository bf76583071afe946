"""What else the machine does while a cell runs, and what holds the cell back."""

import os
import time
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

from benchmarks.schema.measurements import Load

CGROUPS = Path("/sys/fs/cgroup")
PROCESSORS = Path("/sys/devices/system/cpu")


@dataclass(frozen=True)
class Moment:
    """Counters of processor time, in seconds since some moment; None where the system does not keep one."""

    clock: float
    busy: float
    stolen: float
    own: float
    throttled: float | None
    thermal_throttles: int | None


def observe() -> Moment:
    """The counters now."""
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
        throttled=throttled_seconds(_cpu_stat_files()),
        thermal_throttles=thermal_throttles(PROCESSORS),
    )


def own_seconds() -> float:
    """Processor time of this process and of all that it started: those that live, and those that it waited for."""
    this = psutil.Process()
    seconds = 0.0
    for process in (this, *this.children(recursive=True)):
        with suppress(psutil.NoSuchProcess):
            times = process.cpu_times()
            seconds += times.user + times.system + times.children_user + times.children_system
    return seconds


def load_between(begin: Moment, end: Moment, helpers: float = 0.0) -> Load:
    """What happened between two moments of the same process; `helpers`: processor time (s) of others of its cell."""
    available = max((end.clock - begin.clock) * (psutil.cpu_count() or 1), 1e-9)
    others = (end.busy - begin.busy) - (end.own - begin.own) - helpers
    throttled = None if begin.throttled is None or end.throttled is None else end.throttled - begin.throttled
    slowed = (begin.thermal_throttles, end.thermal_throttles)
    return Load(
        load_average=os.getloadavg()[0],
        others=min(max(others / available, 0.0), 1.0),
        stolen=min(max((end.stolen - begin.stolen) / available, 0.0), 1.0),
        throttled_seconds=throttled,
        thermal_throttles=None if slowed[0] is None or slowed[1] is None else slowed[1] - slowed[0],
    )


def throttled_seconds(files: Iterable[Path]) -> float | None:
    """From the first readable `cpu.stat`: microseconds in version 2 of control groups, nanoseconds in version 1."""
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
    """How often any processor slowed down for its heat since the machine started."""
    files = list(processors.glob("cpu[0-9]*/thermal_throttle/core_throttle_count"))
    try:
        return sum(int(path.read_text()) for path in files) if files else None
    except (OSError, ValueError):
        return None


def _cpu_stat_files() -> list[Path]:
    """Where this process's control group may keep its counters: as the host sees it, and as a container does."""
    try:
        lines = Path("/proc/self/cgroup").read_text().splitlines()
    except OSError:
        return []
    groups = {controllers: group.lstrip("/") for _, controllers, group in (line.split(":", 2) for line in lines)}
    first = next((group for names, group in groups.items() if "cpu" in names.split(",")), None)
    places = [CGROUPS / groups[""], CGROUPS] if "" in groups else []
    places += [CGROUPS / "cpu" / first, CGROUPS / "cpu"] if first is not None else []
    return [place / "cpu.stat" for place in places]
