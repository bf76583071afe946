"""The specification of a cell: one training and its measurement."""

import hashlib
import json
from typing import Literal

from pydantic import (
    BaseModel,
    ConfigDict,
    PositiveInt,
)

from benchmarks.schema.measurements import Measure

SAMPLE_SEED = 0
"""Which rows a training size means: the same ones for every model, loss and seed, so that rows compare."""

Role = Literal["result", "shuffled labels", "repeated"]
Params = dict[str, bool | int | float | str | None]


class CellSpec(BaseModel):
    """One training and its measurement; equal specs mean equal work.

    Attributes:
        dataset: name or path as given, and the columns, label map and splits by which it was read.
        data_fingerprint: sha256 of the prepared splits.
        train_size, valid_size, test_size: rows used of each split.
        model, loss: registry names.
        model_plugin, loss_plugin: where these come from: the sha256 of a plug-in file, or "package==version"; empty
            for what is built in.
        model_params, loss_params: every parameter, defaults included.
        device, precision: what the model runs on, resolved.
        devices: how many of them a training is spread over, a process on each; everything else is done on one.
        code_version: of the code that decides the result.
        measure: how inference is measured.
        role: "result" counts; the others are deep audits of one that does: the same training with shuffled labels,
            which must end at chance, and the same training again, which must end the same.
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
    devices: PositiveInt = 1
    role: Role = "result"

    @property
    def id(self) -> str:
        """A readable name, safe as a folder's, that two different specs never share."""
        # What runs on one device has the id that it had before there could be several.
        content = json.dumps(self.model_dump(exclude={"devices"} if self.devices == 1 else None), sort_keys=True)
        digest = hashlib.sha256(content.encode()).hexdigest()[:10]
        return f"{self.model}-{self.loss}-n{self.train_size}-s{self.seed}-{digest}"

    @property
    def original(self) -> "CellSpec":
        """The cell that counts, of which this one is a deep audit."""
        return self.model_copy(update={"role": "result"})
