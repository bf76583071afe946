import numpy as np
import psutil
import pytest

from data.memory import at_most, available

MB = 2**20


@pytest.fixture
def machine(tmp_path):
    """A machine's `proc` and `sys`: write the files of control groups there."""

    def machine(groups, files):
        (tmp_path / "proc/self").mkdir(parents=True)
        (tmp_path / "proc/self/cgroup").write_text(groups)
        for name, content in files.items():
            path = tmp_path / "sys/fs/cgroup" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(content)
        return tmp_path

    return machine


def test_the_tightest_control_group_counts(machine):
    root = machine(
        "0::/outer/inner\n",
        {
            "outer/memory.max": f"{100 * MB}\n",
            "outer/memory.current": f"{80 * MB}\n",
            "outer/memory.stat": f"anon 1\ninactive_file {10 * MB}\n",
            "outer/inner/memory.max": "max\n",
            "outer/inner/memory.current": "5\n",
            "outer/inner/memory.stat": "inactive_file 0\n",
        },
    )
    assert available(root) == 30 * MB


def test_a_container_sees_its_group_at_the_top(machine):
    root = machine(
        "5:cpu:/\n4:memory:/docker/abc\n",
        {
            "memory/memory.limit_in_bytes": f"{64 * MB}",
            "memory/memory.usage_in_bytes": f"{70 * MB}",
            "memory/memory.stat": "total_inactive_file 0\n",
        },
    )
    assert available(root) == 0


@pytest.mark.parametrize("groups", ["", "0::/\n", "3:cpu:/a\n"])
def test_without_a_limit_the_machine_counts(machine, groups):
    assert available(machine(groups, {})) == pytest.approx(psutil.virtual_memory().available, rel=0.2)


def test_a_machine_without_control_groups(tmp_path):
    assert available(tmp_path) == pytest.approx(psutil.virtual_memory().available, rel=0.2)


def test_an_allocation_beyond_the_limit_is_refused():
    with at_most(64 * MB):
        np.ones(MB)  # 8 MB
        with pytest.raises(MemoryError):
            np.ones(32 * MB)
    assert np.ones(32 * MB).nbytes == 256 * MB
