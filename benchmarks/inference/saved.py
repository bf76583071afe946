"""Trained models on disk, and their use in a program: `load_model(path).predict(texts)`.

A cell's `model/` holds what `Model.save` wrote and, beside it, `saved.json`: the cell that trained it, and its classes.
Loading unpickles nothing, and runs no code from the folder unless the user trusts the run's copy of a plug-in.
"""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import numpy as np
import numpy.typing as npt
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from benchmarks.errors import UsageError
from benchmarks.hardware.device import resolve_runtime
from benchmarks.inference.selection import best_cell
from benchmarks.registry.entries import add_plugin, entry, is_sha256, model_class, names, require
from benchmarks.schema.calibration import Calibration
from benchmarks.schema.cell import CellSpec
from benchmarks.schema.confidence import confidence_for, tempered
from benchmarks.store.files import read_bytes, write_text
from benchmarks.store.results import Store, StoreError
from data.arrays import FloatArray
from data.cleaning import clean
from models.model import Model

SAVED_FILE = "saved.json"
PROBE = "a text"
"""Scored when a model is loaded, to count its classes."""


def _distinct(classes: tuple[str, ...]) -> tuple[str, ...]:
    if len(set(classes)) < len(classes):
        raise ValueError("two classes have the same name")
    return classes


class Saved(BaseModel):
    """Content of `saved.json`.

    Attributes:
        spec: the cell that trained the model.
        classes: class names, by index.
        calibration: fitted on validation; None where an older program saved the model.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    schema_version: int = 1
    spec: CellSpec
    classes: Annotated[tuple[str, ...], Field(min_length=2), AfterValidator(_distinct)]
    calibration: Calibration | None = None

    def confidence_for(self, accuracy: float) -> float:
        """Return the calibrated probability from which validation shows that share of predictions to be right.

        Raises:
            UsageError: validation does not show it at any confidence, or the model was saved without calibration.
        """
        if self.calibration is None:
            raise UsageError(
                "the model was saved without its calibration: run the suite again",
                option="min_accuracy",
                value=accuracy,
            )
        found = confidence_for(accuracy, self.calibration)
        if found is None:
            raise UsageError(
                f"{self.calibration.rows:,} validation texts show this accuracy at no confidence (choices: a lower "
                "accuracy, or a run with more validation texts)",
                option="min_accuracy",
                value=accuracy,
            )
        return found


@dataclass(frozen=True)
class Classifier:
    """A trained model for raw texts, with the methods of a scikit-learn classifier.

    Attributes:
        model: the model.
        classes: class names, by index.
        spec: the cell that trained it.
        calibration: fitted on validation; None gives the model's own probabilities.
    """

    model: Model
    classes: tuple[str, ...]
    spec: CellSpec
    calibration: Calibration | None = None

    def predict(self, texts: Sequence[str]) -> npt.NDArray[np.str_]:
        """Return the most probable class of each text, (N,).

        Raises:
            TypeError: `texts` is one text, not a sequence of them.
        """
        predicted: npt.NDArray[np.str_] = np.array(self.classes)[self.own_proba(texts).argmax(axis=1)]
        return predicted

    def predict_proba(self, texts: Sequence[str]) -> FloatArray:
        """Return the calibrated probability of each of `classes` for each text, (N, C).

        The texts are cleaned as the training texts were. Without a calibration the probabilities are the model's own.

        Raises:
            TypeError: `texts` is one text, not a sequence of them.
        """
        own = self.own_proba(texts)
        return own if self.calibration is None or not len(own) else tempered(own, self.calibration.temperature)

    def own_proba(self, texts: Sequence[str]) -> FloatArray:
        """Return the model's own probabilities, before calibration, (N, C).

        Raises:
            TypeError: `texts` is one text, not a sequence of them.
        """
        if isinstance(texts, str):
            raise TypeError("predict and predict_proba take a sequence of texts, such as [text]")
        if not len(texts):
            return np.empty((0, len(self.classes)))
        return self.model.score(self.model.encode([clean(text) for text in texts]))

    def score(self, texts: Sequence[str]) -> FloatArray:
        """Return `predict_proba(texts)`; the name of that method before version 0.2."""
        return self.predict_proba(texts)

    def label(self, texts: Sequence[str]) -> list[str]:
        """Return `predict(texts)` as a list; the name of that method before version 0.2."""
        return list(map(str, self.predict(texts)))


@dataclass(frozen=True)
class Found:
    """A saved model, before it is loaded.

    Attributes:
        folder: where it is.
        saved: its description.
        reason: why this one was chosen.
    """

    folder: Path
    saved: Saved
    reason: str

    def load(self, device: str = "auto", precision: str = "auto", *, raw: bool = False) -> Classifier:
        """Load the model.

        Args:
            device: "auto", "cpu" or "cuda".
            precision: "auto", "fp32", "bf16" or "fp16".
            raw: whether probabilities are the model's own, not the calibrated ones.

        Raises:
            UsageError: its class is not registered, this machine lacks the device, or a file is damaged.
        """
        spec, classes = self.saved.spec, self.saved.classes
        require("models", spec.model, spec.model_plugin)
        runtime = entry("models", spec.model).runtime(resolve_runtime(device, precision))
        try:
            model = model_class(spec.model).load(self.folder, runtime)
            scored = model.score(model.encode([PROBE])).shape[-1]
        except ValueError as error:
            raise UsageError(str(error)) from None
        if scored != len(classes):
            raise UsageError(
                f"{str(self.folder / SAVED_FILE)!r} is damaged: it names {len(classes)} classes, the model has {scored}"
            )
        return Classifier(model, classes, spec, None if raw else self.saved.calibration)

    @property
    def plugin_copy(self) -> Path | None:
        """The run's copy of the plug-in that defines the model; None where none is needed, or none is there."""
        spec = self.saved.spec
        registered = spec.model in names("models") and entry("models", spec.model).plugin == spec.model_plugin
        if registered or not is_sha256(spec.model_plugin):
            return None
        path = self.folder.absolute().parents[2] / "plugins" / f"{spec.model_plugin}.py"
        return path if path.is_file() else None

    def trust_plugin(self) -> None:
        """Register the run's copy of the plug-in that defines the model; its code runs when the model is loaded.

        Raises:
            UsageError: the copy has another content than the one that trained the model.
        """
        if (path := self.plugin_copy) is None:
            return
        if hashlib.sha256(path.read_bytes()).hexdigest() != self.saved.spec.model_plugin:
            raise UsageError(f"{str(path)!r} is damaged: its content differs from the plug-in that trained the model")
        add_plugin(path)


def load_model(
    path: Path | str,
    *,
    cells: str = "*",
    plugins: Sequence[Path | str] = (),
    trust_plugins: bool = False,
    device: str = "auto",
    precision: str = "auto",
    raw: bool = False,
) -> Classifier:
    """Load a saved model, a cell's model, or the best model of a results folder.

    Args:
        path: folder of the model, the cell or the run.
        cells: of a run, choose among the cells whose id matches this glob, such as "lstm-*".
        plugins: files that define the model's class.
        trust_plugins: whether to run the copy of a plug-in that the results folder keeps.
        device: "auto", "cpu" or "cuda".
        precision: "auto", "fp32", "bf16" or "fp16".
        raw: whether probabilities are the model's own, not the calibrated ones; labels are the same.

    Raises:
        UsageError: there is no such model, or it cannot be loaded.
    """
    for plugin in plugins:
        add_plugin(Path(plugin))
    found = find_model(Path(path), cells)
    if trust_plugins:
        found.trust_plugin()
    return found.load(device, precision, raw=raw)


def find_model(
    path: Path, cells: str = "*", usable: Callable[[CellSpec], bool] | None = None, purpose: str = ""
) -> Found:
    """Find the saved model that a path stands for: itself, that of a cell, or that of the best cell of a run.

    Args:
        path: folder of the model, the cell or the run.
        cells: of a run, choose among the cells whose id matches this glob.
        usable: further condition on a cell of a run; None accepts all.
        purpose: what such a cell can do, for messages.

    Raises:
        UsageError: there is none.
    """
    if (path / "run.json").is_file():
        store = Store(path)
        try:
            result, reason = best_cell(store, cells, usable, purpose)
        except StoreError as error:
            raise UsageError(str(error)) from None
        folder = store.cell_folder(result.spec.id) / "model"
        return Found(folder, _read(folder), reason)
    if cells != "*":
        raise UsageError(
            f"{str(path)!r} is not a results folder with cells to choose from", option="cells", value=cells
        )
    folder = path / "model" if (path / "result.json").is_file() else path
    return Found(folder, _read(folder), "as named")


def write_saved(saved: Saved, folder: Path) -> None:
    """Write `saved.json` into the folder that holds the model."""
    write_text(folder / SAVED_FILE, saved.model_dump_json(indent=2) + "\n")


def _read(folder: Path) -> Saved:
    try:
        return Saved.model_validate_json(read_bytes(folder / SAVED_FILE))
    except FileNotFoundError:
        if not folder.is_dir():
            raise UsageError(f"model {str(folder)!r} does not exist") from None
        finding = f"is not a results folder, a cell or a saved model (it has no {SAVED_FILE})"
        raise UsageError(f"model {str(folder)!r} {finding}") from None
    except OSError as error:
        raise UsageError(f"model {str(folder)!r} cannot be read: {error.strerror}") from None
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        raise UsageError(f"{str(folder / SAVED_FILE)!r} is damaged: {where}: {first['msg']}") from None
