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
from benchmarks.inference.cascade import Cascade, Stage
from benchmarks.inference.selection import best_cell
from benchmarks.inference.text_input import check_texts
from benchmarks.registry.entries import add_plugin, entry, is_sha256, model_class, names, require
from benchmarks.schema.calibration import Calibration
from benchmarks.schema.cascade import Cascade as Rule
from benchmarks.schema.cell import CellSpec
from benchmarks.schema.confidence import confidence_for, tempered
from benchmarks.store.files import read_bytes, write_text
from benchmarks.store.results import Store, StoreError
from data.arrays import FloatArray
from data.cleaning import clean
from models.model import Encoded, Model

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
        cascade: thresholds of a cascade, whose stages are saved in folders of their own; None for any other model.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    schema_version: int = 1
    spec: CellSpec
    classes: Annotated[tuple[str, ...], Field(min_length=2), AfterValidator(_distinct)]
    calibration: Calibration | None = None
    cascade: Rule | None = None

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
class Scored:
    """N texts, scored.

    Attributes:
        probabilities: (N, C) of the classes.
        empty: (N,) whether nothing is left of a text once it is cleaned.
        unknown: (N,) whether a text has words, of which training saw none.
    """

    probabilities: FloatArray
    empty: npt.NDArray[np.bool_]
    unknown: npt.NDArray[np.bool_]


@dataclass(frozen=True, repr=False)
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
            TypeError, ValueError: `texts` is one text, or one of them holds half a character (a surrogate).
        """
        predicted: npt.NDArray[np.str_] = np.array(self.classes)[self.own_proba(texts).argmax(axis=1)]
        return predicted

    def predict_proba(self, texts: Sequence[str]) -> FloatArray:
        """Return the calibrated probability of each of `classes` for each text, (N, C).

        The texts are cleaned as the training texts were. Without a calibration the probabilities are the model's own.

        Raises:
            TypeError, ValueError: `texts` is one text, or one of them holds half a character (a surrogate).
        """
        return self._calibrated(self.own_proba(texts))

    def own_proba(self, texts: Sequence[str]) -> FloatArray:
        """Return the model's own probabilities, before calibration, (N, C).

        Raises:
            TypeError, ValueError: `texts` is one text, or one of them holds half a character (a surrogate).
        """
        check_texts(texts)
        return self.scores(self.encode(texts)) if len(texts) else np.empty((0, len(self.classes)))

    def scored(self, texts: Sequence[str]) -> Scored:
        """Return `predict_proba(texts)`, and the texts of which the model knows no word; there is at least one text."""
        cleaned = [clean(text) for text in texts]
        encoded = self.model.encode(cleaned)
        empty = np.array([not text for text in cleaned])
        unknown = np.zeros(len(texts), dtype=np.bool_) if encoded.known is None else ~empty & (encoded.known == 0)
        return Scored(self._calibrated(self.scores(encoded)), empty, unknown)

    def encode(self, texts: Sequence[str]) -> Encoded:
        """Clean texts and turn them into the model's input."""
        return self.model.encode([clean(text) for text in texts])

    def scores(self, encoded: Encoded) -> FloatArray:
        """Return the model's own probabilities of encoded texts, (N, C)."""
        return self.model.score(encoded)

    def _calibrated(self, own: FloatArray) -> FloatArray:
        return own if self.calibration is None or not len(own) else tempered(own, self.calibration.temperature)

    def __repr__(self) -> str:
        """Name the cell and the classes; a model's own representation has pages."""
        return f"Classifier({self.spec.id}, classes={list(self.classes)})"

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
        try:
            model = self._model(device, precision)
            scored = model.score(model.encode([PROBE])).shape[-1]
        except ValueError as error:
            raise UsageError(str(error)) from None
        if scored != len(classes):
            raise UsageError(
                f"{str(self.folder / SAVED_FILE)!r} is damaged: it names {len(classes)} classes, the model has {scored}"
            )
        return Classifier(model, classes, spec, None if raw else self.saved.calibration)

    def _model(self, device: str, precision: str) -> Model:
        spec, rule = self.saved.spec, self.saved.cascade
        if rule is None:
            require("models", spec.model, spec.model_plugin)
            runtime = entry("models", spec.model).runtime(resolve_runtime(device, precision))
            return model_class(spec.model).load(self.folder, runtime)
        stages = [found.load(device, precision) for found in self.stages]
        calibrated = [Stage(one.model, one.calibration.temperature) for one in stages if one.calibration is not None]
        if len(calibrated) < len(stages) or any(one.classes != self.saved.classes for one in stages):
            raise ValueError(f"{str(self.folder)!r} is damaged: a stage has other classes, or no calibration")
        return Cascade(calibrated, rule)

    @property
    def stages(self) -> "tuple[Found, ...]":
        """The stages of a cascade, each a saved model; none of any other model.

        Raises:
            UsageError: one is missing or damaged.
        """
        folders = (stage_folder(self.folder, number + 1) for number in range(len(self.saved.spec.stages)))
        return tuple(Found(folder, _read(folder), "stage of a cascade") for folder in folders)

    @property
    def specs(self) -> tuple[CellSpec, ...]:
        """The cells that trained the model: its own, or those of the stages."""
        return tuple(stage.saved.spec for stage in self.stages) or (self.saved.spec,)

    @property
    def plugin_copies(self) -> dict[str, Path]:
        """Model -> the run's copy of the plug-in that defines it, where it is needed and there."""
        parents = self.folder.absolute().parents
        if len(parents) < 3:  # no folder of a run's cell lies so near the root
            return {}
        kept = parents[2] / "plugins"
        found = {spec.model: kept / f"{spec.model_plugin}.py" for spec in self.specs if _lacks_plugin(spec)}
        return {name: path for name, path in found.items() if path.is_file()}

    def trust_plugins(self) -> None:
        """Register the run's copies of the plug-ins that define the model; their code runs when the model is loaded.

        Raises:
            UsageError: a copy has another content than the one that trained the model.
        """
        for path in self.plugin_copies.values():
            if hashlib.sha256(path.read_bytes()).hexdigest() != path.stem:
                raise UsageError(f"{str(path)!r} is damaged: its content differs from the plug-in of the training")
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
        found.trust_plugins()
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


def stage_folder(folder: Path, number: int) -> Path:
    """Where a cascade keeps a stage, numbered from 1."""
    return folder / f"stage-{number}"


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


def _lacks_plugin(spec: CellSpec) -> bool:
    """Whether a plug-in file defined the model, and no model of that name and origin is registered."""
    registered = spec.model in names("models") and entry("models", spec.model).plugin == spec.model_plugin
    return not registered and is_sha256(spec.model_plugin)
