"""Plan the cells of a suite with the command line's overrides."""

import fnmatch
import itertools
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from benchmarks.config.suite import LARGEST_SEED, Grid, Suite
from benchmarks.errors import UsageError, unknown
from benchmarks.registry.code_version import code_version
from benchmarks.registry.entries import OFF_BY_DEFAULT, SINGULAR, Kind, entry, model_class, names
from benchmarks.registry.libraries import libraries
from benchmarks.schema.cell import CellSpec, Role
from benchmarks.schema.measurements import Measure
from data.dataset import Dataset
from models.external_files import external_digests
from models.model import Runtime
from models.selection import ACCURACY, Criterion

MOST_CELLS = 100_000
"""In one run: years of them on one machine; more is a slip of the pen that would fill the memory."""

PER_CLASS = "/class"
TrainSize = int | str
"""A number of rows, "all", or rows of each class: "8/class"."""
Settings = tuple[tuple[str, Any], ...]


@dataclass(frozen=True)
class Choices:
    """Overrides of the suite's grids from the command line; None keeps the suite's value.

    Attributes:
        models: globs that narrow each grid.
        losses: globs that replace each grid's losses.
        train_sizes: replace each grid's.
        seeds: replace each grid's seeds, and its repeats by none.
        repeats: replace each grid's; the seed of the first repeat is the first of the seeds.
        set: "name.parameter" -> values, over each grid's.
    """

    models: Sequence[str] | None = None
    losses: Sequence[str] | None = None
    train_sizes: Sequence[TrainSize] | None = None
    seeds: Sequence[int] | None = None
    repeats: int | None = None
    set: Mapping[str, Sequence[Any]] | None = None


@dataclass(frozen=True)
class Combination:
    """A cell before the data is read."""

    model: str
    model_params: Settings
    loss: str
    loss_params: Settings
    train_size: TrainSize
    seed: int
    repeat: int = 0


def combinations(suite: Suite, choices: Choices) -> list[Combination]:
    """Every combination of the suite's grids, each once, in order.

    Raises:
        UsageError: an unknown name, a glob that matches nothing, a bad value, or nothing left to run.
    """
    for pattern in choices.models or ():
        _matching("models", [pattern])
    found = dict.fromkeys(
        itertools.chain.from_iterable(_expand(grid, choices) for grid in suite.grid)
        if choices.train_sizes is None
        else _of_their_grids(suite.grid, choices)
    )
    if not found and (pairs := left_out(suite, choices)):
        losses = list(dict.fromkeys(loss for _, loss in pairs))
        able = [name for name in names("models") if all(_trains_with(name, loss) for loss in losses)]
        raise UsageError(
            f"no sample weights express it, and the models to run train with these only (choices: {', '.join(able)})",
            option="losses",
            value=" ".join(losses),
        )
    if not found:
        raise UsageError(
            f"nothing of suite {suite.name!r} is left to run", option="models", value=" ".join(choices.models or ())
        )
    _check_settings_apply(choices.set or {}, found)
    return list(found)


def specify(
    combination: Combination,
    dataset: Dataset,
    runtime: Runtime,
    measure: Measure,
    *,
    criterion: Criterion = ACCURACY,
    capped: bool = False,
) -> CellSpec:
    """Return the cell that `combination` is on `dataset`; a model that cannot use the device runs on the CPU in fp32.

    Args:
        combination: the training that is planned.
        dataset: the prepared data.
        runtime: the device and precision, resolved.
        measure: how inference is measured.
        criterion: what the model is selected by.
        capped: whether a training size larger than the number of rows means all of them, rather than an error.

    Raises:
        UsageError: the data have fewer training rows than asked for, a parameter has a value that the model or loss
            refuses, or an external file of the model is missing.
    """
    available = len(dataset.train)
    size, per_class = _rows(combination.train_size, dataset)
    if size > available and not capped:
        raise UsageError(
            f"dataset {dataset.name!r} leaves only {available} training rows "
            f"(choices: all, or a number up to {available})",
            option="train_size",
            value=size,
        )
    size = min(size, available)
    model, loss = entry("models", combination.model), entry("losses", combination.loss)
    runtime = model.runtime(runtime)
    return CellSpec(
        dataset=dataset.name,
        data_fingerprint=dataset.fingerprint,
        train_size=size,
        per_class=per_class,
        valid_size=len(dataset.valid),
        test_size=len(dataset.test),
        model=combination.model,
        model_params=dict(combination.model_params),
        loss=combination.loss,
        loss_params=dict(combination.loss_params),
        seed=combination.seed,
        repeat=combination.repeat,
        device=runtime.device,
        precision=runtime.precision,
        devices=runtime.devices,
        code_version=code_version(combination.model, combination.loss),
        measure=measure,
        model_plugin=model.plugin,
        loss_plugin=loss.plugin,
        model_files=_external_files(combination),
        libraries=libraries(combination.model, combination.loss),
        metric=criterion.metric,
        costs=criterion.costs,
    )


def _rows(train_size: TrainSize, dataset: Dataset) -> tuple[int, int | None]:
    """The number of training rows, and how many of each class if it is given so and does not take all rows."""
    if isinstance(train_size, int):
        return train_size, None
    if train_size == "all":
        return len(dataset.train), None
    per_class = int(train_size.removesuffix(PER_CLASS))
    of_class = np.bincount(dataset.train.labels, minlength=dataset.train.num_classes)
    size = int(np.minimum(of_class, per_class).sum())
    return size, None if size == len(dataset.train) else per_class


def _external_files(combination: Combination) -> dict[str, str]:
    """Parameter -> sha256 of the model's external files."""
    try:
        model = model_class(combination.model)(**dict(combination.model_params))
        model.check_ready()
        return external_digests(model)
    except ValueError as error:
        raise UsageError(f"{combination.model}: {error}") from None


def deep_audits(specs: Iterable[CellSpec]) -> list[CellSpec]:
    """Return two cells per model: its cheapest one with shuffled labels, and the same one unchanged.

    Cheapest: fewest training rows; the first of those, which has the suite's first loss and seed.
    """
    cheapest: dict[str, CellSpec] = {}
    for spec in specs:
        best = cheapest.setdefault(spec.model, spec)
        if spec.train_size < best.train_size:
            cheapest[spec.model] = spec
    roles: tuple[Role, ...] = ("shuffled labels", "repeated")
    return [spec.model_copy(update={"role": role}) for spec in cheapest.values() for role in roles]


def left_out(suite: Suite, choices: Choices) -> list[tuple[str, str]]:
    """Return the pairs of model and loss of the suite's grids that are not run: the model takes sample weights only."""
    pairs = itertools.chain.from_iterable(_pairs(grid, choices) for grid in suite.grid)
    return [(model, loss) for model, loss in dict.fromkeys(pairs) if not _trains_with(model, loss)]


def _pairs(grid: Grid, choices: Choices) -> list[tuple[str, str]]:
    """Model and loss of a grid, whether the model can train with the loss or not."""
    models = _matching("models", grid.models)
    if choices.models is not None:  # names what is off by default in a grid of all models, too
        of_grid = {name for pattern in grid.models for name in fnmatch.filter(names("models"), pattern)}
        models = [name for name in _matching("models", choices.models) if name in of_grid]
    losses = _matching("losses", grid.losses if choices.losses is None else choices.losses)
    return list(itertools.product(models, losses))


def _trains_with(model: str, loss: str) -> bool:
    return entry("models", model).trains_with(entry("losses", loss))


def _expand(grid: Grid, choices: Choices) -> Iterator[Combination]:
    trained = [(model, loss) for model, loss in _pairs(grid, choices) if _trains_with(model, loss)]
    settings = {key: value if isinstance(value, list) else [value] for key, value in grid.set.items()}
    settings |= {key: list(values) for key, values in (choices.set or {}).items()}
    _check_settings_exist(settings)
    train_sizes, draws = choices.train_sizes or grid.train_sizes, _draws(grid, choices)
    configurations = sum(_axis(model, settings) * _axis(loss, settings) for model, loss in trained)
    cells = configurations * len(train_sizes) * len(draws)
    if cells > MOST_CELLS:
        raise UsageError(
            f"{cells:,} cells, but a run has at most {MOST_CELLS:,}: plan fewer sizes, seeds, repeats or values"
        )
    for train_size, (model, loss), (repeat, seed) in itertools.product(train_sizes, trained, draws):
        for model_params, loss_params in itertools.product(
            _settings("models", model, settings), _settings("losses", loss, settings)
        ):
            yield Combination(model, model_params, loss, loss_params, train_size, seed, repeat)


def _draws(grid: Grid, choices: Choices) -> list[tuple[int, int]]:
    """Repeat and seed of each training of a configuration.

    Raises:
        UsageError: several seeds for several repeats, each of which draws its own.
    """
    seeds = choices.seeds or grid.seeds
    repeats = choices.repeats or (1 if choices.seeds else grid.repeats)
    if repeats == 1:
        return [(0, seed) for seed in seeds]
    if choices.repeats and not choices.seeds:
        seeds = seeds[:1]
    if len(seeds) > 1:
        shown = ", ".join(map(str, seeds))
        raise UsageError(
            f"repeats={repeats} with seeds {shown}: a repeat draws a seed, too (choices: one seed, or no repeats)"
        )
    if seeds[0] + repeats - 1 > LARGEST_SEED:
        raise UsageError(f"repeats={repeats} from seed {seeds[0]} on: seeds go up to {LARGEST_SEED}")
    return [(repeat, seeds[0] + repeat) for repeat in range(repeats)]


def _of_their_grids(grids: Sequence[Grid], choices: Choices) -> Iterator[Combination]:
    """Combinations whose training sizes are the user's: each from the grids that are meant for its model and size.

    Those are the grids with that size of their own; where there is none, the first grid with the model and those with
    the same sizes. A model that two grids have with other settings, for other sizes, so runs once.
    """
    expanded = [(grid, combination) for grid in grids for combination in _expand(grid, choices)]
    meant: dict[tuple[str, TrainSize], list[TrainSize]] = {}
    for grid, one in expanded:
        own, key = list(grid.train_sizes), (one.model, one.train_size)
        if key not in meant or (one.train_size in own and one.train_size not in meant[key]):
            meant[key] = own
    for grid, one in expanded:
        sizes = meant[one.model, one.train_size]
        if list(grid.train_sizes) == sizes or (one.train_size in sizes and one.train_size in grid.train_sizes):
            yield one


def _matching(kind: Kind, patterns: Iterable[str]) -> list[str]:
    """Return the registered names that match; names off by default need a pattern other than "*"."""
    known = names(kind)
    found: list[str] = []
    for pattern in patterns:
        eligible = [name for name in known if pattern != "*" or name not in OFF_BY_DEFAULT]
        matches = fnmatch.filter(eligible, pattern)
        if not matches:
            raise unknown(SINGULAR[kind], pattern, known)
        found += matches
    return [name for name in known if name in found]


def _settings(kind: Kind, name: str, settings: Mapping[str, Sequence[Any]]) -> Iterator[Settings]:
    """Every parameter of `name`, once for each combination of the values set."""
    own = {key.partition(".")[2]: values for key, values in settings.items() if key.partition(".")[0] == name}
    for values in itertools.product(*own.values()):
        yield tuple(entry(kind, name).settings(dict(zip(own, values, strict=True))).items())


def _axis(name: str, settings: Mapping[str, Sequence[Any]]) -> int:
    """Number of combinations that `_settings` yields."""
    return math.prod(len(values) for key, values in settings.items() if key.partition(".")[0] == name)


def _check_settings_exist(settings: Mapping[str, Sequence[Any]]) -> None:
    for key, values in settings.items():
        name, dot, parameter = key.partition(".")
        if not dot or not parameter:
            raise UsageError("not of the form NAME.PARAMETER=VALUE", option="set", value=key)
        kind: Kind = "losses" if name in names("losses") else "models"
        if name not in names(kind):
            raise unknown("model or loss", name, (*names("models"), *names("losses")))
        for value in values:
            entry(kind, name).settings({parameter: value})


def _check_settings_apply(settings: Mapping[str, Sequence[Any]], planned: Iterable[Combination]) -> None:
    """Refuse settings of models and losses that are not in the plan: they would silently have no effect."""
    running = {name for c in planned for name in (c.model, c.loss)}
    for key in settings:
        if key.partition(".")[0] not in running:
            choices = ", ".join(sorted(running))
            raise UsageError(f"this run has no cell of it (choices: {choices})", option="set", value=key)
