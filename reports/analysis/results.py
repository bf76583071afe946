"""A results folder as read: planned cells, their results and predictions."""

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd
from pydantic import ValidationError

from benchmarks.redaction import without_folders
from benchmarks.schema.audits import acknowledge
from benchmarks.schema.cell import Params
from benchmarks.schema.measurements import Ceiling
from benchmarks.schema.result import CellResult
from benchmarks.schema.run import RunRecord
from benchmarks.store.results import CELL_ID, Store, StoreError
from reports.analysis.predictions import Predictions, read_predictions

FIGURES = "figures"
"""The folder of a report's figures, beside its other files."""

REFERENCE_LOSS = "ce"
"""The loss every other one is compared with."""

ENCODER, AIM = "encoder", "aim"
"""The parameters that name pre-trained weights and what a cascade is for; they are part of a name in every report."""


@dataclass(frozen=True)
class Configuration:
    """A model and a loss with their parameters, on a number of training rows; repeats and seeds are its trainings.

    Attributes:
        key: a name that no other configuration has: the id of its first cell.
        model, loss: names to show; where one name ran with several parameters, with those that differ in brackets.
        model_name, loss_name: registry names.
        model_params, loss_params: every parameter.
        train_size: training rows.
        device, precision: what it ran on.
        cells: its cells that ended ok, by repeat and seed.
        engine: that served its networks; "" is the model's own code.
        shared: share of its training rows that a repeat has in common with another one on average.
    """

    key: str
    model: str
    loss: str
    model_name: str
    loss_name: str
    model_params: Params
    loss_params: Params
    train_size: int
    device: str
    precision: str
    cells: tuple[CellResult, ...]
    engine: str = ""
    shared: float = 0.0

    @property
    def trainings(self) -> tuple[tuple[int, int], ...]:
        """(repeat, seed) of each cell."""
        return tuple((cell.spec.repeat, cell.spec.seed) for cell in self.cells)

    @property
    def contender(self) -> tuple[str, int, str, str]:
        """The group within which losses are compared: model, training rows, device, precision."""
        return self.model, self.train_size, self.device, self.precision


@dataclass(frozen=True, eq=False)
class Results:
    """A results folder.

    Attributes:
        folder: where it is.
        run: `run.json`.
        cells: results of planned cells, in planned order.
        missing: ids of planned cells that have no result.
        unplanned: how many results of earlier runs, of other data, device or code, lie in the folder; left out.
    """

    folder: Path
    run: Mapping[str, Any]
    cells: tuple[CellResult, ...]
    missing: tuple[str, ...]
    unplanned: int
    _predictions: dict[str, Predictions] = field(default_factory=dict, repr=False)
    _ids: dict[int, str] = field(default_factory=dict, repr=False)

    @cached_property
    def ok(self) -> tuple[CellResult, ...]:
        """Cells that ended ok."""
        return tuple(cell for cell in self.cells if cell.status == "ok")

    def cell_id(self, cell: CellResult) -> str:
        """The id of one of the cells; worked out once, since it is a digest of the whole specification."""
        if id(cell) not in self._ids:
            self._ids[id(cell)] = cell.spec.id
        return self._ids[id(cell)]

    @cached_property
    def alarms(self) -> dict[str, int]:
        """Audits that failed as errors which nobody acknowledged, and in how many cells each."""
        return dict(Counter(audit.name for cell in self.ok for audit in cell.audits if audit.alarms))

    @cached_property
    def differing_environment(self) -> tuple[str, ...]:
        """The facts of machine and software that differ between cells; times do not compare across them."""
        environments = [cell.environment for cell in self.ok]
        keys = sorted({key for environment in environments for key in environment})
        return tuple(key for key in keys if len({json.dumps(e.get(key), sort_keys=True) for e in environments}) > 1)

    @cached_property
    def ceilings(self) -> tuple[Ceiling, ...]:
        """The measured ceilings of this machine's devices, before and after the cells; empty without a measurement."""
        return tuple(Ceiling.model_validate(ceiling) for ceiling in self.run.get("ceilings", []))

    @property
    def energy_sources(self) -> tuple[str, ...]:
        """The sources of energy readings, or the reasons for none."""
        return tuple(dict.fromkeys(cell.energy for cell in self.ok))

    @property
    def price_per_hour(self) -> float | None:
        """Price of an hour of the machine, if the user gave it."""
        price = self.run.get("price_per_hour")
        return None if price is None else float(price)

    @property
    def margin(self) -> float | None:
        """Difference in accuracy that the user declared not to matter, as a share; None if none was declared."""
        points = self.run.get("margin_points")
        return None if points is None else float(points) / 100

    @property
    def redrawn_from(self) -> int:
        """Rows from which repeats draw their training rows."""
        data = self.run["dataset"]
        return int(data["redrawn_from"] or data["train"] + data["valid"])

    @property
    def resumed(self) -> int:
        """Cells whose training was interrupted and went on from a checkpoint."""
        return sum(bool(cell.fit_parts) for cell in self.ok)

    def predictions(self, cell: CellResult) -> Predictions:
        """The predictions of a cell that ended ok; read once.

        Raises:
            StoreError: the file is not what such a cell leaves.
        """
        own = self.cell_id(cell)
        if own not in self._predictions:
            self._predictions[own] = read_predictions(Store(self.folder), cell, own)
        return self._predictions[own]

    def adopt(self, cell: CellResult, key: str, predictions: Predictions) -> None:
        """Let a cell that is not of the folder, such as one served by an engine, have these predictions.

        Args:
            cell: the caller keeps it as long as these results.
            key: a name that no cell has.
            predictions: of the same test rows.
        """
        self._ids[id(cell)], self._predictions[key] = key, predictions

    @cached_property
    def configurations(self) -> tuple[Configuration, ...]:
        """Configurations with at least one cell that ended ok, in planned order."""
        groups: dict[str, list[CellResult]] = {}
        for cell in self.ok:
            if cell.spec.role != "result":
                continue
            groups.setdefault(cell.spec.configuration, []).append(cell)
        return tuple(self._configuration(cells) for cells in groups.values())

    def _configuration(self, cells: Sequence[CellResult]) -> Configuration:
        spec = cells[0].spec
        return Configuration(
            key=self.cell_id(cells[0]),
            model=self.model_label(cells[0]),
            loss=self.loss_label(cells[0]),
            model_name=spec.model,
            loss_name=spec.loss,
            model_params=spec.model_params,
            loss_params=spec.loss_params,
            train_size=spec.train_size,
            device=spec.device,
            precision=spec.precision,
            cells=tuple(sorted(cells, key=lambda cell: (cell.spec.repeat, cell.spec.seed))),
            shared=spec.train_size / self.redrawn_from,
        )

    def model_label(self, cell: CellResult) -> str:
        """A name to show, such as "distilbert[minilm] (epochs=2, devices=2)".

        The model's name with its encoder, if it has one, the aim of a cascade, the parameters in which cells of that
        name differ, and the number of devices that shared its training, if several did.
        """
        spec = cell.spec
        params: Params = spec.model_params if spec.devices == 1 else {**spec.model_params, "devices": spec.devices}
        varying = [name for name in self._varying[spec.model, "model"] if name != ENCODER]
        name = model_name(spec.model, spec.model_params)
        if cell.cascade is not None and AIM not in varying:
            varying.append(AIM)
        return _label(name, params, varying if spec.devices == 1 else [*varying, "devices"])

    def loss_label(self, cell: CellResult) -> str:
        """The loss's name, with the parameters in which cells of that name differ."""
        return _label(cell.spec.loss, cell.spec.loss_params, self._varying[cell.spec.loss, "loss"])

    @cached_property
    def _varying(self) -> dict[tuple[str, str], list[str]]:
        """(name, "model" or "loss") -> parameters that have more than one value."""
        params: dict[tuple[str, str], list[Params]] = {}
        for cell in self.cells:
            params.setdefault((cell.spec.model, "model"), []).append(cell.spec.model_params)
            params.setdefault((cell.spec.loss, "loss"), []).append(cell.spec.loss_params)
        return {key: _differing(several) for key, several in params.items()}

    @cached_property
    def cells_frame(self) -> pd.DataFrame:
        """One row per planned cell: what it is, where it ran, and how it ended."""
        rows = [
            {
                "cell": self.cell_id(cell),
                "model": self.model_label(cell),
                "loss": self.loss_label(cell),
                "train_size": cell.spec.train_size,
                "seed": cell.spec.seed,
                "repeat": cell.spec.repeat,
                "role": cell.spec.role,
                "device": cell.spec.device,
                "precision": cell.spec.precision,
                "devices": cell.spec.devices,
                "status": cell.status,
                "reason": cell.reason,
            }
            for cell in self.cells
        ]
        where = ["device", "precision", "devices"]
        columns = ["cell", "model", "loss", "train_size", "seed", "repeat", "role", *where, "status", "reason"]
        return pd.DataFrame([*rows, *map(_not_run, self.missing)], columns=columns)


def read_results(folder: Path) -> Results:
    """Read a results folder; a cell whose predictions cannot be read has failed.

    Raises:
        StoreError: `folder` holds no results, or they are of another version.
    """
    store = Store(folder)
    try:
        run = RunRecord.model_validate(store.read_run()).model_dump()
    except ValidationError as error:
        first = error.errors()[0]
        raise StoreError(f"{folder / 'run.json'}: {'.'.join(map(str, first['loc']))}: {first['msg']}") from None
    found = {cell.spec.id: cell for cell in store.results()}  # the id of each is worked out here once
    if run["acknowledged"]:
        found = {cell_id: _acknowledged(cell, run["acknowledged"]) for cell_id, cell in found.items()}
    planned = list(dict.fromkeys(run["planned"]))
    predictions: dict[str, Predictions] = {}
    for cell_id in planned:
        if cell_id in found and found[cell_id].status == "ok":
            try:
                like = next(iter(predictions.values()), None)
                predictions[cell_id] = read_predictions(store, found[cell_id], cell_id, like)
            except StoreError as error:
                found[cell_id] = found[cell_id].model_copy(update={"status": "failed", "reason": str(error)})
    ids = {id(cell): cell_id for cell_id, cell in found.items()}
    return Results(
        folder=folder,
        run=run,
        cells=tuple(found[cell_id] for cell_id in planned if cell_id in found),
        missing=tuple(cell_id for cell_id in planned if cell_id not in found),
        unplanned=sum(cell.spec.role != "trial" for cell_id, cell in found.items() if cell_id not in planned),
        _predictions=predictions,
        _ids=ids,
    )


def machine(environment: Mapping[str, Any]) -> tuple[Any, ...]:
    """The parts of an environment that decide its speed; rates of different machines do not compare."""
    return tuple(environment.get(key) for key in ("processor", "accelerator", "threads"))


def model_name(name: str, params: Params) -> str:
    """A model's name with its pre-trained weights, if it has any: "distilbert[minilm]"."""
    encoder = params.get(ENCODER)
    return f"{name}[{without_folders(str(encoder))}]" if encoder else name


def _acknowledged(cell: CellResult, reasons: Mapping[str, str]) -> CellResult:
    return cell.model_copy(update={"audits": acknowledge(cell.audits, reasons)})


def _label(name: str, params: Params, varying: Iterable[str]) -> str:
    shown = ", ".join(f"{key}={without_folders(str(params.get(key)))}" for key in varying)
    return f"{name} ({shown})" if shown else name


def _differing(several: Sequence[Params]) -> list[str]:
    keys = dict.fromkeys(key for params in several for key in params)
    return [key for key in keys if len({json.dumps(params.get(key)) for params in several}) > 1]


def _not_run(cell_id: str) -> dict[str, object]:
    if not CELL_ID.fullmatch(cell_id):
        return {"cell": cell_id, "status": "not run", "reason": ""}
    model, loss, size, seed, _ = cell_id.split("-")
    return {
        "cell": cell_id,
        "model": model,
        "loss": loss,
        "train_size": int(size[1:]),
        "seed": int(seed[1:]),
        "repeat": pd.NA,
        "role": "",
        "device": "",
        "precision": "",
        "devices": "",
        "status": "not run",
        "reason": "the run stopped before it",
    }
