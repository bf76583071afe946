"""Suite files: which grids to run on which data, as TOML."""

import json
import re
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, Literal, Self, TypeVar

from pydantic import BaseModel, ConfigDict, Field, PlainValidator, ValidationError, model_validator

from benchmarks.errors import UsageError, unknown
from benchmarks.redaction import shortened
from benchmarks.schema.audits import AUDITS
from benchmarks.schema.cell import MetricName
from benchmarks.schema.measurements import Measure
from benchmarks.schema.tuning import Sampler
from data.errors import DataError
from data.label_map import parse_label_map
from data.reading import Reading, parse_splits
from data.source import Missing, SplitOrder

SUITES = Path(__file__).parent / "suites"

LARGEST_SIZE = 10**12
"""Upper limit of training rows: more than any dataset has, and within the range of every file format used."""

LARGEST_SEED = 2**32 - 1
"""Largest seed of NumPy's generators; torch accepts larger ones."""

MOST_REPEATS = 10_000
"""Trainings that redraw rows, of one configuration."""

Value = bool | int | float | str
Parsed = TypeVar("Parsed")


def _split_size(value: object) -> int | float:
    """Return a number of rows, or a share of them below 1."""
    if isinstance(value, int) and not isinstance(value, bool) and 0 < value <= LARGEST_SIZE:
        return value
    if isinstance(value, float) and 0 < value < 1:
        return value
    raise ValueError(f"a number of rows up to {LARGEST_SIZE:,} is expected, or a share below 1")


def _audit_name(name: object) -> str:
    """The name of an audit.

    Raises:
        ValueError: there is none of that name.
    """
    if name not in AUDITS:
        raise ValueError(f"there is no such audit (choices: {', '.join(AUDITS)})")
    return str(name)


def margin_points(value: object) -> float:
    """A margin of equality in percentage points, from a text such as "0.5pp".

    Raises:
        ValueError: it is none.
    """
    found = re.fullmatch(r"(\d+(?:\.\d+)?|\.\d+)\s*pp", value) if isinstance(value, str) else None
    if not found or not 0 < float(found[1]) < 100:
        raise ValueError("not a margin (choices: a number above 0 with its unit, such as 0.5pp for half a point)")
    return float(found[1])


AuditName = Annotated[str, PlainValidator(_audit_name)]
Margin = Annotated[float, PlainValidator(margin_points)]
SplitSize = Annotated[int | float, PlainValidator(_split_size)]
PerClass = Annotated[str, Field(pattern=r"^[1-9][0-9]{0,11}/class$")]
TrainSize = Annotated[int, Field(gt=0, le=LARGEST_SIZE)] | Literal["all"] | PerClass


class Section(BaseModel):
    """A part of a suite file; an unknown key is an error."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Data(Section):
    """Which data.

    Attributes:
        name: a registered dataset, a path or glob, or `hf:OWNER/NAME[/CONFIG]@REVISION`.
        text_column, label_column: columns of a table; None recognises them by their names, or by their content, and
            says so.
        group_column: column whose rows with the same value stay in one split; None takes one that is named movie,
            movie_id, film or film_id, if there is one.
        time_column: column of dates (as 2024-12-31) or numbers; with one, the latest rows are held out.
        label_map: which labels make which classes: "1,2=neg;4,5=pos"; rows with other labels are dropped.
        splits: which of the source's splits trains, validates and tests: "train=train,test=validation".
        missing: "drop" leaves out and counts rows without a label or a text; "error" refuses them.
        split_order: how rows are held out where the source has no test or validation rows: "random" draws them,
            stratified and in whole groups; "blocks" draws short runs of neighbouring rows; "time" takes the latest.
            None: the source's own order, or "time" where `time_column` is given.
        valid_size: validation rows: a number, or a share below 1. None takes the source's own, or cuts 10 % of its
            training rows, 10,000 at most.
        test_size: test rows, likewise; None takes the source's own, all of them, or cuts 20 %.
        title: what the dataset is called beside others, and its folder below theirs; None shortens its name.
        cost_matrix: file of costs in place of the suite's, where datasets have different classes.
        language: name of the texts' language, such as "German"; a leaderboard shows it beside the winner.
    """

    name: str = "imdb-packaged"
    text_column: str | None = None
    label_column: str | None = None
    group_column: str | None = None
    time_column: str | None = None
    label_map: str | None = None
    splits: str | None = None
    missing: Missing = "drop"
    split_order: SplitOrder | None = None
    valid_size: SplitSize | None = None
    test_size: SplitSize | None = None
    title: Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,60}$")] | None = None
    cost_matrix: str | None = None
    language: Annotated[str, Field(pattern=r"^\w[\w ()-]{0,39}$")] | None = None

    @property
    def reading(self) -> Reading:
        """How tables are to be read.

        Raises:
            UsageError: `label_map` or `splits` is not of its form.
        """
        return Reading(
            self.text_column,
            self.label_column,
            self.group_column,
            None if self.label_map is None else _parsed("label_map", self.label_map, parse_label_map),
            {} if self.splits is None else _parsed("splits", self.splits, parse_splits),
            self.time_column,
            self.missing,
        )


class Grid(Section):
    """Models x losses x training sizes x seeds.

    Attributes:
        models, losses: names or globs. "*" is everything that is registered and not off by default.
        train_sizes: training rows; "all" takes those that validation and test leave, and "8/class" draws 8 rows of
            each class.
        seeds: of weights, batches and dropout. The rows are the same for every seed.
        repeats: trainings that each redraw the training sample, the validation rows and the seed together; wanted for
            a claim about a model rather than about one training of it. Repeat r has the grid's one seed plus r.
        set: "name.parameter" -> value, or a list of values, which makes an axis of the grid.
    """

    models: list[str] = ["*"]
    losses: list[str] = ["*"]
    train_sizes: Annotated[list[TrainSize], Field(min_length=1)] = ["all"]
    seeds: Annotated[list[Annotated[int, Field(ge=0, le=LARGEST_SEED)]], Field(min_length=1)] = [1]
    repeats: Annotated[int, Field(gt=0, le=MOST_REPEATS)] = 1
    set: dict[str, Value | list[Value]] = {}


class Tuning(Section):
    """The budget of a search for each configuration's settings, before its cells run; one of the first two.

    Attributes:
        trials: trainings of each configuration, the default settings counted. Exactly one of `trials` and `seconds` is
            needed.
        seconds: of training, of each configuration; the trial that exceeds them is the last. Exactly one of `trials`
            and `seconds` is needed.
        sampler: "random", or "tpe": a tree-structured Parzen estimator (Bergstra et al. 2011), which draws near good
            settings.
    """

    trials: Annotated[int, Field(gt=0, le=1_000)] | None = None
    seconds: Annotated[float, Field(gt=0, le=1e8)] | None = None
    sampler: Sampler = "random"

    @model_validator(mode="after")
    def _one_limit(self) -> Self:
        if (self.trials is None) == (self.seconds is None):
            raise ValueError("tuning needs either `trials` or `seconds`")
        return self


class Suite(Section):
    """A whole suite file; its name is the file's.

    Attributes:
        name: what the suite is called; the results folder is named after it.
        tuning: search for settings; None runs the defaults.
        acknowledge: audit -> why its failure is accepted. The report counts such failures and raises no alarm.
        margin: difference in accuracy that does not matter, such as "0.5pp"; the report calls two models equal within
            it where their whole interval lies inside. None: no two are equal. It changes no cell.
        metric: of validation predictions, which models are selected by, ranked by and tested by; None selects by
            accuracy, and the report leads with macro-F1 where accuracy misleads.
        cost_matrix: CSV file with the cost of each predicted class (columns) for each label (rows), for metric `cost`.
        cascades: whether cheap models are joined with costlier ones, which get the texts that they are least sure of.
        cascade_stages: models in a cascade, at most.
    """

    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]+$")]
    description: str = ""
    data: Data = Data()
    measure: Measure = Measure()
    tuning: Tuning | None = None
    acknowledge: dict[AuditName, Annotated[str, Field(min_length=1, max_length=500)]] = {}
    margin: Margin | None = None
    metric: MetricName | None = None
    cost_matrix: str | None = None
    cascades: bool = False
    cascade_stages: Annotated[int, Field(ge=2, le=3)] = 2
    grid: Annotated[list[Grid], Field(min_length=1)]


def _parsed(key: str, text: str, parse: Callable[[str], Parsed]) -> Parsed:
    try:
        return parse(text)
    except DataError as error:
        raise UsageError(str(error), option=key, value=text) from None


def suite_names() -> tuple[str, ...]:
    """The suites that come with this project."""
    return tuple(sorted(path.stem for path in SUITES.glob("*.toml")))


def read_suite(name: str) -> Suite:
    """The suite of that name, or in that `.toml` file, which has one dataset.

    Raises:
        UsageError: there is none, the file is not a valid suite, or it has several datasets.
    """
    first, *others = read_suites(name)
    if others:
        raise UsageError(
            f"it has {1 + len(others)} datasets, which `run` takes together: name one dataset, or a suite of one",
            option="suite",
            value=name,
        )
    return first


def read_suites(name: str) -> list[Suite]:
    """The suite of that name, or in that `.toml` file, once for each of its `[[data]]` blocks.

    Raises:
        UsageError: there is none, or the file is not a valid suite.
    """
    if not name.endswith(".toml") and name not in suite_names():
        raise unknown("suite", name, (*suite_names(), "FILE.toml"))
    path = Path(name) if name.endswith(".toml") else SUITES / f"{name}.toml"
    try:
        content: dict[str, Any] = tomllib.loads(_text(path))
        json.dumps(content, default=str)  # a number too long to be written could be neither kept nor shown
    except OSError as error:
        raise UsageError(f"it cannot be read: {error.strerror}", option="suite", value=name) from None
    except (ValueError, RecursionError) as error:
        raise UsageError(f"it is not TOML: {error}".replace("\n", " "), option="suite", value=name) from None
    data = content.get("data", {})
    blocks = data if isinstance(data, list) and data else [data]
    return [_validated(name, {"name": path.stem} | content | {"data": block}) for block in blocks]


def _validated(name: str, content: dict[str, Any]) -> Suite:
    try:
        return Suite.model_validate(content)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        value = "" if first["type"] in {"missing", "extra_forbidden"} else f"={shortened(repr(first['input']))}"
        raise UsageError(f"{where}{value}: {first['msg']}", option="suite", value=name) from None


def _text(path: Path) -> str:
    """A file's text; a pipe or a device would keep the reader waiting."""
    if path.exists() and not path.is_file():
        raise OSError(0, "it is not a file")
    return path.read_text(encoding="utf-8")
