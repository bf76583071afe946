"""The best model of each training size in a sentence that claims no more than its comparisons, and its limits."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from reports import formats
from reports.analysis import sentences
from reports.analysis.estimands import Estimand
from reports.analysis.estimates import LEAST_CLUSTERS
from reports.analysis.primary import BestSet, leading_loss
from reports.analysis.run_analysis import Analysis

READING = re.compile(r" \((?:text|label|groups|time|map|splits) .*\)$", re.DOTALL)
"""The end of a dataset's name: how it was read."""

FOLDER = "…/"
"""The beginning of a path whose folder is not shown, see `benchmarks.redaction`."""


@dataclass(frozen=True)
class Headline:
    """The best among the models of one training size.

    Attributes:
        train_size: training texts.
        loss: their common loss.
        best: the models that may be the best.
    """

    train_size: int
    loss: str
    best: BestSet

    @property
    def sentence(self) -> str:
        """The best, or those between which the data do not decide, with their accuracies."""
        with_texts = f"With {formats.count(self.train_size)} training texts and {self.loss}"
        return f"{with_texts}, {self._verdict}: {self._accuracies}"

    @property
    def _verdict(self) -> str:
        best = self.best
        top, claim = best.top.configuration.model, best.estimand.claim
        if not best.learnt:
            majority = formats.percent(best.top.majority)
            return f"no model is shown to beat the majority class ({majority}), so none is better than another"
        if best.models == 1:
            return f"{top} is the only model"
        if len(best.candidates) == 1:
            return f"{top} is the best of the {best.models} models {claim}"
        others = listed([a.configuration.model for a in best.candidates if a is not best.top])
        return (
            f"{top} is the most accurate of the {best.models} models, and not shown to be better than {others} {claim}"
        )

    @property
    def _accuracies(self) -> str:
        return "; ".join(
            f"{a.configuration.model} {formats.percent_interval(a.value, a.interval)} %" for a in self.best.candidates
        )


def headlines(analysis: Analysis) -> tuple[Headline, ...]:
    """One for each training size: first the one that most models ran with, the larger of equals."""
    loss = leading_loss(analysis.results.configurations)
    found = [Headline(size, loss, best) for size, best in analysis.primary.best.items()]
    return tuple(sorted(found, key=lambda headline: (-headline.best.models, -headline.train_size)))


def one_training(analysis: Analysis) -> str:
    """The models whose figures are those of one training; nothing where every model ran with several."""
    accuracies = analysis.accuracies
    once = [a.configuration for a in accuracies if a.estimand is Estimand.TRAINING]
    if not once:
        return ""
    several = {a.configuration.model for a in accuracies if a.estimand is not Estimand.TRAINING}
    names = [
        f"{one.model} on {formats.count(one.train_size)} texts" if one.model in several else one.model for one in once
    ]
    who = listed(list(dict.fromkeys(names))) if several else "Every model"
    return (
        f"{who} ran once: figures and verdicts hold for that training alone. Another training may come out better or "
        "worse by more than the intervals say (--repeats 5 shows by how much)."
    )


def leaks(analysis: Analysis) -> str:
    """State that no figure counts leaked test rows, where they are more than a trace; else ""."""
    if not analysis.evidence or not analysis.evidence[0].rows.without_leaks:
        return ""
    rows = analysis.evidence[0].rows
    share = formats.percent(rows.leaked / len(rows.kept))
    return (
        f"{rows.leaked:,} of {len(rows.kept):,} test rows ({share}) also occur in training or validation. Accuracies, "
        "verdicts and effects leave them out."
    )


def clustered(analysis: Analysis) -> str:
    """State that intervals count clusters, where test rows belong together; else ""."""
    clusters = analysis.evidence[0].rows.clusters if analysis.evidence else None
    if clusters is None:
        return ""
    groups = f"({clusters.count:,} groups, as informative as {clusters.effective:,.0f} equally large ones)"
    if clusters.few:
        return (
            f"Test rows are clustered by group {groups}, too few to measure how alike the rows of a group are: the "
            "intervals are not cluster-robust. They are at least as wide as for independent rows and may still be too "
            f"narrow; hold out more groups (equally large ones count most, {LEAST_CLUSTERS} at the least)."
        )
    return (
        f"Test rows are clustered by group {groups}: intervals count groups, not rows. Numbers of test texts that "
        "would decide assume groups of the same size."
    )


def _few_groups(analysis: Analysis) -> bool:
    clusters = analysis.evidence[0].rows.clusters if analysis.evidence else None
    return clusters is not None and clusters.few


def family(analysis: Analysis) -> str:
    """State how to read the verdicts together."""
    size = analysis.primary.size
    if size == 0:
        return ""
    comparisons = "1 comparison" if size == 1 else f"{size} comparisons, which share one error rate of 5 %"
    return (
        f"The verdicts rest on {comparisons}: each model against the cheapest and against the most accurate, each loss "
        "against the reference. Everything marked exploratory is outside of it."
    )


def alarms(analysis: Analysis) -> str:
    """Audits that failed as errors and that nobody has acknowledged; nothing where none did."""
    found = analysis.results.alarms
    if not found:
        return ""
    cells = len(analysis.results.ok)
    audits = "; ".join(f"{name} in {count} of {cells} cells" for name, count in found.items())
    return f"Audits that failed and raise an alarm: {audits}."


def warnings(analysis: Analysis) -> list[tuple[str, str]]:
    """Everything that a reader must know before relying on a figure: in a few words, and in a sentence."""
    results = analysis.results
    environment = ", ".join(results.differing_environment)
    found = [
        (f"audits failed ({listed(list(results.alarms))})" if results.alarms else "", alarms(analysis)),
        ("accuracy misleads", analysis.leading.warning),
        ("test texts also occur in training", leaks(analysis)),
        ("intervals may be too narrow: few groups", clustered(analysis) if _few_groups(analysis) else ""),
        (
            "cells ran in different environments",
            f"The cells were not all run in the same environment ({environment}): their times do not compare."
            if environment
            else "",
        ),
        ("times are in doubt", analysis.noise.sentence if analysis.noise.busy else ""),
    ]
    return [(short, sentence) for short, sentence in found if sentence]


def in_short(analysis: Analysis) -> str:
    """The warnings in one line, for the top of a report; "" without any."""
    short = [words for words, _ in warnings(analysis)]
    return f"Before you rely on a figure: {'; '.join(short)}." if short else ""


def title(analysis: Analysis) -> str:
    """The data's name, without its folder and the columns and labels by which it was read."""
    return READING.sub("", str(analysis.results.run["dataset"]["name"])).removeprefix(FOLDER)


def subject(analysis: Analysis) -> str:
    """Name of the suite, with the numbers of training and test texts."""
    run = analysis.results.run
    sizes = sorted({one.train_size for one in analysis.results.configurations}) or [run["dataset"]["train"]]
    trained = " to ".join(formats.count(size) for size in dict.fromkeys((sizes[0], sizes[-1])))
    return f"Suite {run['suite']}: {trained} training and {formats.count(run['dataset']['test'])} test texts"


def caveats(analysis: Analysis) -> list[str]:
    """The limits of the figures: clustered rows, single trainings, training rows in common."""
    groups = "" if _few_groups(analysis) else clustered(analysis)
    found = (groups, one_training(analysis), sentences.shared_rows(analysis.results.configurations))
    return [sentence for sentence in found if sentence]


def listed(names: Sequence[str], joint: str = "and") -> str:
    """Names as a list within a sentence: "a, b and c"."""
    *others, last = names
    return f"{', '.join(others)} {joint} {last}" if others else last
