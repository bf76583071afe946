"""Disks that are full, read-only, or lose their power."""

import contextlib
import io
import os
import shutil
import subprocess

import pytest
from rich.console import Console
from tiny_cells import check_whole, photographed_cell, tiny_cell, tiny_spec

from benchmarks.errors import UsageError
from benchmarks.runs.display import Display
from benchmarks.runs.sweep import sweep
from benchmarks.store.lock import hold
from benchmarks.store.results import Store, WriteError


@pytest.fixture
def run(make_executor):
    def run(store, specs, work=tiny_cell):
        said = io.StringIO()
        with Display(Console(file=said, width=1000), specs) as display:
            return sweep(specs, store, make_executor(store, work), display), said.getvalue()

    return run


def test_a_full_disk_loses_nothing_and_the_next_run_finishes(mounted, run):
    disk = mounted("disk", "-t", "tmpfs", "-o", "size=1m", "tmpfs")
    store, specs = Store(disk / "results"), [tiny_spec(seed) for seed in range(1, 21)]
    store.create()
    with pytest.raises(WriteError, match="No space left on device"):
        run(store, specs)  # until not even a row or a log finds room
    results = list(store.results())
    failed = [result for result in results if result.status == "failed"]
    assert all("No space left on device" in result.reason for result in failed)
    assert 3 < sum(check_whole(store, spec) for spec in specs) == len(results) - len(failed)
    subprocess.run(["mount", "-o", "remount,size=16m", disk], check=True)
    assert run(store, specs)[0] == {"ok": len(specs)}
    assert all(check_whole(store, spec) for spec in specs)


def test_a_disk_that_takes_no_row_ends_the_run_with_a_line(mounted, run):
    disk = mounted("disk", "-t", "tmpfs", "-o", "size=1m", "tmpfs")
    store, specs = Store(disk / "results"), [tiny_spec(seed) for seed in (1, 2)]
    store.create()
    run(store, specs[:1])
    with contextlib.suppress(OSError), (disk / "filler").open("wb", buffering=0) as filler:
        while True:
            filler.write(bytes(4096))
    with pytest.raises(WriteError, match=r"result\.json cannot be written: No space left on device") as caught:
        run(store, specs)
    assert "\n" not in str(caught.value)
    assert check_whole(store, specs[0])
    (disk / "filler").unlink()
    assert run(store, specs)[0] == {"ok": 2}


def test_a_disk_that_is_read_only_is_said_in_a_line(mounted, run):
    disk = mounted("disk", "-t", "tmpfs", "-o", "size=1m", "tmpfs")
    store, spec = Store(disk / "results"), tiny_spec()
    store.create()
    run(store, [spec])
    subprocess.run(["mount", "-o", "remount,ro", disk], check=True)
    with pytest.raises(UsageError, match="cannot be written to: Read-only file system"), hold(store.folder):
        pass
    with pytest.raises(WriteError, match="Read-only file system"):
        run(store, [tiny_spec(2)])
    assert check_whole(store, spec)


def test_a_loss_of_power_at_any_rename_loses_nothing_that_was_done(tmp_path, mounted, run):
    """An ext4 disk that writes only what it is told to sync, copied around each rename as power might leave it."""
    if not shutil.which("mkfs.ext4"):
        pytest.skip("no mkfs.ext4 here")
    image, copies = tmp_path / "image", tmp_path / "copies"
    image.write_bytes(b"")
    os.truncate(image, 8 << 20)
    subprocess.run(["mkfs.ext4", "-q", image], check=True)
    disk = mounted("disk", "-o", "loop,commit=600", image)
    copies.mkdir()
    store = Store(disk / "results")
    specs = [tiny_spec(seed, image=str(image), copies=str(copies)) for seed in (1, 2)]
    store.create()
    for done, spec in enumerate(specs, start=1):
        run(store, [spec], photographed_cell)
        shutil.copy(image, copies / f"{len(list(copies.iterdir())):03}-{done}-done")
    taken = sorted(copies.iterdir())
    assert len(taken) == 2 * (3 * 2 + 1)
    before = 0
    for number, copy in enumerate(taken):
        after_loss = Store(mounted(f"copy-{number}", "-o", "loop", copy) / "results")
        done = sum(check_whole(after_loss, spec) for spec in specs)
        assert done >= before
        if copy.name.endswith("-done"):
            before = int(copy.name.split("-")[1])
            assert done == before
        assert run(after_loss, specs)[0] == {"ok": 2}
        assert all(check_whole(after_loss, spec) for spec in specs)
