"""Linux control groups: the files that hold a process's limits and counters."""

from collections.abc import Iterator
from pathlib import Path

CGROUPS = Path("/sys/fs/cgroup")
MEMBERSHIP = Path("/proc/self/cgroup")


def cpu_files(name: str, membership: Path = MEMBERSHIP, mounted: Path = CGROUPS) -> Iterator[Path]:
    """Yield possible paths of a CPU controller file, in this process's control group and its parents.

    The innermost group comes first, by its path on the host; in a container only the mount's root may exist. Not every
    path exists.

    Args:
        name: of the file, as "cpu.stat".
        membership: `/proc/self/cgroup`.
        mounted: where control groups are mounted.
    """
    for folder in _cpu_folders(membership, mounted):
        yield folder / name


def processor_quota(membership: Path = MEMBERSHIP, mounted: Path = CGROUPS) -> float | None:
    """Return the processors' worth of time that control groups leave this process; None without a limit.

    `cpu.max` of version 2 holds "quota period" or "max period"; version 1 has a file for each, and -1 for no limit.
    """
    quotas = []
    for folder in _cpu_folders(membership, mounted):
        found = _words(folder / "cpu.max") or _words(folder / "cpu.cfs_quota_us") + _words(folder / "cpu.cfs_period_us")
        if len(found) == 2 and all(word.isdecimal() and int(word) for word in found):
            quotas.append(int(found[0]) / int(found[1]))
    return min(quotas, default=None)


def _cpu_folders(membership: Path, mounted: Path) -> list[Path]:
    """The folders of the CPU controller's groups, innermost first: version 2, then version 1."""
    try:
        lines = [line.split(":", 2) for line in membership.read_text().splitlines()]
    except OSError:
        return []
    groups = {controllers: group.lstrip("/") for _, controllers, group in lines}
    first = next((group for names, group in groups.items() if "cpu" in names.split(",")), None)
    found = _with_parents(mounted, groups[""]) if "" in groups else []
    return found + (_with_parents(mounted / "cpu", first) if first is not None else [])


def _with_parents(top: Path, group: str) -> list[Path]:
    folder = top / group
    return [each for each in (folder, *folder.parents) if each.is_relative_to(top)]


def _words(path: Path) -> list[str]:
    try:
        return path.read_text().split()
    except OSError:
        return []
