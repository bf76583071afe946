"""What cells do in these tests; a module of its own, because the processes of cells import it."""

import os
import signal
import time
from dataclasses import dataclass
from pathlib import Path

from benchmarks.cell import CellResult
from benchmarks.store import Store


def nothing(spec, store, progress):
    store.write_result(CellResult(spec=spec, status="ok", metrics={"accuracy": 0.5}))


def note_device(spec, store, progress):
    """Leave when the cell ran, and on which GPU and processors it was told to."""
    began = time.monotonic()
    time.sleep(0.2)
    names = ("CUDA_VISIBLE_DEVICES", "OMP_NUM_THREADS")
    environment = {name: os.environ.get(name) for name in names} | {"began": began, "ended": time.monotonic()}
    store.write_result(CellResult(spec=spec, status="ok", environment=environment))


def fail(spec, store, progress):
    raise ValueError("no such luck")


def die(spec, store, progress):
    print("about to die", flush=True)
    os.kill(os.getpid(), signal.SIGSEGV)


def wait_for_go(spec, store, progress):
    """Say which process the cell is, and wait until the test says go."""
    meeting = Path(os.environ["MEETING"])
    (meeting / f"{spec.seed}.{os.getpid()}").touch()
    while not (meeting / "go").exists():
        time.sleep(0.02)
    print("went", flush=True)
    nothing(spec, store, progress)


@dataclass(frozen=True)
class Witness(Store):
    """Notes which process writes results."""

    def write_result(self, result, predictions=None, explanations=None):
        with (self.folder / "written.txt").open("a") as file:
            file.write(f"{os.environ.get('RANK')}\n")
        super().write_result(result, predictions, explanations)


def run_witnessed(spec, store, progress):
    from benchmarks import execution  # here: Ray's processes, which need no torch, import this file, too

    execution.run_cell(spec, Witness(store.folder), progress)


def keep_every_epoch(spec, store, progress):
    """The cell itself, which could be interrupted after any epoch."""
    from benchmarks import clock, execution

    clock.KEEP_AFTER = 0.0
    execution.run_cell(spec, store, progress)
