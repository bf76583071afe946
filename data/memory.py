"""The memory that this process uses and may still use, and a limit on it while a file from elsewhere is read."""

import re
import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil

ROOT = Path("/")


def available(root: Path = ROOT) -> int:
    """Return the bytes that this process may still allocate: free memory of the machine or of its control group.

    Args:
        root: where `proc` and `sys` are mounted; tests have their own.
    """
    return min([psutil.virtual_memory().available, *_left_in_groups(root)])


@contextmanager
def at_most(size: int) -> Iterator[None]:
    """Limit the memory that the block allocates to about `size` bytes; an allocation beyond that is a MemoryError.

    The limit holds for the whole process (`RLIMIT_DATA`), so no other thread should need much memory meanwhile. Memory
    that the heap holds free comes on top: the kernel counts it as used, even where `malloc_trim` has given its pages
    back. Where the system cannot tell how much the process uses, as on macOS, there is no limit.
    """
    used = of_process("VmData")  # what `RLIMIT_DATA` counts: writable private memory
    soft, hard = resource.getrlimit(resource.RLIMIT_DATA)
    if used is None:
        yield
        return
    import pyarrow as pa

    pool = pa.default_memory_pool()
    limit = min([used + size, *(bound for bound in (soft, hard) if bound != resource.RLIM_INFINITY)])
    resource.setrlimit(resource.RLIMIT_DATA, (limit, hard))
    pa.set_memory_pool(pa.system_memory_pool())  # Arrow's own has reserved a gigabyte beforehand, which nobody limits
    try:
        yield
    finally:
        pa.set_memory_pool(pool)
        resource.setrlimit(resource.RLIMIT_DATA, (soft, hard))


def of_process(field: str) -> int | None:
    """Return a size of this process in bytes, by its name in `/proc/self/status`; None where there is no such file."""
    try:
        found = re.search(rf"^{field}:\s+(\d+) kB$", Path("/proc/self/status").read_text(), re.MULTILINE)
    except OSError:
        return None
    return int(found[1]) * 1024 if found else None


def _left_in_groups(root: Path) -> list[int]:
    """Bytes left in each control group that this process belongs to and that has a limit."""
    try:
        lines = (root / "proc/self/cgroup").read_text().splitlines()
    except OSError:
        return []
    found = []
    for line in lines:
        _, controllers, name = line.split(":", 2)
        if controllers == "":
            top, limit, used, cache = root / "sys/fs/cgroup", "memory.max", "memory.current", "inactive_file"
        elif "memory" in controllers.split(","):
            top, limit = root / "sys/fs/cgroup/memory", "memory.limit_in_bytes"
            used, cache = "memory.usage_in_bytes", "total_inactive_file"
        else:
            continue
        found += [_left(folder, limit, used, cache) for folder in _with_parents(top, name)]
    return [left for left in found if left is not None]


def _with_parents(top: Path, name: str) -> list[Path]:
    """The folder of a control group and those of the groups around it; in a container only the topmost may exist."""
    group = top / name.lstrip("/")
    return [folder for folder in (group, *group.parents) if folder.is_relative_to(top)]


def _left(folder: Path, limit: str, used: str, cache: str) -> int | None:
    """Limit of a control group less its use without the file cache; None where it has no limit."""
    try:
        statistics = (folder / "memory.stat").read_text()
        most, taken = (folder / limit).read_text().strip(), int((folder / used).read_text())
    except (OSError, ValueError):
        return None
    if not most.isdecimal():
        return None
    cached = re.search(rf"^{cache} (\d+)$", statistics, re.MULTILINE)
    return max(0, int(most) - taken + (int(cached[1]) if cached else 0))
