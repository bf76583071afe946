"""A trained model as it lies on disk, and its use in a program: `load_model(path).score(texts)`.

A cell's `model/` holds what `Model.save` wrote and, beside it, `saved.json`: which cell it is of, and its classes.
Nothing in it is ever unpickled or run.
"""

import fnmatch
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from pydantic import BaseModel, ConfigDict, ValidationError

from benchmarks.errors import UsageError
from benchmarks.hardware.device import resolve_device, resolve_precision
from benchmarks.registry.entries import add_plugin, entry, model_class, require
from benchmarks.schema.cell import CellSpec
from benchmarks.schema.result import CellResult
from benchmarks.store.results import Store, StoreError
from data.cleaning import clean
from models.model import FloatArray, Model, Runtime

SAVED_FILE = "saved.json"


class Saved(BaseModel):
    """What `saved.json` holds.

    Attributes:
        spec: the cell that trained the model.
        classes: class names, by index.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    schema_version: int = 1
    spec: CellSpec
    classes: tuple[str, ...]


@dataclass(frozen=True)
class Found:
    """A saved model, before it is loaded.

    Attributes:
        folder: where it is.
        saved: what it says of itself.
        reason: why this one, as a user reads it.
    """

    folder: Path
    saved: Saved
    reason: str


@dataclass(frozen=True)
class Classifier:
    """A trained model that reads texts as they come.

    Attributes:
        model: the model.
        classes: class names, by index.
        spec: the cell that trained it.
    """

    model: Model
    classes: tuple[str, ...]
    spec: CellSpec

    def score(self, texts: Sequence[str]) -> FloatArray:
        """(N, C) probabilities of `classes` for N texts, cleaned as training texts were.

        Raises:
            TypeError: `texts` is one text, not a sequence of them.
        """
        if isinstance(texts, str):
            raise TypeError("score takes a sequence of texts: score([text])")
        if not texts:
            return np.empty((0, len(self.classes)))
        return self.model.score(self.model.encode([clean(text) for text in texts]))

    def label(self, texts: Sequence[str]) -> list[str]:
        """The most probable class of each text."""
        return [self.classes[index] for index in self.score(texts).argmax(axis=1)]


def load_model(
    path: Path | str,
    *,
    cells: str = "*",
    plugins: Sequence[Path | str] = (),
    device: str = "auto",
    precision: str = "auto",
) -> Classifier:
    """The model in a saved model's or a cell's folder, or the best one of a results folder.

    Args:
        path: the folder.
        cells: of a results folder, only cells whose id matches this glob, see `find_model`.
        plugins: files that its class comes from; a saved model brings no code of its own.
        device: "auto", "cpu" or "cuda".
        precision: "auto", "fp32", "bf16" or "fp16".

    Raises:
        UsageError: there is no such model, or it cannot be loaded.
    """
    for plugin in plugins:
        add_plugin(Path(plugin))
    return load_found(find_model(Path(path), cells), device, precision)


def load_found(found: Found, device: str = "auto", precision: str = "auto") -> Classifier:
    """Load what `find_model` found.

    Raises:
        UsageError: it cannot be loaded here.
    """
    spec = found.saved.spec
    require("models", spec.model, spec.model_plugin)
    resolved = resolve_device(device)
    runtime = entry("models", spec.model).runtime(Runtime(resolved, resolve_precision(precision, resolved)))
    try:
        model = model_class(spec.model).load(found.folder, runtime)
    except ValueError as error:
        raise UsageError(str(error)) from None
    return Classifier(model, found.saved.classes, spec)


def find_model(path: Path, cells: str = "*") -> Found:
    """The saved model that a path means: its folder, its cell's folder, or that of the run whose best it is.

    The best cell of a run is the one with the highest accuracy on validation; of equals, the lowest log loss. Test rows
    have no say: chosen by them, a model would look better than it is.

    Args:
        path: the folder.
        cells: in a run, only cells whose id matches this glob ("lstm-*").

    Raises:
        UsageError: there is none.
    """
    if (path / "run.json").is_file():
        store = Store(path)
        try:
            result, reason = _best_cell(store, cells)
        except StoreError as error:
            raise UsageError(str(error)) from None
        folder = store.cell_folder(result.spec.id) / "model"
        return Found(folder, _read(folder), reason)
    if cells != "*":
        raise UsageError(f"--cell {cells!r} chooses among the cells of a results folder, and {str(path)!r} is none")
    folder = path / "model" if (path / "result.json").is_file() else path
    return Found(folder, _read(folder), "named")


def write_saved(saved: Saved, folder: Path) -> None:
    """Write `saved.json` into the folder that holds the model."""
    (folder / SAVED_FILE).write_text(saved.model_dump_json(indent=2) + "\n", encoding="utf-8")


def _read(folder: Path) -> Saved:
    try:
        return Saved.model_validate_json((folder / SAVED_FILE).read_bytes())
    except FileNotFoundError:
        what = "is no results folder, cell or saved model" if folder.is_dir() else "does not exist"
        raise UsageError(f"model {str(folder)!r} {what} (it has no {SAVED_FILE})") from None
    except OSError as error:
        raise UsageError(f"model {str(folder)!r} cannot be read: {error.strerror}") from None
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        raise UsageError(f"{str(folder / SAVED_FILE)!r} is damaged: {where}: {first['msg']}") from None


def _best_cell(store: Store, pattern: str) -> tuple[CellResult, str]:
    planned = set(store.read_run()["planned"])
    trained = [
        result
        for result in store.results()
        if result.status == "ok" and result.spec.role == "result" and result.spec.id in planned
    ]
    matching = [result for result in trained if fnmatch.fnmatchcase(result.spec.id, pattern)]
    if not matching:
        choices = ", ".join(result.spec.id for result in trained) or "none ended ok"
        raise UsageError(f"--cell {pattern!r} matches no trained cell of {str(store.folder)!r} (choices: {choices})")
    if len(matching) == 1:
        return matching[0], "the only cell" if pattern == "*" else f"the only cell that matches {pattern!r}"
    judged = [result for result in matching if _validation(result)]
    if not judged:
        raise UsageError(
            f"no cell of {str(store.folder)!r} has an accuracy on validation to choose by: name one with --cell "
            f"(choices: {', '.join(result.spec.id for result in matching)})"
        )
    best = max(judged, key=_validation)
    return best, f"highest accuracy on validation, {_validation(best)[0]:.2%}, of {len(judged)} cells"


def _validation(result: CellResult) -> tuple[float, ...]:
    """Accuracy and minus log loss on validation of the weights that were kept; empty where the model kept none."""
    history, selected = result.fit.get("history") or [], result.fit.get("selected", 0)
    if selected >= len(history) or not {"valid_accuracy", "valid_loss"} <= history[selected].keys():
        return ()
    return history[selected]["valid_accuracy"], -history[selected]["valid_loss"]
