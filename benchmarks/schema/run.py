"""`run.json`: the data, the machine and the plan of a run."""

from pydantic import BaseModel, ConfigDict, FiniteFloat, PositiveFloat

from benchmarks.schema.cell import MetricName
from benchmarks.schema.measurements import Ceiling
from benchmarks.schema.tuning import TuningRecord


class RunIdentity(BaseModel):
    """The data of a run as far as they are identified."""

    name: str = ""
    fingerprint: str = ""


class RunData(RunIdentity):
    """The data of a run, as `run.json` has it.

    Attributes:
        redrawn_from: rows from which repeats draw their training rows; None in older files, where it is those of
            training and validation.
        language: of the texts, as the user named it; None where nobody did.
    """

    name: str
    fingerprint: str
    provenance: dict[str, str | int]
    train: int
    valid: int
    test: int
    classes: list[str]
    redrawn_from: int | None = None
    language: str | None = None


class RunEnvironment(BaseModel):
    """The machine and the software of a run, as `run.json` has it."""

    model_config = ConfigDict(extra="allow")

    processor: str
    cores: int
    memory_bytes: int
    platform: str
    python: str
    packages: dict[str, str]
    threads: int
    accelerator: str | None = None


class ContinuedRun(BaseModel):
    """The fields of `run.json` that are read where a run continues, or its models are used.

    Attributes:
        planned: ids of the cells of this run and of the earlier runs that it continues.
        cascades: ids of those planned that are cascades of others.
        metric: that models were selected by on validation, if one was asked for.
        costs: by label and predicted class, for the metric `cost`.
        code_versions, libraries: "model-loss" -> code version, and versions of the libraries that compute.
    """

    suite: str
    planned: list[str]
    dataset: RunIdentity
    device: str
    precision: str
    code_version: str
    started: str = ""
    devices_per_cell: int = 1
    code_versions: dict[str, str] = {}
    libraries: dict[str, dict[str, str]] = {}
    cascades: list[str] = []
    metric: MetricName | None = None
    costs: list[list[FiniteFloat]] | None = None
    ceilings: list[Ceiling] = []
    price_per_hour: FiniteFloat | None = None


class RunRecord(ContinuedRun):
    """The fields of `run.json` that reports read; there may be more.

    Attributes:
        acknowledged: audit -> the reason why its failure is accepted, from the suite file.
        tuning: how the cells' settings were chosen; None: they are the defaults, or set by the user.
        margin_points: difference in accuracy that does not matter to the user, in percentage points.
    """

    model_config = ConfigDict(extra="allow")

    dataset: RunData
    started: str
    description: str = ""
    command: list[str]
    acknowledged: dict[str, str] = {}
    tuning: TuningRecord | None = None
    margin_points: PositiveFloat | None = None
    environment: RunEnvironment
