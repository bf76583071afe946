"""Sweeps of tiny cells that are disturbed at random moments: a campaign of its own.

    python tests/faults/tiny_sweep.py FOLDER KILLS [SEED]      from the checkout, with it on PYTHONPATH

Attempt after attempt goes on in the same folder. Each is forked from this program, so that it starts at once, and gets
a signal: the process that runs the sweep, its fork server, its resource tracker, the process of a cell, or that one's
group; KILL, TERM, HUP, INT, or STOP for a moment. Then the attempt is killed, its processes are counted after ten
seconds, and its results are checked. The last attempt is not disturbed. Prints which process got which signal, and
which were left.

As a test, with the results compared to those of an undisturbed sweep, bit for bit:

    KILLS=200 python -m pytest tests/faults/test_sweeps.py -s -k random_kills
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
CELLS_PER_KILL = 10
LONGEST = 0.5
"""Seconds until an attempt is disturbed, counted from its first moment or from its first cell."""

GONE_AFTER = 10.0
"""Seconds after which no process of a killed attempt may be left."""

TARGETS = ["parent"] * 3 + ["cell"] * 2 + ["group", "server", "tracker"]
SIGNALS = [signal.SIGKILL] * 3 + [signal.SIGTERM, signal.SIGHUP, signal.SIGINT, signal.SIGSTOP]


def attempt(store, specs):
    """As `run` does in its folder."""
    store.create()
    with hold(store.folder) as is_held, Display(Console(stderr=True), specs) as display:
        store.clear_temporary()
        store.write_run(
            dict.fromkeys(("suite", "device", "precision", "code_version"), "tiny") | {"dataset": {}, "planned": []}
        )
        executor = LocalExecutor(store, tiny_cell, PRELOAD[:-1])
        return sweep(specs, store, executor, display, is_held=is_held)


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
    """Processes that began with an attempt, whoever their parent is now: pid -> command line."""
    found = {}
    for folder in Path("/proc").iterdir():
        try:
            if folder.name.isdigit() and f"{MARK}={mark}\0".encode() in (folder / "environ").read_bytes():
                found[int(folder.name)] = (folder / "cmdline").read_bytes().decode()
        except OSError:
            continue
    found.pop(os.getpid(), None)
    return found


def described(mark):
    """The processes that are left: pid, parent, state, how they wait, command line."""
    for pid, command in descendants(mark).items():
        with contextlib.suppress(OSError):
            state, parent, group, session = Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2].split()[:4]
            waits = Path(f"/proc/{pid}/wchan").read_text()
            yield f"{pid} of {parent}, group {group}, session {session}, {state} {waits}: {command[:200]!r}"


def is_leader(pid):
    with contextlib.suppress(ProcessLookupError):
        return os.getsid(pid) == pid
    return False


def processes(mark, parent):
    """Target -> its process, as far as it runs."""
    found = {"parent": parent}
    for pid, command in descendants(mark).items():
        if "resource_tracker" in command:
            found["tracker"] = pid
        elif is_leader(pid):
            found["cell"] = found["group"] = pid
        elif "forkserver" in command:
            found["server"] = pid
    return found


def has_ended(pid):
    return os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None


def comes_true(condition, seconds):
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.005)
    return True


def disturb(target, pid, number, chance):
    """Send the signal; a process that is stopped goes on after a moment."""
    send = os.killpg if target == "group" else os.kill
    with contextlib.suppress(ProcessLookupError):
        send(pid, number)
        if number == signal.SIGSTOP:
            time.sleep(chance.uniform(0.0, 0.3))
            send(pid, signal.SIGCONT)


def kill_once(store, specs, mark, chance):
    """Run one attempt and disturb it; what got which signal, and whether processes are left."""
    parent = forked(store, specs, mark)
    target, number = chance.choice(TARGETS), chance.choice(SIGNALS)
    if chance.random() < 0.75:  # the others are disturbed from the first moment on
        comes_true(lambda: "cell" in processes(mark, parent) or has_ended(parent), 60.0)
    time.sleep(chance.uniform(0.0, LONGEST))
    found = processes(mark, parent)
    target = target if target in found else "parent"
    disturb(target, found[target], number, chance)
    if target != "parent" or number != signal.SIGKILL:
        time.sleep(chance.uniform(0.0, 0.2))  # it records what happened, ends, or goes on
    disturb("parent", parent, signal.SIGKILL, chance)
    os.waitpid(parent, 0)
    is_left = not comes_true(lambda: not descendants(mark), GONE_AFTER)
    if is_left:
        print(f"after {target} {number.name}:", *described(mark), sep="\n    ", file=sys.stderr, flush=True)
    return f"{target} {number.name}", is_left


def main(folder, kills, seed=1):
    store, chance = Store(Path(folder)), random.Random(seed)
    specs = [tiny_spec(seed) for seed in range(1, CELLS_PER_KILL * kills + 1)]
    sent, survivors = Counter(), 0
    for number in range(kills):
        what, is_left = kill_once(store, specs, f"{os.getpid()}-{number}", chance)
        sent[what] += 1
        survivors += is_left
        for spec in chance.sample(specs, min(20, len(specs))):
            check_whole(store, spec)
    done = sum(check_whole(store, spec) for spec in specs)
    _, status = os.waitpid(forked(store, specs, "last"), 0)
    last = os.waitstatus_to_exitcode(status)
    print(f"signals={sent.total()} {dict(sorted(sent.items()))} survivors={survivors} done before the last={done}")
    print(f"after the last={sum(check_whole(store, spec) for spec in specs)} last={last}")


if __name__ == "__main__":
    main(sys.argv[1], *map(int, sys.argv[2:]))
