"""A sweep of tiny cells, ended at random moments.

A program of its own, from which each attempt is forked, and so starts at once:

    python tiny_sweep.py FOLDER CELLS KILLS SEED

Prints what was killed, then what the last attempt, which is not disturbed, ended with.
"""

import contextlib
import os
import random
import signal
import sys
import time
from collections import Counter
from pathlib import Path

from rich.console import Console
from tiny_cells import PRELOAD, check_whole, tiny_cell, tiny_spec

from benchmarks.executors.local import LocalExecutor
from benchmarks.runs.display import Display
from benchmarks.runs.sweep import sweep
from benchmarks.store.lock import hold
from benchmarks.store.results import Store

MARK = "TINY_SWEEP"
LONGEST = 0.5
"""Seconds until an attempt is ended, counted from its first moment or from its first cell."""


def attempt(store, specs):
    """What `run` does in its folder."""
    store.create()
    with hold(store.folder), Display(Console(stderr=True), specs) as display:
        store.clear_temporary()
        store.write_run(
            dict.fromkeys(("suite", "device", "precision", "code_version"), "tiny") | {"dataset": {}, "planned": []}
        )
        return sweep(specs, store, LocalExecutor(store, tiny_cell, PRELOAD[:-1]), display)


def forked(store, specs, mark):
    pid = os.fork()
    if pid:
        return pid
    os.environ[MARK] = mark
    try:
        outcomes = attempt(store, specs)
        os._exit(0 if outcomes == {"ok": len(specs)} else 3)
    except BaseException as error:  # noqa: BLE001
        print(repr(error), file=sys.stderr, flush=True)
        os._exit(1)


def descendants(mark):
    """Processes that began with an attempt, whoever their parent is now: cells last."""
    found = []
    for folder in Path("/proc").iterdir():
        try:
            if folder.name.isdigit() and f"{MARK}={mark}\0".encode() in (folder / "environ").read_bytes():
                found.append(int(folder.name))
        except OSError:
            continue
    return sorted(pid for pid in found if pid != os.getpid())


def cell_of(mark):
    """The cell that runs: it leads a session of its own."""
    for pid in descendants(mark):
        try:
            if os.getsid(pid) == pid:
                return pid
        except ProcessLookupError:
            continue
    return None


def kill(pid):
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)


def has_ended(pid):
    return os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None


def comes_true(condition, seconds=60.0):
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.005)
    return True


def main(folder, cells, kills, seed):
    store, chance = Store(Path(folder)), random.Random(seed)
    specs = [tiny_spec(seed) for seed in range(1, cells + 1)]
    killed, survivors = Counter(), 0
    for number in range(kills):
        mark = f"{os.getpid()}-{number}"
        parent = forked(store, specs, mark)
        target = chance.choice(["parent", "parent", "cell", "both"])
        if chance.random() < 0.75:  # the others are ended from the first moment on
            comes_true(lambda mark=mark, parent=parent: cell_of(mark) or has_ended(parent))
        time.sleep(chance.uniform(0.0, LONGEST))
        cell = cell_of(mark)
        if target != "parent" and cell:
            kill(cell)
        if target == "cell" and cell:
            time.sleep(0.1)  # the parent records it, and goes on
        kill(parent)
        os.waitpid(parent, 0)
        killed[target if cell else "parent between cells"] += 1
        survivors += not comes_true(lambda mark=mark: not descendants(mark))
        for spec in chance.sample(specs, 20):
            check_whole(store, spec)
    done = sum(check_whole(store, spec) for spec in specs)
    _, status = os.waitpid(forked(store, specs, "last"), 0)
    print(
        f"kills={sum(killed.values())} {dict(killed)} survivors={survivors} done before the last={done} "
        f"last={os.waitstatus_to_exitcode(status)}"
    )


if __name__ == "__main__":
    main(sys.argv[1], *map(int, sys.argv[2:]))
