"""Several datasets, one verdict: ranks, wins and gaps of contenders, with intervals over datasets, rows and seeds."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from benchmarks.schema.comparability import why_rates_not_comparable
from reports import formats
from reports.analysis.accuracy import accuracy
from reports.analysis.baselines import Baselines, baselines, class_shares, misleads
from reports.analysis.contenders import Entry, NotRankedError, contenders
from reports.analysis.dataset_draws import drawn_values
from reports.analysis.estimates import ALPHA, RNG_SEED, Estimate, Figure, FloatArray, Interval, estimate
from reports.analysis.metric_figures import METRICS
from reports.analysis.rank_tests import RankTests, rank_tests, ranks
from reports.analysis.results import Results
from reports.analysis.throughput import throughput
from reports.analysis.traits import Traits, traits

NO_RESULT = "none of its cells ended ok"


@dataclass(frozen=True)
class Bounded:
    """A figure with its 95 % bootstrap interval."""

    value: float
    interval: Interval


@dataclass(frozen=True)
class Score:
    """A contender on one dataset.

    Attributes:
        value: the metric; higher is better, so that log loss and cost are negative.
        interval: over test rows and trainings.
        rank: 1 the best.
        gap_closed: share of the way from the majority class to the best contender.
        trainings: behind the figure.
        train_size: training texts.
        fit_seconds, rate: one training; texts a second, from text to label. NaN if not measured.
    """

    value: float
    interval: Interval
    rank: float
    gap_closed: float
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
        lead: its lead over the second; None where there is no second.
        lead_shown: whether the test texts show that it is ahead of each of the others.
        misleads: why accuracy misleads here; "" where it does not.
        traits: of the data; None where the folder does not keep them.
    """

    name: str
    rows: int
    scores: Mapping[str, Score]
    baselines: Baselines
    winner: str
    lead: Estimate | None
    lead_shown: bool
    misleads: str
    traits: Traits | None


@dataclass(frozen=True)
class Place:
    """A contender over all datasets.

    Attributes:
        contender: model, and loss where there are several.
        mean_rank: 1 the best.
        win_rate: share of the other contenders that it is ahead of, a tie counts half.
        gap_closed: share of the way from the majority class to the best contender of a dataset.
        improvability: share of its errors (of its log loss, its cost) that the best contender of a dataset saves.
        fit_multiple, label_multiple: time to train, and for a text, over those of the cheapest contender of a dataset;
            geometric means. NaN if not measured.
        on_front: whether no other contender is as good in mean rank and both times, and better in one.
    """

    contender: str
    mean_rank: Bounded
    win_rate: Bounded
    gap_closed: Bounded
    improvability: Bounded
    fit_multiple: float
    label_multiple: float
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
    """

    metric: str
    boards: tuple[Board, ...]
    places: tuple[Place, ...]
    tests: RankTests
    partial: Mapping[str, tuple[str, ...]]
    unreadable: Mapping[str, str]
    doubts: str


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
    partial = {
        name: missing
        for name in names
        if (missing := tuple(dataset for dataset, own in entries.items() if name not in own))
    }
    complete = [name for name in names if name not in partial]
    if not complete:
        raise NotRankedError("no contender has a result on every dataset: nothing can be ranked")
    boards = tuple(_board(results, own, chosen) for results, own in zip(runs, entries.values(), strict=True))
    values = np.array([[board.scores[name].value for name in complete] for board in boards])
    places = _places(boards, entries, complete, chosen)
    order = [complete.index(place.contender) for place in places]
    return Leaderboard(
        metric=chosen,
        boards=boards,
        places=places,
        tests=rank_tests(values[:, order], METRICS[chosen].tolerance),
        partial=partial,
        unreadable={**(unreadable or {}), **without},
        doubts=why_rates_not_comparable(cell for results in runs for cell in results.ok),
    )


def _board(results: Results, entries: Mapping[str, Entry], metric: str) -> Board:
    rows = next(iter(entries.values())).evidence.rows
    shares = class_shares(rows.labels, len(results.run["dataset"]["classes"]))
    floor = baselines(metric, shares, results.run.get("costs"))
    estimates = {name: estimate(entry.figure) for name, entry in entries.items()}
    intervals = {name: _interval(entry, estimates[name], metric) for name, entry in entries.items()}
    values = np.array([one.value for one in estimates.values()])
    order = sorted(estimates, key=lambda name: -estimates[name].value)
    leads = [_lead(entries[order[0]].figure, entries[name].figure) for name in order[1:]]
    return Board(
        name=formats.plain(results.folder.name),
        rows=len(rows.labels),
        scores={
            name: _score(entry, estimates[name].value, intervals[name], float(rank), float(closed))
            for (name, entry), rank, closed in zip(
                entries.items(), ranks(values), _closed(values, floor.majority), strict=True
            )
        },
        baselines=floor,
        winner=order[0] if intervals[order[0]].low > floor.best else "",
        lead=leads[0] if leads else None,
        lead_shown=bool(leads) and all(one.interval.low > 0 for one in leads),
        misleads=misleads(shares),
        traits=traits(results),
    )


def _interval(entry: Entry, found: Estimate, metric: str) -> Interval:
    """Of a figure by itself: the accuracy's own, else Student's t, within the shares that there are."""
    if metric == "accuracy":
        return accuracy(entry.evidence).interval
    return METRICS[metric].within(found.interval)


def _score(entry: Entry, value: float, interval: Interval, rank: float, closed: float) -> Score:
    cells = entry.evidence.configuration.cells
    cost = throughput(cells)
    return Score(
        value=value,
        interval=interval,
        rank=rank,
        gap_closed=closed,
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
        _closed(np.array([one.baselines.stratified, max(score.value for score in one.scores.values())]), floor)[0]
        for one in boards
        if not np.isnan(floor := one.baselines.majority)
    ]
    return float(np.mean(gaps)) if gaps else np.nan


def _closed(values: FloatArray, floor: float | FloatArray) -> FloatArray:
    """(.., K) share of the way from the majority class to the best; 0 where nothing is above the majority class."""
    way = values.max(axis=-1, keepdims=True) - floor
    closed: FloatArray = np.where(way > 0, np.clip((values - floor) / np.where(way > 0, way, 1.0), 0.0, 1.0), 0.0)
    return closed


def _improvability(values: FloatArray, unit: str) -> FloatArray:
    """(.., K) share of its errors that each contender would save by being the best."""
    errors = (1.0 if unit == "pp" else 0.0) - values
    least = errors.min(axis=-1, keepdims=True)
    saved: FloatArray = np.where(errors > 0, (errors - least) / np.where(errors > 0, errors, 1.0), 0.0)
    return saved


def _win_rate(values: FloatArray) -> FloatArray:
    """(.., K) share of the other contenders that each is ahead of; NaN where there is no other."""
    others = values.shape[-1] - 1
    if others == 0:
        return np.full(values.shape, np.nan)
    ahead: FloatArray = (values.shape[-1] - ranks(values)) / others
    return ahead


def _places(
    boards: Sequence[Board], entries: Mapping[str, Mapping[str, Entry]], names: Sequence[str], metric: str
) -> tuple[Place, ...]:
    """Every contender over all datasets, best mean rank first."""
    generator = np.random.default_rng(RNG_SEED)
    drawn = np.stack([drawn_values([entries[b.name][n].figure for n in names], generator) for b in boards])
    seen = np.array([[board.scores[name].value for name in names] for board in boards])
    floors = np.array([board.baselines.majority for board in boards])
    sampled = generator.integers(len(boards), size=(len(boards), drawn.shape[1]))

    def bounded(figure: Callable[[FloatArray], FloatArray]) -> list[Bounded]:
        """The mean over datasets of a figure of (N, .., K) values, with its interval for each contender."""
        over_datasets = np.take_along_axis(figure(drawn), sampled[..., None], axis=0).mean(axis=0)
        ends = np.quantile(over_datasets, [ALPHA / 2, 1 - ALPHA / 2], axis=0)
        means = figure(seen[:, None]).mean(axis=0)[0]
        return [Bounded(float(m), Interval(float(low), float(high))) for m, low, high in zip(means, *ends, strict=True)]

    fits, labels = (
        _multiples(np.array([[getattr(board.scores[name], what) for name in names] for board in boards]) ** power)
        for what, power in (("fit_seconds", 1), ("rate", -1))
    )
    mean_ranks = bounded(ranks)
    front = _front(np.column_stack([[one.value for one in mean_ranks], fits, labels]))
    columns = zip(
        names,
        mean_ranks,
        bounded(_win_rate),
        bounded(lambda values: _closed(values, floors[:, None, None])),
        bounded(lambda values: _improvability(values, METRICS[metric].unit)),
        fits.tolist(),
        labels.tolist(),
        front,
        strict=True,
    )
    places = [Place(*column) for column in columns]
    return tuple(sorted(places, key=lambda place: (place.mean_rank.value, -place.gap_closed.value)))


def _multiples(costs: FloatArray) -> FloatArray:
    """(K,) geometric mean over datasets of each cost over the lowest of its dataset; NaN where one was not measured."""
    return np.asarray(np.exp(np.log(costs / costs.min(axis=1, keepdims=True)).mean(axis=0)), dtype=np.float64)


def _front(criteria: FloatArray) -> list[bool]:
    """(K,) whether no other row of (K, M) criteria, lower is better, is nowhere worse and somewhere better."""
    known = np.nan_to_num(criteria, nan=0.0)
    return [not any(bool((other <= own).all() and (other < own).any()) for other in known) for own in known]
