"""Control groups as the host and as a container see them, in both versions."""

import pytest

from benchmarks.hardware.control_groups import cpu_files, processor_quota


@pytest.fixture
def groups(tmp_path):
    """Writes the files of a machine; where membership and control groups are."""

    def write(membership, files):
        (tmp_path / "cgroup").write_text(membership)
        for path, content in files.items():
            (tmp_path / "fs" / path).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / "fs" / path).write_text(content)
        return tmp_path / "cgroup", tmp_path / "fs"

    return write


@pytest.mark.parametrize(
    ("membership", "files", "quota"),
    [
        ("0::/app/cell\n", {"app/cell/cpu.max": "150000 100000\n"}, 1.5),
        ("0::/app/cell\n", {"app/cell/cpu.max": "max 100000\n", "app/cpu.max": "400000 100000\n"}, 4.0),
        ("0::/app/cell\n", {"app/cell/cpu.max": "max 100000\n"}, None),
        ("0::/on/the/host\n", {"cpu.max": "200000 100000\n"}, 2.0),
        ("4:cpu,cpuacct:/a\n", {"cpu/a/cpu.cfs_quota_us": "250000\n", "cpu/a/cpu.cfs_period_us": "100000\n"}, 2.5),
        ("4:cpu:/a\n", {"cpu/cpu.cfs_quota_us": "-1\n", "cpu/cpu.cfs_period_us": "100000\n"}, None),
        ("0::/\n", {"cpu.max": "nonsense\n"}, None),
        ("0::/\n", {"cpu.max": "100000 0\n"}, None),
        ("7:blkio:/\n", {}, None),
    ],
    ids=[
        "own", "an outer group's", "no limit", "in a container", "version 1", "version 1 without limit",
        "unreadable", "no period", "no controller",
    ],
)  # fmt: skip
def test_the_smallest_quota_on_the_way_up_counts(groups, membership, files, quota):
    assert processor_quota(*groups(membership, files)) == quota


def test_without_control_groups_there_is_no_quota(tmp_path):
    assert processor_quota(tmp_path / "absent", tmp_path) is None


def test_counters_are_looked_for_from_the_own_group_upwards(groups):
    membership, mounted = groups("0::/app/cell\n4:cpu:/v1\n", {"cpu.stat": ""})
    assert [str(path.relative_to(mounted)) for path in cpu_files("cpu.stat", membership, mounted)] == [
        "app/cell/cpu.stat", "app/cpu.stat", "cpu.stat", "cpu/v1/cpu.stat", "cpu/cpu.stat",
    ]  # fmt: skip
