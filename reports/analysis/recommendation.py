"""The cheapest candidate that is good enough and meets every requirement, and why each other one lost."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from benchmarks.schema.comparability import why_rates_not_comparable
from benchmarks.store.results import StoreError
from reports.analysis.accuracy import accuracy
from reports.analysis.baselines import Baselines, baselines, class_shares
from reports.analysis.decision import Judged, Standing, judge
from reports.analysis.engines import TORCH, served
from reports.analysis.estimands import Estimand
from reports.analysis.estimates import Figure, Interval, estimate
from reports.analysis.evidence import Evidence, check_same_rows, gather
from reports.analysis.metric_figures import METRICS, metric_figure
from reports.analysis.price import Price, Terms, price
from reports.analysis.requirements import Checked, Fulfilment, Limits, check, fit_seconds, throughput
from reports.analysis.results import Configuration, Results
from reports.analysis.verdicts import above_baseline


@dataclass(frozen=True)
class Question:
    """The user's question.

    Attributes:
        metric: a key of `METRICS`.
        tolerance: how far behind the best is good enough, in the metric's unit; None takes the metric's default.
        limits: requirements.
        terms: prices and volume.
    """

    metric: str = "accuracy"
    tolerance: float | None = None
    limits: Limits = field(default_factory=Limits)
    terms: Terms = field(default_factory=Terms)

    @property
    def tolerated(self) -> float:
        """The tolerance that counts."""
        return METRICS[self.metric].tolerance if self.tolerance is None else self.tolerance


@dataclass(frozen=True)
class Candidate:
    """A configuration and all that decides.

    Attributes:
        name: that no other candidate has.
        configuration: what was run.
        value: the metric; higher is better, so that a log loss is negative.
        interval: 95 %, for this figure alone.
        learnt: whether it is shown to beat every baseline that learns nothing.
        judged: against the best.
        requirements: each limit that was set.
        price: of a month.
        error_rate: share of the texts labelled wrong.
    """

    name: str
    configuration: Configuration
    value: float
    interval: Interval
    learnt: bool
    judged: Judged
    requirements: tuple[Checked, ...]
    price: Price
    error_rate: float

    @property
    def meets_all(self) -> bool:
        """Whether every requirement is shown to be met."""
        return all(one.fulfilment is Fulfilment.MET for one in self.requirements)

    @property
    def eligible(self) -> bool:
        """Whether it may be recommended."""
        return self.learnt and self.meets_all and self.judged.standing is Standing.GOOD_ENOUGH

    @property
    def possible(self) -> bool:
        """Whether nothing rules it out, although it may be undecided."""
        met = {Fulfilment.MET, Fulfilment.UNDECIDED}
        open_ = self.judged.standing is not Standing.NOT_GOOD_ENOUGH
        return self.learnt and open_ and all(one.fulfilment in met for one in self.requirements)


@dataclass(frozen=True)
class Recommendation:
    """The decision.

    Attributes:
        question: that it answers.
        candidates: the best first.
        estimand: what the standings speak of.
        rows: test texts.
        baselines: what learns nothing has on them.
        left_out: configurations on fewer training texts than their model had in the same run.
        doubts: why the prices of several runs do not compare; "" where they do.
        alike: names of the candidates that make the same predictions on every test text, in groups.
    """

    question: Question
    candidates: tuple[Candidate, ...]
    estimand: Estimand
    rows: int
    baselines: Baselines
    left_out: int
    doubts: str
    alike: tuple[tuple[str, ...], ...]

    @property
    def chosen(self) -> Candidate | None:
        """The cheapest that is good enough and meets all; None where none is shown to."""
        return _cheapest([one for one in self.candidates if one.eligible])

    @property
    def not_ruled_out(self) -> Candidate | None:
        """The cheapest of those that more data might show to be good enough and to meet all."""
        return _cheapest([one for one in self.candidates if one.possible])


def recommend(runs: Sequence[Results], question: Question) -> Recommendation:
    """Decide between all configurations of one or several runs, each model on the most training texts that it had.

    Args:
        runs: results folders with the same test rows.
        question: tolerance, requirements and prices.

    Raises:
        StoreError: no cell ended ok, or the runs were not scored on the same test rows.
    """
    found, left_out = _gathered(runs)
    evidence = [one for _, one in found]
    _check_same_rows(runs, evidence)
    figures = {id(one): metric_figure(question.metric, one, results) for results, one in found}
    own = None if question.metric == "accuracy" else lambda one: figures[id(one)]
    judged = judge(evidence, question.tolerated, own, METRICS[question.metric].largest_difference)
    floor = _baselines(*found[0], question.metric)
    names, candidates = _names(found), []
    for name, (results, one), standing in zip(names, found, judged, strict=True):
        figure = figures[id(one)]
        candidates.append(_candidate(name, one, figure, standing, question, floor))
        candidates += [
            _candidate(f"{name} in {engine}", served_by, figure, standing, question, floor)
            for engine, served_by in _exact(results, one)
        ]
    return Recommendation(
        question=question,
        candidates=tuple(sorted(candidates, key=lambda one: one.value, reverse=True)),
        estimand=min((one.estimand for one in evidence), key=list(Estimand).index),
        rows=len(evidence[0].rows.labels),
        baselines=floor,
        left_out=left_out,
        doubts=why_rates_not_comparable(cell for one in evidence for cell in one.configuration.cells),
        alike=_alike(names, evidence),
    )


def _alike(names: Sequence[str], evidence: Sequence[Evidence]) -> tuple[tuple[str, ...], ...]:
    groups: dict[tuple[bytes, ...], list[str]] = {}
    for name, one in zip(names, evidence, strict=True):
        groups.setdefault(one.digests, []).append(name)
    return tuple(tuple(group) for group in groups.values() if len(group) > 1)


def _exact(results: Results, evidence: Evidence) -> list[tuple[str, Evidence]]:
    """Engines that say the same as the network in torch: they have its standing, and speed and memory of their own."""
    if evidence.configuration.engine:
        return []
    others = [one for one in served(results, [evidence]) if one.exact and one.engine != TORCH]
    return [(one.engine, replace(evidence, configuration=one.evidence.configuration)) for one in others]


def _gathered(runs: Sequence[Results]) -> tuple[list[tuple[Results, Evidence]], int]:
    """The evidence on the candidates, each configuration once, and how many configurations of smaller sizes there are.

    A model that ran on fewer texts than others is a candidate too: its trained network can be taken.
    An engine that does not say the same as the network in torch is a candidate of its own.

    Raises:
        StoreError: a run has no cell that ended ok, or mixes what does not compare.
    """
    found: dict[str, tuple[Results, Evidence]] = {}
    left_out = 0
    for results in runs:
        evidence = gather(results)
        if not evidence:
            raise StoreError(f"{results.folder} has no cell that ended ok: there is nothing to recommend")
        largest: dict[str, int] = {}
        for one in evidence:
            model, size = one.configuration.model_name, one.configuration.train_size
            largest[model] = max(size, largest.get(model, 0))
        inexact = [one.evidence for one in served(results, evidence) if not one.exact]
        for one in (*evidence, *inexact):
            if one.configuration.train_size < largest[one.configuration.model_name]:
                left_out += not one.configuration.engine
            else:
                key = f"{one.configuration.cells[0].spec.configuration} {one.configuration.engine}"
                found.setdefault(key, (results, one))
    return list(found.values()), left_out


def _check_same_rows(runs: Sequence[Results], evidence: Sequence[Evidence]) -> None:
    """Refuse runs that were scored on different rows.

    Raises:
        StoreError: they were.
    """
    whose = f"{', '.join(str(results.folder) for results in runs)}: their cells"
    check_same_rows(whose, [results.predictions(results.ok[0]) for results in runs])
    if not all(np.array_equal(one.rows.kept, evidence[0].rows.kept) for one in evidence):
        raise StoreError(f"{whose} were not scored on the same test rows: other ones occur in their training rows")


def _names(found: Sequence[tuple[Results, Evidence]]) -> list[str]:
    """Model and training size, the latter if it differs; loss, device and run where names would be the same."""
    configurations = [(results, one.configuration) for results, one in found]
    sizes = [f"{c.train_size:,} texts" for _, c in configurations]
    parts = [
        [
            f"{c.model}, {size}" if len(set(sizes)) > 1 else c.model
            for (_, c), size in zip(configurations, sizes, strict=True)
        ],
        [c.loss for _, c in configurations],
        [f"{c.device} {c.precision}" for _, c in configurations],
        [results.folder.name for results, _ in configurations],
        [c.key for _, c in configurations],
    ]
    shown = [parts[0]]
    for part in parts[1:]:
        names = list(zip(*shown, strict=True))
        if len(set(names)) == len(names):
            break
        if len(set(part)) > 1:
            shown.append(part)
    return [", ".join(own) for own in zip(*shown, strict=True)]


def _candidate(
    name: str, evidence: Evidence, figure: Figure, judged: Judged, question: Question, floor: Baselines
) -> Candidate:
    cells = evidence.configuration.cells
    right, mean = accuracy(evidence), estimate(figure)
    by_accuracy = question.metric == "accuracy"
    return Candidate(
        name=name,
        configuration=evidence.configuration,
        value=right.value if by_accuracy else mean.value,
        interval=right.interval if by_accuracy else METRICS[question.metric].within(mean.interval),
        learnt=right.learnt if by_accuracy else above_baseline(mean.interval.low, floor.best),
        judged=judged,
        requirements=check(question.limits, cells),
        price=price(fit_seconds(cells).value, throughput(cells).value, 1 - right.value, question.terms),
        error_rate=1 - right.value,
    )


def _baselines(results: Results, evidence: Evidence, metric: str) -> Baselines:
    shares = class_shares(evidence.rows.labels, len(evidence.configuration.cells[0].classes))
    return baselines(metric, shares, results.run.get("costs"))


def _cheapest(candidates: Sequence[Candidate]) -> Candidate | None:
    """By the price of a month; those without one come last, the best first."""
    return min(candidates, key=lambda one: (np.isnan(one.price.total), one.price.total), default=None)
