"""Several datasets, one verdict: ranks, wins and gaps of contenders, with intervals over datasets, rows and seeds."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from benchmarks.schema.comparability import why_rates_not_comparable
from reports import formats
from reports.analysis.accuracy import accuracy
from reports.analysis.baselines import Baselines, baselines, class_shares, misleads
from reports.analysis.contenders import Entry, NotRankedError, contenders
from reports.analysis.dataset_draws import drawn_values
from reports.analysis.estimates import RNG_SEED, Estimate, Figure, FloatArray, Interval, estimate
from reports.analysis.metric_figures import METRICS
from reports.analysis.noise import disturbance
from reports.analysis.rank_tests import RankTests, rank_tests
from reports.analysis.results import Results
from reports.analysis.standings import Field, Standing, closed, standings
from reports.analysis.throughput import throughput
from reports.analysis.traits import Traits, traits

NO_RESULT = "none of its cells ended ok"


@dataclass(frozen=True)
class Score:
    """A contender on one dataset.

    Attributes:
        value: the metric; higher is better, so that log loss and cost are negative.
        interval: over test rows and trainings.
        standing: among all contenders of the dataset; its intervals are over test rows and trainings.
        trainings: behind the figure.
        train_size: training texts.
        fit_seconds, rate: one training; texts a second, from text to label. NaN if not measured.
    """

    value: float
    interval: Interval
    standing: Standing
    trainings: int
    train_size: int
    fit_seconds: float
    rate: float


@dataclass(frozen=True)
class Board:
    """One dataset.

    Attributes:
        name: of its results folder.
        rows: test texts that count.
        scores: contender -> its score.
        baselines: what learns nothing.
        winner: the best contender; "" where it is not shown to beat every baseline that learns nothing.
        above: contenders that are shown to beat these, best first.
        lead: its lead over the second; None where there is no second.
        lead_shown: whether the test texts show that it is ahead of each of the others.
        misleads: why accuracy misleads here; "" where it does not.
        busy: contenders whose times are in doubt, as the machine was busy with something else, or held back.
        failed_audits: audit that nobody acknowledged -> contenders that failed it.
        traits: of the data; None where the folder does not keep them.
    """

    name: str
    rows: int
    scores: Mapping[str, Score]
    baselines: Baselines
    winner: str
    above: tuple[str, ...]
    lead: Estimate | None
    lead_shown: bool
    misleads: str
    busy: tuple[str, ...]
    failed_audits: Mapping[str, tuple[str, ...]]
    traits: Traits | None


@dataclass(frozen=True)
class Place:
    """A contender over all datasets.

    Attributes:
        contender: model, and loss where there are several.
        standing: among the contenders with a result on every dataset; the best of a dataset is the best of all.
        fit_multiple, label_multiple: time to train, and for a text, over those of the cheapest contender of a dataset;
            geometric means. NaN if not measured.
        in_doubt: whether the machine was busy with something else during one of its cells.
        on_front: whether no other contender is as good in mean rank and both times, and better in one.
    """

    contender: str
    standing: Standing
    fit_multiple: float
    label_multiple: float
    in_doubt: bool
    on_front: bool


@dataclass(frozen=True)
class Leaderboard:
    """The verdict.

    Attributes:
        metric: a key of `METRICS`.
        boards: one for each dataset.
        places: contenders that ran on every dataset, best mean rank first.
        tests: over datasets, of the contenders of `places`, in their order.
        partial: contender -> the datasets where it has no result.
        unreadable: dataset -> why it could not be used.
        doubts: why times do not compare; "" where they do.
        libraries: those whose versions differ between the runs, and their versions.
    """

    metric: str
    boards: tuple[Board, ...]
    places: tuple[Place, ...]
    tests: RankTests
    partial: Mapping[str, tuple[str, ...]]
    unreadable: Mapping[str, str]
    doubts: str
    libraries: Mapping[str, tuple[str, ...]]


def leaderboard(
    runs: Sequence[Results], metric: str | None = None, unreadable: Mapping[str, str] | None = None
) -> Leaderboard:
    """Rank the contenders over the datasets of several runs.

    Args:
        runs: of one suite and one code, each on other data. One without a good result is of no use, and said to be.
        metric: a key of `METRICS`; None takes the one that the runs were selected by.
        unreadable: datasets that could not be used, and why.

    Raises:
        NotRankedError: the runs do not belong together, none has a good result, or no contender ran on all datasets.
    """
    without = {formats.plain(results.folder.name): NO_RESULT for results in runs if not results.configurations}
    runs = [results for results in runs if results.configurations]
    if not runs:
        raise NotRankedError("no run has a cell that ended ok: nothing can be ranked")
    chosen = metric or str(runs[0].run.get("metric") or "accuracy")
    entries = contenders(runs, chosen)
    names = list(dict.fromkeys(name for own in entries.values() for name in own))
    missing_on = {
        name: missing
        for name in names
        if (missing := tuple(dataset for dataset, own in entries.items() if name not in own))
    }
    complete = [name for name in names if name not in missing_on]
    if not complete:
        raise NotRankedError("no contender has a result on every dataset: nothing can be ranked")
    generator = np.random.default_rng(RNG_SEED)
    fields = [_field(results, own, chosen, generator) for results, own in zip(runs, entries.values(), strict=True)]
    boards = tuple(map(partial(_board, chosen), runs, entries.values(), fields))
    ranked = [
        field.keeping([list(own).index(name) for name in complete])
        for field, own in zip(fields, entries.values(), strict=True)
    ]
    values = np.concatenate([field.values for field in ranked])
    places = _places(boards, complete, standings(ranked, METRICS[chosen].unit))
    order = [complete.index(place.contender) for place in places]
    return Leaderboard(
        metric=chosen,
        boards=boards,
        places=places,
        tests=rank_tests(values[:, order], METRICS[chosen].tolerance),
        partial=missing_on,
        unreadable={**(unreadable or {}), **without},
        doubts=why_rates_not_comparable(cell for results in runs for cell in results.ok),
        libraries=_libraries(runs),
    )


def _field(results: Results, entries: Mapping[str, Entry], metric: str, generator: np.random.Generator) -> Field:
    figures = [entry.figure for entry in entries.values()]
    values = np.array([estimate(figure).value for figure in figures])
    return Field.of(values, drawn_values(figures, generator), _baselines(results, entries, metric).majority)


def _board(metric: str, results: Results, entries: Mapping[str, Entry], field: Field) -> Board:
    rows = next(iter(entries.values())).evidence.rows
    floor = _baselines(results, entries, metric)
    estimates = {name: estimate(entry.figure) for name, entry in entries.items()}
    intervals = {name: _interval(entry, estimates[name], metric) for name, entry in entries.items()}
    order = sorted(estimates, key=lambda name: -estimates[name].value)
    leads = [_lead(entries[order[0]].figure, entries[name].figure) for name in order[1:]]
    above = tuple(name for name in order if intervals[name].low > floor.best)
    return Board(
        name=formats.plain(results.folder.name),
        rows=len(rows.labels),
        scores={
            name: _score(entry, estimates[name].value, intervals[name], standing)
            for (name, entry), standing in zip(entries.items(), standings([field], METRICS[metric].unit), strict=True)
        },
        baselines=floor,
        winner=order[0] if order[0] in above else "",
        above=above,
        lead=leads[0] if leads else None,
        lead_shown=bool(leads) and all(one.interval.low > 0 for one in leads),
        misleads=misleads(_shares(results, entries)),
        busy=tuple(name for name, entry in entries.items() if _was_busy(entry)),
        failed_audits=_failed_audits(entries),
        traits=traits(results, rows.kept),
    )


def _shares(results: Results, entries: Mapping[str, Entry]) -> FloatArray:
    rows = next(iter(entries.values())).evidence.rows
    return class_shares(rows.labels, len(results.run["dataset"]["classes"]))


def _baselines(results: Results, entries: Mapping[str, Entry], metric: str) -> Baselines:
    return baselines(metric, _shares(results, entries), results.run.get("costs"))


def _was_busy(entry: Entry) -> bool:
    """Whether the machine was busy with something else, or held back, during one of its cells."""
    return any(disturbance(cell.load)[1] for cell in entry.evidence.configuration.cells)


def _failed_audits(entries: Mapping[str, Entry]) -> dict[str, tuple[str, ...]]:
    """Audit -> the contenders that failed it."""
    found: dict[str, dict[str, None]] = {}
    for name, entry in entries.items():
        for audit in (audit for cell in entry.evidence.configuration.cells for audit in cell.audits if audit.alarms):
            found.setdefault(audit.name, {})[name] = None
    return {audit: tuple(names) for audit, names in found.items()}


def _libraries(runs: Sequence[Results]) -> dict[str, tuple[str, ...]]:
    """Library -> its versions, of those that contenders computed with in several versions."""
    versions: dict[str, dict[str, None]] = {}
    for cell in (cell for results in runs for one in results.configurations for cell in one.cells):
        for library, version in cell.spec.libraries.items():
            versions.setdefault(library, {})[version] = None
    return {library: tuple(found) for library, found in sorted(versions.items()) if len(found) > 1}


def _interval(entry: Entry, found: Estimate, metric: str) -> Interval:
    """Of a figure by itself: the accuracy's own, else Student's t, within the shares that there are."""
    if metric == "accuracy":
        return accuracy(entry.evidence).interval
    return METRICS[metric].within(found.interval)


def _score(entry: Entry, value: float, interval: Interval, standing: Standing) -> Score:
    cells = entry.evidence.configuration.cells
    cost = throughput(cells)
    return Score(
        value=value,
        interval=interval,
        standing=standing,
        trainings=len(cells),
        train_size=entry.train_size,
        fit_seconds=cost.fit_seconds,
        rate=cost.text_to_label_rate,
    )


def _lead(first: Figure, second: Figure) -> Estimate:
    if first.trainings == second.trainings == 1:
        return estimate(first - second)
    return estimate(first, minus=second)


def stratified_gap_closed(boards: Sequence[Board]) -> float:
    """Mean over datasets of the gap that drawing classes by their shares closes; none by accuracy."""
    gaps = [
        closed(np.array([[own.stratified]]), np.array([[max(score.value for score in one.scores.values())]]), floor)
        for one in boards
        if not np.isnan(floor := (own := one.baselines).majority)
    ]
    return float(np.mean(gaps)) if gaps else np.nan


def _places(boards: Sequence[Board], names: Sequence[str], found: Sequence[Standing]) -> tuple[Place, ...]:
    """Every contender over all datasets, best mean rank first."""
    fits, labels = (
        _multiples(np.array([[getattr(board.scores[name], what) for name in names] for board in boards]) ** power)
        for what, power in (("fit_seconds", 1), ("rate", -1))
    )
    front = _front(np.column_stack([[one.rank.value for one in found], fits, labels]))
    busy = [any(name in board.busy for board in boards) for name in names]
    columns = zip(names, found, fits.tolist(), labels.tolist(), busy, front, strict=True)
    places = [Place(*column) for column in columns]
    return tuple(sorted(places, key=lambda place: (place.standing.rank.value, -place.standing.gap_closed.value)))


def _multiples(costs: FloatArray) -> FloatArray:
    """(K,) geometric mean over datasets of each cost over the lowest of its dataset; NaN where one was not measured."""
    return np.asarray(np.exp(np.log(costs / costs.min(axis=1, keepdims=True)).mean(axis=0)), dtype=np.float64)


def _front(criteria: FloatArray) -> list[bool]:
    """(K,) whether no other row of (K, M) criteria, lower is better, is nowhere worse and somewhere better."""
    known = np.nan_to_num(criteria, nan=0.0)
    return [not any(bool((other <= own).all() and (other < own).any()) for other in known) for own in known]
