"""What cells do in these tests; a module of its own, because the processes of cells import it."""

import os
import signal
import time
from dataclasses import dataclass
from pathlib import Path

import psutil

from benchmarks.schema.result import CellResult
from benchmarks.store.results import Store


def nothing(spec, store, progress):
    store.write_result(CellResult(spec=spec, status="ok", metrics={"accuracy": 0.5}))


def note_device(spec, store, progress):
    """Leave when the cell ran, and on which GPU and processors it was told to."""
    began = time.monotonic()
    time.sleep(0.2)
    names = ("CUDA_VISIBLE_DEVICES", "OMP_NUM_THREADS")
    environment = {name: os.environ.get(name) for name in names} | {"began": began, "ended": time.monotonic()}
    store.write_result(CellResult(spec=spec, status="ok", environment=environment))


def note_device_and_meet(spec, store, progress):
    """As `note_device`, once a cell has begun on each of two GPUs: cells one after another never get there."""
    meeting = store.folder / "meeting"
    meeting.mkdir(exist_ok=True)
    (meeting / os.environ["CUDA_VISIBLE_DEVICES"]).touch()
    deadline = time.monotonic() + 60
    while len(list(meeting.iterdir())) < 2:
        if time.monotonic() > deadline:
            raise TimeoutError("no cell began on the other GPU")
        time.sleep(0.02)
    note_device(spec, store, progress)


def fail(spec, store, progress):
    raise ValueError("no such luck")


def save_odd_names(spec, store, progress):
    """As a plug-in's `save` may: file names with blanks, and one that no store packs."""
    with store.replace_model(spec.id) as folder:
        (folder / "my weights (1).bin").write_bytes(b"1")
        (folder / ".hidden").write_bytes(b"2")
        if spec.seed == 2:
            (folder / "two\nlines").write_bytes(b"3")
    nothing(spec, store, progress)


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
    """Notes which process writes results, on how many processors it measured, and what it heard of its workers."""

    def write_result(self, result, predictions=None, explanations=None):
        import torch  # here: Ray's processes, which need no torch, import this file, too

        note(self, "written.txt", torch.get_num_threads())
        super().write_result(result, predictions, explanations)


def note(store, name, said):
    """Append a line to a file: the process's rank, and what it says."""
    with (store.folder / name).open("a") as file:
        file.write(f"{os.environ['RANK']} {said}\n")


def run_witnessed(spec, store, progress):
    """The cell itself; which process wrote, each step, which seed each epoch had, and what workers took, are noted."""
    import torch

    from benchmarks.cells import run_cell as execution
    from models.neural.training import Training

    epoch, load_between = Training.epoch, execution.load_between

    def noted_epoch(self, *arguments):
        note(store, "seeds.txt", torch.initial_seed())
        return epoch(self, *arguments)

    def noted_load(begin, end, workers):
        note(store, "workers.txt", workers)
        return load_between(begin, end, workers)

    def noted_progress(done, total):
        note(store, "steps.txt", f"{done} {total}")
        progress(done, total)

    Training.epoch, execution.load_between = noted_epoch, noted_load
    execution.run_cell(spec, Witness(store.folder), noted_progress)


def helper_astray(spec, store, progress):
    """The cell itself; its helper begins with other weights, and finds that every epoch is beyond measure."""
    import torch

    from benchmarks.cells import run_cell as execution
    from models.lstm import Lstm
    from models.neural import torch_classifier

    initialise, judge = Lstm._initialise, torch_classifier.judged_by

    def astray(self, network):
        initialise(self, network)
        if os.environ["RANK"] == "1":
            for parameter in network.parameters():
                torch.nn.init.ones_(parameter)

    Lstm._initialise = astray
    torch_classifier.judged_by = lambda *found: (
        {"valid_loss": float("inf"), "valid_accuracy": 0.0} if os.environ["RANK"] == "1" else judge(*found)
    )
    execution.run_cell(spec, store, progress)


def helper_fails(spec, store, progress):
    """The main process waits for what never comes, as it may on a GPU; the helper raises an exception."""
    from benchmarks.cells import distributed as ranks

    ranks.launch(2, lambda rank: fail(spec, store, progress) if rank else time.sleep(1_000))


def helper_dies(spec, store, progress):
    """As `helper_fails`, but it is killed."""
    from benchmarks.cells import distributed as ranks

    ranks.launch(2, lambda rank: die(spec, store, progress) if rank else time.sleep(1_000))


def keep_every_epoch(spec, store, progress):
    """The cell itself, which could be interrupted after any epoch."""
    from benchmarks.cells import monitor
    from benchmarks.cells import run_cell as execution

    monitor.CHECKPOINT_SECONDS = 0.0
    execution.run_cell(spec, store, progress)


def keep_every_epoch_and_die(step, spec, store, progress):
    """The same, until all processes that train are killed after a step."""

    def die(done, total):
        progress(done, total)
        if done == step:
            for process in psutil.Process(os.getppid()).children():
                process.kill()

    keep_every_epoch(spec, store, die)


def helper_is_seen_to_die_last(spec, store, progress):
    """The main process fails because the helper is dying, and is over before it."""
    from benchmarks.cells import distributed as ranks

    def die_slowly():
        time.sleep(0.3)
        die(spec, store, progress)

    ranks.launch(2, lambda rank: die_slowly() if rank else fail(spec, store, progress))
