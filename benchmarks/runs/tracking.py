"""Results of a run for an experiment tracker: TensorBoard, MLflow or Weights & Biases, through accelerate.

They are written from the results on disk once the cells are done, so that no tracker slows a timed cell, and a run can
be given to a tracker long after it ended. Everything stays in the results folder: MLflow writes a file store, Weights &
Biases its offline files.
"""

import importlib.util
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Literal, get_args

from accelerate import PartialState
from accelerate.tracking import GeneralTracker, MLflowTracker, TensorBoardTracker, WandBTracker

from benchmarks.errors import UsageError
from benchmarks.schema.result import CellResult
from benchmarks.store.files import make_folder, naming, remove
from benchmarks.store.results import Store

Tracker = Literal["tensorboard", "mlflow", "wandb"]


def check_tracker(tracker: Tracker) -> None:
    """Make sure that the tracker's package is installed.

    Raises:
        UsageError: it is not.
    """
    if importlib.util.find_spec(tracker) is None:
        others = ", ".join(name for name in get_args(Tracker) if importlib.util.find_spec(name)) or "none is installed"
        detail = f"it is not installed: pip install -e '.[tracking]' (choices: {others})"
        raise UsageError(detail, option="track", value=tracker)


def track(folder: Path, tracker: Tracker) -> Path:
    """Write every finished cell of a results folder as a run of `tracker`, replacing earlier ones.

    Returns:
        The folder to open with it.

    Raises:
        UsageError: the tracker's package is not installed.
        WriteError: the folder cannot be written to, or leads elsewhere.
    """
    check_tracker(tracker)
    PartialState()  # accelerate's trackers ask it which process they are
    target = folder / "tracking" / tracker
    make_folder(target.parent, folder)
    with naming(target):
        remove(target)
    make_folder(target, folder)
    for result in Store(folder).results():
        if result.status == "ok":
            _write_run(OPEN[tracker](result.spec.id, target.absolute()), result)
    return target


def _tensorboard(name: str, folder: Path) -> GeneralTracker:
    return TensorBoardTracker(run_name=name, logging_dir=folder)


def _mlflow(name: str, folder: Path) -> GeneralTracker:
    import mlflow

    os.environ["MLFLOW_ALLOW_FILE_STORE"] = "true"  # a server's database is more than a folder of results needs
    mlflow.set_tracking_uri(folder.as_uri())
    return MLflowTracker(experiment_name="benchmarks", logging_dir=folder.as_uri(), run_name=name)


def _wandb(name: str, folder: Path) -> GeneralTracker:
    return WandBTracker(run_name="benchmarks", name=name, dir=str(folder), mode="offline")


OPEN: dict[Tracker, Callable[[str, Path], GeneralTracker]] = {
    "tensorboard": _tensorboard,
    "mlflow": _mlflow,
    "wandb": _wandb,
}


def _write_run(tracker: GeneralTracker, result: CellResult) -> None:
    tracker.start()
    tracker.store_init_configuration(dict(_settings(result)))
    for number, entry in enumerate(result.fit.get("history", []), start=1):  # epochs, or strengths of regularisation
        curve = {f"epoch/{name}": value for name, value in entry.items() if name != "epoch"}
        tracker.log(curve, step=int(entry.get("epoch", number)))
    tracker.log({f"test/{name}": value for name, value in result.metrics.items()} | dict(_seconds(result)), step=0)
    tracker.finish()


def _settings(result: CellResult) -> Iterator[tuple[str, Any]]:
    """Yield the settings of a cell as names and values that every tracker can hold."""
    for name, value in result.spec.model_dump().items():
        if isinstance(value, dict):
            yield from ((f"{name}.{key}", _holdable(inner)) for key, inner in value.items())
        else:
            yield name, _holdable(value)


def _holdable(value: object) -> bool | int | float | str:
    """The value itself, or its text where it is no number and no text."""
    if value is None:
        return "none"
    return value if isinstance(value, bool | int | float | str) else str(value)


def _seconds(result: CellResult) -> Iterator[tuple[str, float]]:
    for measurement in result.measurements:
        yield f"seconds/{measurement.phase}", float(sum(measurement.seconds))
