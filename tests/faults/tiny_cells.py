"""Cells that take milliseconds, so that a sweep can be ended many times; what a real one leaves, they leave.

Without torch: imported by processes that are started often.
"""

import ctypes
import os
import resource
import shutil
import subprocess
import sys
import threading
import time
from multiprocessing import parent_process
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.schema.cell import CellSpec
from benchmarks.schema.result import CellResult
from benchmarks.store.results import Store

PRELOAD = ["benchmarks.runs.display", "benchmarks.executors.local", "pandas", "pyarrow.parquet", "pytest"]
"""What these cells and the programs that start them import."""

ROWS, STEPS, WEIGHTS = 2_000, 5, 50_000

TEXT = "a secret text of the data"


def tiny_spec(seed=1, **params):
    return CellSpec(
        dataset="tiny",
        data_fingerprint="0" * 64,
        train_size=10,
        valid_size=10,
        test_size=ROWS,
        model="tiny",
        model_params=params,
        loss="ce",
        loss_params={},
        seed=seed,
        device="cpu",
        precision="fp32",
        code_version="0",
    )


def tiny_cell(spec, store, progress):
    """The same spec leaves the same bytes."""
    generator = np.random.default_rng(spec.seed)
    for step in range(1, STEPS + 1):
        time.sleep(0.004)
        progress(step, STEPS)
    with store.replace_model(spec.id) as folder:
        (folder / "weights").write_bytes(generator.bytes(WEIGHTS))
    shares = generator.random(ROWS)
    frame = pd.DataFrame({"row": np.arange(ROWS), "probability_0": shares, "probability_1": 1 - shares})
    store.write_result(CellResult(spec=spec, status="ok", metrics={"accuracy": shares.mean()}), frame)


def check_whole(store, spec):
    """Whether the cell is done; if so, all that it leaves is as it should be."""
    result = store.read_result(spec.id)
    if result is None or result.status != "ok":
        return False
    generator = np.random.default_rng(spec.seed)
    assert (store.cell_folder(spec.id) / "model" / "weights").read_bytes() == generator.bytes(WEIGHTS)
    shares = generator.random(ROWS)
    assert result == CellResult(spec=spec, status="ok", metrics={"accuracy": shares.mean()})
    np.testing.assert_array_equal(store.read_predictions(spec.id)["probability_0"], shares)
    return True


def faulty_cell(spec, store, progress):
    """What `fault` says, if it is still to happen (`once`: the first time only); else as `tiny_cell`."""
    mark = store.cell_folder(spec.id) / "happened"
    if not (spec.model_params.get("once") and mark.exists()):
        mark.touch()
        print("the last words")
        FAULTS[spec.model_params["fault"]](spec, store.cell_folder(spec.id), progress)
    tiny_cell(spec, store, progress)


def _raise(spec, folder, progress):
    raise ValueError("the first line\nthe second line")


def _diverge(spec, folder, progress):
    raise FloatingPointError("training loss is nan at step 3")


def _exhaust_address_space(spec, folder, progress):
    """`ulimit -v`, 64 MiB above what the process has."""
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    limit = pages * resource.getpagesize() + (64 << 20)
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    kept = []
    while True:
        kept.append(np.ones(1 << 20))


def _exhaust_control_group(spec, folder, progress):
    """A memory control group of 64 MiB, which the test has made: the kernel ends the process."""
    (Path(spec.model_params["group"]) / "cgroup.procs").write_text(str(os.getpid()))
    kept = []
    while True:
        kept.append(np.ones(1 << 20))


def _segfault(spec, folder, progress):
    ctypes.string_at(0)


def _hang_with_a_child(spec, folder, progress):
    child = subprocess.Popen(["sleep", "600"])
    (folder / "child").write_text(str(child.pid))
    progress(1, 2)
    time.sleep(600)


def _hang_after_the_result(spec, folder, progress):
    """What a cell leaves is complete before its time is up; its process is not over."""
    tiny_cell(spec, Store(folder.parents[1]), progress)
    time.sleep(600)


def _leave_a_thread(spec, folder, progress):
    threading.Thread(target=time.sleep, args=(600,)).start()


def _quote(spec, folder, progress):
    raise ValueError(f"could not convert string to float: {TEXT!r}")


def _shout(spec, folder, progress):
    raise RuntimeError("a" * 10_000_000 + "\n" + TEXT)


class MuteError(Exception):
    """An exception of a plug-in that cannot say what it is."""

    def __str__(self):
        raise AttributeError("no message")


def _raise_mute(spec, folder, progress):
    raise MuteError


def _close_the_streams(spec, folder, progress):
    sys.stdout.close()
    os.close(1)
    sys.stderr = None


def _print_anything(spec, folder, progress):
    print("models × losses", "\ud800", "😀")
    print("models × losses", file=sys.stderr)


def _change_directory(spec, folder, progress):
    os.chdir("/")


ESCAPING = """
import os, sys, time
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        with open(sys.argv[1], "w") as file:
            file.write(str(os.getpid()))
        time.sleep(600)
    os._exit(0)
"""


def start_daemon(folder):
    """Start a process that leaves its group and its session, and whose parent ends; its number is in `child`."""
    subprocess.run([sys.executable, "-c", ESCAPING, folder / "child"], check=True)
    while not ((folder / "child").exists() and (folder / "child").read_text()):
        time.sleep(0.01)


def _hang_with_a_daemon(spec, folder, progress):
    start_daemon(folder)
    progress(1, 2)
    time.sleep(600)


def _outlive_the_run_with_a_daemon(spec, folder, progress):
    start_daemon(folder)
    parent_process().join()
    progress(1, 2)


def _die_with_a_daemon(spec, folder, progress):
    start_daemon(folder)
    os.abort()


def _die_with_a_child(spec, folder, progress):
    child = subprocess.Popen(["sleep", "600"])
    (folder / "child").write_text(str(child.pid))
    os.abort()


FAULTS = {
    "exception": _raise,
    "diverged": _diverge,
    "address space": _exhaust_address_space,
    "control group": _exhaust_control_group,
    "segfault": _segfault,
    "abort": lambda *_: os.abort(),
    "exit": lambda *_: os._exit(7),
    "sys.exit": lambda *_: sys.exit(5),
    "hang": _hang_with_a_child,
    "orphans": _die_with_a_child,
    "daemon": lambda spec, folder, progress: start_daemon(folder),
    "hang with a daemon": _hang_with_a_daemon,
    "die with a daemon": _die_with_a_daemon,
    "outlive the run with a daemon": _outlive_the_run_with_a_daemon,
    "late": _hang_after_the_result,
    "thread": _leave_a_thread,
    "quote": _quote,
    "shout": _shout,
    "mute": _raise_mute,
    "exit 0": lambda *_: os._exit(0),
    "closed streams": _close_the_streams,
    "directory": _change_directory,
    "characters": _print_anything,
}


def photographed_cell(spec, store, progress):
    """`tiny_cell`, with a copy of the disk's image before and after each rename: what a loss of power would leave."""
    image, copies = Path(spec.model_params["image"]), Path(spec.model_params["copies"])
    rename = Path.replace

    def photographed(path, target):
        for do in (lambda: None, lambda: rename(path, target)):
            do()
            shutil.copy(image, copies / f"{len(list(copies.iterdir())):03}")

    Path.replace = photographed
    tiny_cell(spec, store, progress)
