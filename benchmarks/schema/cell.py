"""The specification of a cell: one training and its measurement."""

import hashlib
import json
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, FiniteFloat, NonNegativeInt, PositiveInt

from benchmarks.schema.cascade import JOINT
from benchmarks.schema.measurements import Measure

SAMPLE_SEED = 0
"""Seed of the training sample of a given size: the same rows for every model, loss and seed, so that rows compare."""

Role = Literal["result", "shuffled labels", "repeated", "trial"]
MetricName = Literal["accuracy", "macro_f1", "balanced_accuracy", "average_precision", "log_loss", "cost"]
Params = dict[str, bool | int | float | str | None]

NOT_IDENTITY = frozenset({"dataset", "measure"})
"""Fields of a spec that are displayed or say how to measure; no prediction depends on them."""


class CellSpec(BaseModel):
    """One training and its measurement; cells with the same `id` have the same predictions.

    Attributes:
        dataset: name or path as given, and the columns, label map and splits by which it was read. Shown, and not part
            of the identity.
        data_fingerprint: sha256 of the prepared splits, see `data.dataset.Dataset.fingerprint`.
        train_size, valid_size, test_size: rows used of each split. A repeat moves whole groups, where there are groups,
            and may have a few more or fewer.
        per_class: training rows of each class, where the size is given so; None draws the classes in proportion.
        model, loss: registry names.
        model_plugin, loss_plugin: origin of these: the sha256 of a plug-in file, or "package==version"; empty for
            built-in ones.
        model_params, loss_params: every parameter, defaults included.
        model_files: parameter of the model -> sha256 of the external files that its value names (a pre-trained
            encoder). The content takes the place of the parameter's value in the identity: another path to the same
            files is the same cell, other files under the same path are another one.
        seed: of weights, batches and dropout.
        repeat: number of the redrawn training sample and validation rows; 0 is the plain split. Cells of different
            repeats train on different rows of the same dataset.
        device, precision: where and how the model computes, resolved.
        devices: how many of them share the training, a process on each; everything else is done on one.
        code_version: of the code that decides the result, see `benchmarks.registry.code_version`.
        libraries: installed library -> version, of those that compute something of the result.
        measure: how inference is measured; not part of the identity.
        role: "result" counts. "trial" is a training of tuning, judged on validation alone. The others are deep audits
            of a cell that counts: the same training with shuffled labels, which must end at chance, and the same
            training again, which must end the same.
        prune_below: of a trial, the metric of validation after each epoch below which its training ends.
        stages: of a cascade, the ids of the cells whose models it joins, the cheapest first; its parameters are its aim
            and those of the stages. Empty for a cell that trains.
        metric: of validation predictions, which the model is selected by.
        costs: for the metric `cost`, C rows by label of C costs by predicted class; else empty.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    dataset: str
    data_fingerprint: str
    train_size: int
    valid_size: int
    test_size: int
    model: str
    model_params: Params
    loss: str
    loss_params: Params
    seed: int
    device: str
    precision: str
    code_version: str
    measure: Measure = Measure()
    model_plugin: str = ""
    loss_plugin: str = ""
    model_files: dict[str, str] = {}
    libraries: dict[str, str] = {}
    devices: PositiveInt = 1
    repeat: NonNegativeInt = 0
    role: Role = "result"
    prune_below: tuple[float, ...] = ()
    per_class: PositiveInt | None = None
    stages: tuple[str, ...] = ()
    metric: MetricName = "accuracy"
    costs: tuple[tuple[FiniteFloat, ...], ...] = ()

    @property
    def id(self) -> str:
        """Readable name, usable as a folder name; two specs share it only if their predictions are the same."""
        digest = _digest(self._identity() | {"sample_seed": SAMPLE_SEED})[:10]
        return f"{self.model.replace(JOINT, '_to_')}-{self.loss}-n{self.train_size}-s{self.seed}-{digest}"

    @property
    def configuration(self) -> str:
        """Digest shared by the cells that differ only in seed and repeat."""
        return _digest(self._identity("seed", "repeat", "stages"))  # ids of stages hold both

    @property
    def model_configuration(self) -> str:
        """Digest shared by the cells of one model with the same settings; the paths of external files do not count."""
        keys = ("model", "model_plugin", "model_params", "model_files")
        identity = self._identity()
        return _digest({key: identity[key] for key in keys})

    def _identity(self, *others: str) -> dict[str, Any]:
        """The fields that decide the predictions, without `others`."""
        none = {name for name in ("per_class", "prune_below", "stages") if not getattr(self, name)}
        none |= {"metric", "costs"} if self.metric == "accuracy" else set()
        fields = self.model_dump(exclude={*NOT_IDENTITY, *others, *none})
        return fields | {"model_params": self.model_params | self.model_files}

    @property
    def original(self) -> "CellSpec":
        """The ordinary cell that this deep audit belongs to."""
        return self.model_copy(update={"role": "result"})


def _digest(content: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()
