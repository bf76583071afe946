"""The cascades of a results folder: which finished cells are joined, and the sweep that measures them.

Only costs and validation predictions decide what is joined; the test rows have no say.
"""

import hashlib
import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, partial
from math import inf
from pathlib import Path
from statistics import fmean, median

from rich.console import Console

from benchmarks.cells.cascades import StageError, seconds_per_text, stage_on_validation, why_no_stage
from benchmarks.cells.thresholds import StageOnValidation, choose, clusters, is_ahead, value_alone
from benchmarks.errors import UsageError
from benchmarks.executors.executor import Executor
from benchmarks.inference.selection import trained_cells
from benchmarks.registry.code_version import modules_version
from benchmarks.runs.display import Display
from benchmarks.runs.sweep import Observer, sweep
from benchmarks.schema.cascade import AIMS, JOINT, Aim
from benchmarks.schema.cell import CellSpec
from benchmarks.schema.result import CellResult
from benchmarks.store.lock import hold
from benchmarks.store.results import Store, StoreError
from data.dataset import Split
from models.selection import Criterion

COSTLIER = 2.0
"""A stage takes at least this many times as long for a text as the stage before it."""

LAST_STAGES = 3
"""Models of a training size that are tried as the last stage: the best on validation."""

FEWEST_STAGES, MOST_STAGES = 2, 3
LOSS = "ce"
"""The loss whose cells are joined, where it ran; else that of the first cell."""

MODULES = ("benchmarks.inference.cascade", "benchmarks.cells.cascades", "benchmarks.cells.thresholds")
"""Code that decides the result of a cascade, given its stages."""

Training = tuple[int, int]
"""Repeat and seed."""

Validation = Callable[[int], Split]
"""Repeat -> its validation texts."""

MayFollow = Callable[["Candidate", "Candidate"], bool]
"""Whether the second may stand after the first in a cascade."""


@dataclass(frozen=True)
class Candidate:
    """A configuration that may be a stage.

    Attributes:
        cells: its trainings.
        stages: the same on validation.
        seconds: to label one text, the median over trainings.
        value: the metric on validation, the mean over trainings; higher is better.
    """

    cells: Mapping[Training, CellResult]
    stages: Mapping[Training, StageOnValidation]
    seconds: float
    value: float


@dataclass(frozen=True)
class Expected:
    """A chain of configurations as validation has it, for one aim.

    Attributes:
        chain: the stages, the cheapest first.
        trainings: that all stages have.
        seconds: to label one text, the mean over trainings.
        value: the metric, the same.
    """

    chain: tuple[Candidate, ...]
    trainings: tuple[Training, ...]
    seconds: float
    value: float

    @property
    def beats_earlier_stages(self) -> bool:
        """Whether it promises more than each of its cheaper stages alone; one that passes nothing on does not."""
        return self.value > max(stage.value for stage in self.chain[:-1])

    def key(self, aim: Aim) -> tuple[float, float]:
        """What is lower for the better one."""
        return (-self.value, self.seconds) if aim == "accuracy" else (self.seconds, -self.value)

    def surpasses(self, other: "Expected") -> bool:
        """Whether it promises no less than another chain in no more time, and differs from it in one of the two."""
        no_worse = self.value >= other.value and self.seconds <= other.seconds
        return no_worse and (self.value, self.seconds) != (other.value, other.seconds)

    def pays(self, aim: Aim, instead: "Expected | None") -> bool:
        """Whether it promises more than its last stage alone, and than the shorter chain `instead`."""
        last = self.chain[-1]
        if aim == "accuracy":
            return self.value > max(last.value, -inf if instead is None else instead.value)
        return self.seconds < min(last.seconds, inf if instead is None else instead.seconds)


def run_cascades(
    store: Store,
    executor: Executor,
    observer: Observer,
    *,
    stages: int = FEWEST_STAGES,
    fresh: bool = False,
    is_held: Callable[[], bool] = lambda: True,
) -> list[CellSpec]:
    """Plan the cascades of a results folder, and measure those that have no result yet.

    Args:
        store: holds finished cells, of whatever code version; this process holds its lock.
        executor: runs cells and cascades, as `benchmarks.executors.as_planned` does.
        observer: receives every event.
        stages: of a cascade, at most: 2 or 3.
        fresh: whether earlier results of them are removed first.
        is_held: returns whether this process still holds the folder.

    Returns:
        The cascades, in order; `run.json` names them.

    Raises:
        KeyboardInterrupt: the user wants an end; finished cascades are in the store.
        StoreError: the folder cannot be read or written.
    """
    specs, left_out = plan_cascades(store, stages)
    for line in left_out:
        observer.say(line)
    for spec in specs if fresh else ():
        store.remove_cell(spec.id)
    run = store.read_run()
    cells = [cell for cell in run["planned"] if cell not in run.get("cascades", [])]
    names = [spec.id for spec in specs]
    store.write_run(run | {"planned": [*cells, *names], "cascades": names})
    if specs:
        observer.say(f"{len(specs)} cascades of these models, with thresholds chosen on validation")
        if sweep(specs, store, executor, observer, is_held=is_held).stopped:
            raise KeyboardInterrupt
    return specs


def run_cascades_of(folder: Path, console: Console, stages: int = FEWEST_STAGES) -> list[CellSpec]:
    """Measure the cascades of a results folder on this machine, without running any of its cells again.

    Raises:
        UsageError: the folder holds no run, or none of its cells can be a stage.
        StoreError: it cannot be written.
    """
    from benchmarks.executors.select import local_backend

    store = Store(folder)
    try:
        finished = trained_cells(store)
    except StoreError as error:
        raise UsageError(str(error)) from None
    reasons = [why_no_stage(store, cell) for cell in finished if not cell.spec.stages]
    if all(reasons):
        raise UsageError(reasons[0] if reasons else f"{str(folder)!r} has no cell that ended ok")
    executor = local_backend("benchmarks.cells.cascades").executor(store, None)
    with hold(folder) as is_held, Display(console, []) as observer:
        return run_cascades(store, executor, observer, stages=stages, is_held=is_held)


def kept_cascades(store: Store, planned: Iterable[str]) -> list[str]:
    """Return the cascades of the run so far all of whose stages are still planned."""
    known = set(planned)
    try:
        found = [store.read_result(cell_id) for cell_id in store.read_run().get("cascades", [])]
    except StoreError:  # no run yet, or a damaged file, which the sweep or the report names
        return []
    return [one.spec.id for one in found if one is not None and known.issuperset(one.spec.stages)]


def plan_cascades(store: Store, stages: int = FEWEST_STAGES) -> tuple[list[CellSpec], list[str]]:
    """Choose which cells to join: for each aim and last stage, the chain that promises most on validation.

    Cells of the same data, training size, seed and repeat are joined, of the loss "ce" where it ran. Each stage is at
    least twice as costly as the one before it, which is not ahead of it on validation by a standard error. A chain is
    left out where another promises no less in no more time.

    Args:
        store: the results folder.
        stages: of a cascade, at most.

    Returns:
        The cascades, and a line for each cell that cannot be a stage.

    Raises:
        StoreError: the folder holds no readable run.
    """
    run = store.read_run()
    order = {cell_id: place for place, cell_id in enumerate(run["planned"])}
    cells = sorted(
        (cell for cell in trained_cells(store) if not cell.spec.stages), key=lambda cell: order[cell.spec.id]
    )
    losses = [(cell.spec.loss, str(cell.spec.loss_params)) for cell in cells]
    wanted = next((loss for loss in losses if loss[0] == LOSS), losses[0] if losses else None)
    usable, left_out = [], []
    for cell, loss in zip(cells, losses, strict=True):
        if loss == wanted:
            reason = why_no_stage(store, cell)
            left_out += [f"left out of cascades: {reason}"] if reason else []
            usable += [] if reason else [cell]
    if not usable:
        return [], left_out
    specs: list[CellSpec] = []
    data = store.read_data(run["dataset"]["fingerprint"])
    valid = cache(lambda repeat: data.redrawn(repeat).valid)
    for size in dict.fromkeys(cell.spec.train_size for cell in usable):
        try:
            specs += _of_one_size([cell for cell in usable if cell.spec.train_size == size], store, valid, stages)
        except (StageError, StoreError) as error:
            left_out.append(f"no cascades of {size:,} training texts: {error}")
    return specs, left_out


def cascade_spec(stages: Sequence[CellSpec], aim: Aim) -> CellSpec:
    """Return the cell that joins trained cells: it is the same while they and the code of cascades are."""
    last = stages[-1]
    facts = [stage.configuration for stage in stages] + [modules_version(*MODULES)]
    params = {f"{n}.{key}": value for n, stage in enumerate(stages, 1) for key, value in stage.model_params.items()}
    return last.model_copy(
        update={
            "model": JOINT.join(stage.model for stage in stages),
            "model_params": {"aim": aim, **params},
            "model_plugin": "",
            "model_files": {f"{n}.{k}": v for n, stage in enumerate(stages, 1) for k, v in stage.model_files.items()},
            "libraries": {name: version for stage in stages for name, version in stage.libraries.items()},
            "code_version": hashlib.sha256("\n".join(facts).encode()).hexdigest()[:12],
            "devices": 1,
            "stages": tuple(stage.id for stage in stages),
        }
    )


def _of_one_size(cells: Sequence[CellResult], store: Store, valid: Validation, stages: int) -> list[CellSpec]:
    criterion = Criterion(cells[0].spec.metric, cells[0].spec.costs)
    candidates = sorted(_candidates(cells, store, valid, criterion), key=lambda one: -one.value)
    found: list[tuple[Expected, Aim]] = []
    may_follow = partial(_may_follow, valid=valid, criterion=criterion)
    for last in _last_stages(candidates, may_follow):
        for aim in AIMS:
            best: Expected | None = None
            for length in range(FEWEST_STAGES, stages + 1):
                expected = [
                    _expected(chain, aim, valid, criterion) for chain in _chains(candidates, last, length, may_follow)
                ]
                useful = [one for one in expected if one.trainings and one.beats_earlier_stages]
                top = min(useful, key=lambda one: one.key(aim), default=None)
                if top is None or not top.pays(aim, best):
                    continue
                best = top
                found.append((top, aim))
    return [
        cascade_spec([stage.cells[training].spec for stage in one.chain], aim)
        for one, aim in found
        if not any(other.surpasses(one) for other, _ in found)
        for training in one.trainings
    ]


def _candidates(
    cells: Sequence[CellResult], store: Store, valid: Validation, criterion: Criterion
) -> Iterator[Candidate]:
    """The configurations of the cells."""
    groups: dict[str, dict[Training, CellResult]] = {}
    for cell in cells:
        groups.setdefault(cell.spec.configuration, {})[cell.spec.repeat, cell.spec.seed] = cell
    for own in groups.values():
        stages = {key: stage_on_validation(store, cell, valid(key[0])) for key, cell in own.items()}
        values = [value_alone(stage, valid(repeat).labels, criterion) for (repeat, _), stage in stages.items()]
        yield Candidate(own, stages, median(map(seconds_per_text, own.values())), fmean(values))


def _last_stages(candidates: Sequence[Candidate], may_follow: MayFollow) -> list[Candidate]:
    """The best of those that have a cheaper model to stand before them."""
    return [last for last in candidates if next(_chains(candidates, last, FEWEST_STAGES, may_follow), None)][
        :LAST_STAGES
    ]


def _chains(
    candidates: Sequence[Candidate], last: Candidate, length: int, may_follow: MayFollow
) -> Iterator[tuple[Candidate, ...]]:
    """Chains that end with `last`, in which each stage may follow the one before it."""
    rising = sorted((one for one in candidates if one is not last), key=lambda one: one.seconds)
    for before in itertools.combinations(rising, length - 1):
        chain = (*before, last)
        if all(may_follow(first, second) for first, second in itertools.pairwise(chain)):
            yield chain


def _may_follow(first: Candidate, second: Candidate, valid: Validation, criterion: Criterion) -> bool:
    """Whether the second is much costlier, and the first not ahead of it on validation in every training.

    Models that are about as good make different mistakes, so that the second helps where the first is unsure.
    """
    if not COSTLIER * first.seconds <= second.seconds < inf:
        return False
    for key in first.stages.keys() & second.stages.keys():
        split = valid(key[0])
        sides = first.stages[key].probabilities, second.stages[key].probabilities
        if not is_ahead(*sides, split.labels, clusters(len(split), split.groups), criterion):
            return True
    return False


def _expected(chain: tuple[Candidate, ...], aim: Aim, valid: Validation, criterion: Criterion) -> Expected:
    trainings = tuple(key for key in chain[-1].cells if all(key in stage.cells for stage in chain))
    seconds, values = [], []
    for key in trainings:
        split = valid(key[0])
        chosen = choose([stage.stages[key] for stage in chain], split.labels, aim, split.groups, criterion)
        seconds.append(chosen.seconds / len(split))
        values.append(chosen.value)
    if not trainings:
        return Expected(chain, (), inf, -inf)
    return Expected(chain, trainings, fmean(seconds), fmean(values))
