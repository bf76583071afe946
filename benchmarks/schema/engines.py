"""A trained network served by an engine: speed, memory, and agreement with the network in torch."""

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, NonNegativeInt

from benchmarks.errors import LONGEST_REASON
from benchmarks.redaction import reason_without_folders, shortened
from benchmarks.schema.measurements import Load, Measurement, Memory

TIE = 0.02
"""Tolerance of an exact engine: the class may differ on a text only where the two most probable classes of the network
in torch are closer than this, so that rounding decides between them."""

Seconds = Annotated[float, Field(gt=0, allow_inf_nan=False)]
Share = Annotated[float, Field(ge=0, le=1)]


def _checked_reason(text: str) -> str:
    """Bring a reason into one line that names no folder."""
    return shortened(reason_without_folders(text[: 10 * LONGEST_REASON]), LONGEST_REASON)


class EngineResult(BaseModel):
    """One engine with the model of one cell.

    Attributes:
        cell: id of the cell.
        engine: name of the engine.
        address: digest of everything that the figures depend on: cell, engine, code, libraries, machine, settings.
        model: sha256 of the saved model's files.
        status: "failed" where there is a `reason` in place of figures.
        precision: that the engine computes in.
        libraries: library of the engine -> version.
        environment: machine and software.
        ready_seconds: from the start of a new process to the loaded model: interpreter, imports, load.
        load_seconds: of it, the load alone.
        first_seconds: the first prediction, of one text.
        measurements: "test_set": the one pass over all test rows; "text_to_label", "encoded_to_scores" and
            "single_review" as of a cell, in one process a turn.
        memory: of the process of the first turn.
        file_bytes: size of the files that the engine reads.
        rows: test rows.
        same_class: of them, those with the class that the network in torch names.
        largest_gap: among the others, the largest distance of the two most probable classes in torch.
        largest_difference: of a probability from torch's.
        load: what else the machine did, in the turn in which that was most.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    schema_version: Literal[1] = 1
    cell: str
    engine: str
    address: str
    model: str
    status: Literal["ok", "failed"] = "ok"
    reason: Annotated[str, AfterValidator(_checked_reason)] = ""
    device: str = "cpu"
    precision: str = ""
    libraries: dict[str, str] = {}
    environment: dict[str, Any] = {}
    ready_seconds: Seconds | None = None
    load_seconds: Seconds | None = None
    first_seconds: Seconds | None = None
    measurements: list[Measurement] = []
    memory: Memory | None = None
    file_bytes: NonNegativeInt | None = None
    rows: NonNegativeInt = 0
    same_class: NonNegativeInt = 0
    largest_gap: Share = 0.0
    largest_difference: Share = 0.0
    load: Load | None = None

    @property
    def exact(self) -> bool:
        """Whether the engine names torch's class on every test row, ties aside."""
        return self.status == "ok" and self.rows > 0 and (self.same_class == self.rows or self.largest_gap < TIE)

    @property
    def texts_per_second(self) -> float:
        """Texts a second, text to label: the median reading; 0 where it was not measured."""
        rates = sorted(rate for rates in self.rates_by_turn.values() for rate in rates)
        return rates[len(rates) // 2] if rates else 0.0

    @property
    def rates_by_turn(self) -> dict[int, list[float]]:
        """Number of a process -> its readings of texts a second, text to label; empty where none was taken."""
        rates = dict[int, list[float]]()
        for one in self.measurements:
            if one.phase == "text_to_label":
                for turn, texts, seconds in zip(one.processes, one.examples, one.seconds, strict=True):
                    rates.setdefault(turn, []).append(texts / seconds)
        return rates
