"""The figures of the report: many small ones rather than a few large ones, so that a phone can show them."""

import itertools
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, fields
from pathlib import Path

import matplotlib as mpl

from benchmarks.store.files import make_folder, remove_abandoned, write_text
from reports.analysis.accuracy import Accuracy
from reports.analysis.cascades import cascades, curves
from reports.analysis.evidence import Evidence
from reports.analysis.front import leading
from reports.analysis.learning_curves import LearningCurve
from reports.analysis.primary import leading_loss
from reports.analysis.results import FIGURES, Results, read_results
from reports.analysis.run_analysis import Analysis, analyse
from reports.analysis.selective import Selection
from reports.analysis.tuning import Search, searches
from reports.figures.canvas import Styles, styles
from reports.figures.decision_panels import NAMED, front_panel, risk_coverage_panel
from reports.figures.diagnostic_panels import confusion_panel, reliability_panel, training_panel
from reports.figures.result_panels import (
    accuracy_panel,
    bucket_limits,
    inference_cost_panel,
    learning_panel,
    length_panel,
    training_cost_panel,
)
from reports.figures.svg import RC, Drawing, standalone
from reports.figures.tuning_panels import tuning_panels

NAME = re.compile(
    r"(front|accuracy|training-cost|inference-cost|lengths|learning|risk-coverage|confusion|reliability|training|tuning)-\d+(-\w+)?"
)
"""File names of a report's figures; other files in their folder are left alone."""

COMPARED, DIAGNOSED = 24, 12
"""Configurations, the most accurate ones: of each training size in figures that compare them, and of all in figures of
their confusions, confidence, training and lengths.
"""


@dataclass(frozen=True)
class Gallery:
    """The figures of one run, by what they show; a kind that has nothing to show is empty.

    Attributes:
        not_drawn: which configurations have no diagnostic figures; "" where all have.
    """

    front: tuple[Drawing, ...]
    accuracy: tuple[Drawing, ...] = ()
    training_cost: tuple[Drawing, ...] = ()
    inference_cost: tuple[Drawing, ...] = ()
    lengths: tuple[Drawing, ...] = ()
    learning_curves: tuple[Drawing, ...] = ()
    risk_coverage: tuple[Drawing, ...] = ()
    confusion: tuple[Drawing, ...] = ()
    reliability: tuple[Drawing, ...] = ()
    training: tuple[Drawing, ...] = ()
    tuning: tuple[Drawing, ...] = ()
    not_drawn: str = ""

    def __iter__(self) -> Iterator[Drawing]:
        """All of them, kind by kind."""
        return itertools.chain.from_iterable(
            drawings for field in fields(self) if isinstance(drawings := getattr(self, field.name), tuple)
        )


def write_figures(folder: Path, drawings: Gallery | None = None) -> list[Path]:
    """Write `figures/*.svg` into a folder, in place of those of an earlier report.

    Args:
        folder: the results folder; another one, if the drawings are made already.
        drawings: what to write; None draws the folder's results.

    Raises:
        StoreError: `folder` holds no results, or leads elsewhere by a link.
    """
    made = list(drawings or gallery(analyse(read_results(folder))))
    target = folder / FIGURES
    make_folder(target, folder)
    remove_abandoned(target)
    for old in target.glob("*.svg"):
        if NAME.fullmatch(old.stem):
            old.unlink()
    paths = [target / f"{drawing.name}.svg" for drawing in made]
    for path, drawing in zip(paths, made, strict=True):
        write_text(path, standalone(drawing.svg))
    return paths


def gallery(analysis: Analysis) -> Gallery:
    """Draw everything; of many configurations, the diagnostic figures of the most accurate ones."""
    results, look = analysis.results, styles(analysis.results)
    sizes = [(size, _most_accurate(group)) for size, group in _by_size(analysis.accuracies)]
    drawn = _diagnosed(analysis.accuracies)
    configurations = [(n, results.configurations[n - 1]) for n in drawn]
    everything = len(results.configurations)
    with mpl.rc_context(RC):
        return Gallery(
            front=_front(analysis, look),
            accuracy=tuple(accuracy_panel(f"accuracy-{n}", group, look) for n, group in sizes),
            training_cost=_drawn(training_cost_panel(f"training-cost-{n}", group, look) for n, group in sizes),
            inference_cost=_drawn(inference_cost_panel(f"inference-cost-{n}", group, look) for n, group in sizes),
            lengths=_lengths([analysis.evidence[n - 1] for n in drawn], look),
            learning_curves=_learning_curves(analysis, look),
            risk_coverage=_risk_coverage(analysis, look),
            confusion=tuple(confusion_panel(f"confusion-{n}", results, c) for n, c in configurations),
            reliability=tuple(reliability_panel(f"reliability-{n}", results, c) for n, c in configurations),
            training=_drawn(training_panel(f"training-{n}", c) for n, c in configurations),
            tuning=_tuning(results),
            not_drawn=_not_drawn(everything),
        )


def first_figures(analysis: Analysis) -> Gallery:
    """Draw what stands at the top of a report, and nothing else."""
    with mpl.rc_context(RC):
        return Gallery(front=_front(analysis, styles(analysis.results)))


def _front(analysis: Analysis, look: Styles) -> tuple[Drawing, ...]:
    found = analysis.recommendation
    return (
        ()
        if found is None
        else _drawn([front_panel("front-1", found, leading(found), curves(cascades(analysis.evidence)), look)])
    )


def _risk_coverage(analysis: Analysis, look: Styles) -> tuple[Drawing, ...]:
    """One figure for each training size, of the most accurate models with the leading loss."""
    loss = leading_loss(analysis.results.configurations)
    sizes: dict[int, list[tuple[float, Selection]]] = {}
    for one, accuracy in zip(analysis.selections, analysis.accuracies, strict=True):
        if accuracy.configuration.loss == loss:
            sizes.setdefault(accuracy.configuration.train_size, []).append((accuracy.value, one))
    return tuple(
        risk_coverage_panel(
            f"risk-coverage-{size}",
            [one for _, one in sorted(own, key=lambda entry: -entry[0])[:NAMED]],
            look,
        )
        for size, own in sorted(sizes.items())
    )


def _tuning(results: Results) -> tuple[Drawing, ...]:
    """Figures of the searches of each training size, whose trials were drawn at random."""
    if (results.run.get("tuning") or {}).get("sampler") != "random":
        return ()
    sizes: dict[int, list[Search]] = {}
    for search in searches(results):
        sizes.setdefault(search.train_size, []).append(search)
    return tuple(panel for size, own in sorted(sizes.items()) for panel in tuning_panels(f"tuning-{size}", own))


def _not_drawn(everything: int) -> str:
    if everything <= DIAGNOSED:
        return ""
    compared = f"compare the {COMPARED} most accurate of each training size, and " if everything > COMPARED else ""
    return (
        f"Of {everything} configurations, figures {compared}show confusions, confidence, training and lengths of the "
        f"{DIAGNOSED} most accurate."
    )


def _most_accurate(accuracies: Sequence[Accuracy]) -> list[Accuracy]:
    """Those that are compared in figures, in order."""
    shown = {id(one) for one in sorted(accuracies, key=lambda one: -one.value)[:COMPARED]}
    return [one for one in accuracies if id(one) in shown]


def _diagnosed(accuracies: Sequence[Accuracy]) -> list[int]:
    """Numbers, from 1, of the configurations that have diagnostic figures: the most accurate ones, in order."""
    best = sorted(range(len(accuracies)), key=lambda index: -accuracies[index].value)[:DIAGNOSED]
    return sorted(index + 1 for index in best)


def _lengths(evidence: Sequence[Evidence], look: Styles) -> tuple[Drawing, ...]:
    groups: dict[tuple[str, int, str, str], list[Evidence]] = {}
    for one in evidence:
        groups.setdefault(one.configuration.contender, []).append(one)
    if not groups:
        return ()
    limits = bucket_limits(evidence)
    return tuple(length_panel(f"lengths-{n}", group, limits, look) for n, group in enumerate(groups.values(), start=1))


def _learning_curves(analysis: Analysis, look: Styles) -> tuple[Drawing, ...]:
    losses: dict[str, list[LearningCurve]] = {}
    for curve in sorted(analysis.learning_curves, key=lambda curve: -curve.points[-1].value):
        losses.setdefault(curve.loss, []).append(curve)
    return tuple(
        learning_panel(f"learning-{n}", curves[:COMPARED], look) for n, curves in enumerate(losses.values(), start=1)
    )


def _by_size(accuracies: Iterable[Accuracy]) -> list[tuple[int, list[Accuracy]]]:
    """(training rows, what ran with them), fewest first."""
    groups: dict[int, list[Accuracy]] = {}
    for accuracy in accuracies:
        groups.setdefault(accuracy.configuration.train_size, []).append(accuracy)
    return sorted(groups.items())


def _drawn(drawings: Iterable[Drawing | None]) -> tuple[Drawing, ...]:
    return tuple(drawing for drawing in drawings if drawing)
