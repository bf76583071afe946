"""Tables of accuracies, comparisons, other metrics and lengths."""

from collections.abc import Iterable, Sequence

import numpy as np
import pandas as pd

from reports import formats
from reports.analysis import sentences
from reports.analysis.accuracy import Accuracy
from reports.analysis.baselines import baselines, class_shares
from reports.analysis.calibration import brier_score
from reports.analysis.calibration_error import bins, calibration_error
from reports.analysis.comparisons import Comparison
from reports.analysis.estimates import Clusters, Estimate
from reports.analysis.results import Configuration
from reports.analysis.run_analysis import Analysis
from reports.formats import NOT_MEASURED, Interval
from reports.render.rows import Row, frame, trainings, who

MAJORITY, STRATIFIED = "(majority class)", "(stratified random)"


def accuracy_table(analysis: Analysis) -> pd.DataFrame:
    """Accuracy in percent with its 95 % interval, losses side by side; best first within a size.

    With the leading loss, also the verdict against the cheapest model and whether a model may be the best. The last
    rows of each size are the baselines that learn nothing.
    """
    accuracies = {(a.configuration.contender, a.configuration.loss): a for a in analysis.accuracies}
    losses = list(dict.fromkeys(a.configuration.loss for a in analysis.accuracies))
    best = sorted(analysis.accuracies, key=lambda a: (a.configuration.train_size, -a.value))
    verdicts, places = _verdicts(analysis), _places(analysis)
    sizes: dict[int, list[Row]] = {}
    for configuration in {a.configuration.contender: a.configuration for a in best}.values():
        own = {loss: accuracies[key] for loss in losses if (key := (configuration.contender, loss)) in accuracies}
        row = who(configuration) | {"interval covers": _joined(a.estimand.covers for a in own.values())}
        row["trainings"] = _joined(map(_trainings, own.values()))
        for loss in losses:
            accuracy = own.get(loss)
            row[f"{loss}: accuracy %"] = (
                formats.percent_interval(accuracy.value, accuracy.interval) if accuracy else NOT_MEASURED
            )
        keys = [a.configuration.key for a in own.values()]
        row["against the cheapest"] = next((verdicts[key] for key in keys if key in verdicts), NOT_MEASURED)
        row["may be the best"] = next((places[key] for key in keys if key in places), NOT_MEASURED)
        sizes.setdefault(configuration.train_size, []).append(row)
    rows = [row for own in sizes.values() for row in [*own, *_baselines(analysis, own[-1], losses)]]
    return frame(rows)


def primary_table(analysis: Analysis) -> pd.DataFrame:
    """Every model against the cheapest of its size; part of the one family, so p-values are adjusted."""
    return comparisons_table(c for _, own in analysis.primary.against_cheapest.values() for c in own)


def best_table(analysis: Analysis) -> pd.DataFrame:
    """The most that each model may be behind the best of its size, in points."""
    rows = []
    for size, best in sorted(analysis.primary.best.items()):
        known = {a.configuration.key: a for a in analysis.accuracies}
        candidates = {a.configuration.key for a in best.candidates}
        for key, behind in sorted(best.behind.items(), key=lambda entry: -known[entry[0]].value):
            rows.append(
                {
                    "training texts": formats.count(size),
                    "model": known[key].configuration.model,
                    "may be the best": "yes" if key in candidates and best.learnt else "no",
                    "behind the best by at most (points)": formats.points(behind, signed=False),
                }
            )
    return frame(rows)


def comparisons_table(comparisons: Iterable[Comparison]) -> pd.DataFrame:
    """Comparisons of two models, in points."""
    return frame(
        [
            {
                "training texts": formats.count(c.first.train_size),
                "loss": c.first.loss,
                "first": c.first.model,
                "second": c.second.model,
                "first less second (points)": sentences.difference(c),
                "p": formats.p_value(c.finding.p_adjusted),
                "first is": sentences.short(c),
                "holds for": c.estimand.claim.removeprefix("for "),
            }
            for c in comparisons
        ]
    )


def quality_table(analysis: Analysis) -> pd.DataFrame:
    """Other metrics on all test rows, means over trainings; accuracies with and without leaked rows where some leak."""
    leaks = any(cell.leaked_rows for cell in analysis.results.ok)
    rows = []
    for evidence in analysis.evidence:
        configuration = evidence.configuration
        predictions = [analysis.results.predictions(cell) for cell in configuration.cells]
        row = who(configuration) | {"loss": configuration.loss}
        if leaks:
            row["accuracy on all rows"] = formats.percent(_metric(configuration, "accuracy"))
            row["accuracy without leaked rows"] = formats.percent(_metric(configuration, "accuracy_without_leaks"))
        clusters = Clusters.of(predictions[0].groups)
        error = calibration_error([bins(p.probabilities.max(axis=1), p.correct, clusters) for p in predictions])
        row |= {
            "macro-F1": formats.percent(_metric(configuration, "macro_f1")),
            "log loss (nats)": formats.decimal(_metric(configuration, "log_loss")),
            "calibration error, ECE % (debiased)": formats.percent_interval(error.value, error.interval),
            "ECE % if perfectly calibrated": f"up to {100 * error.null:.1f}",
            "Brier score": formats.decimal(float(np.mean([*map(brier_score, predictions)]))),
        }
        rows.append(row)
    return frame(rows)


def length_table(analysis: Analysis) -> pd.DataFrame:
    """Other losses against the reference loss: accuracy gained, in points, and how that depends on the length."""
    return frame(
        [
            who(effect.comparison.first)
            | {
                "loss": effect.comparison.first.loss,
                "all rows (points)": sentences.difference(effect.comparison),
                "p": formats.p_value(effect.comparison.finding.p_adjusted),
                "verdict": sentences.short(effect.comparison),
                "holds for": effect.comparison.estimand.claim.removeprefix("for "),
                "longest less shortest (points, exploratory)": _effect(effect.gap),
            }
            for effect in analysis.length_effects
        ]
    )


def bucket_effects_table(analysis: Analysis) -> pd.DataFrame:
    """Other losses against cross-entropy within each length bucket: accuracy gained, in points."""
    rows = []
    for effect in analysis.length_effects:
        row = who(effect.comparison.first) | {"loss": effect.comparison.first.loss}
        for name, bucket in zip(_bucket_names(len(effect.buckets)), effect.buckets, strict=True):
            row[name] = _effect(bucket.effect)
        rows.append(row)
    return frame(rows)


def class_effects_table(analysis: Analysis) -> pd.DataFrame:
    """Other losses against cross-entropy within each class: recall gained, in points."""
    return frame(
        [
            who(effect.comparison.first)
            | {
                "loss": effect.comparison.first.loss,
                "class": one.name,
                "test texts": formats.count(one.rows),
                "recall gained (points)": _effect(one.effect),
            }
            for effect in analysis.length_effects
            for one in effect.classes
        ]
    )


def bucket_table(analysis: Analysis) -> pd.DataFrame:
    """Accuracy in percent within each length bucket, and what of the texts was not read; means over trainings."""
    rows = []
    for evidence in analysis.evidence:
        configuration = evidence.configuration
        names = _bucket_names(len(evidence.edges) + 1)
        shares = (
            formats.percent(float(evidence.within(index).values.mean())) for index in range(len(evidence.edges) + 1)
        )
        row = who(configuration) | {
            "loss": configuration.loss,
            "texts cut": _mean_share(configuration, "texts_cut"),
            "tokens never read": _mean_share(configuration, "tokens_cut"),
            "buckets end at (words)": _edges(configuration),
        }
        rows.append(row | dict(zip(names, shares, strict=True)))
    return frame(rows)


def _effect(found: Estimate) -> str:
    """A difference with its interval; without one where all texts say the same, as one text does."""
    if found.standard_error == 0:
        return "0.00 (same on every text)" if found.value == 0 else f"{formats.points(found.value)} (no interval)"
    return formats.points_interval(found.value, found.interval)


def _baselines(analysis: Analysis, beside: Row, losses: Sequence[str]) -> list[Row]:
    """The rows of always answering the most common class, and of drawing a class by the classes' shares."""
    rows = analysis.evidence[0].rows
    shares = class_shares(rows.labels, len(analysis.results.run["dataset"]["classes"]))
    found = baselines("accuracy", shares)
    rest = dict.fromkeys(beside, NOT_MEASURED) | {
        name: beside[name] for name in ("training texts", "device") if name in beside
    }
    return [
        rest
        | {"model": name}
        | {f"{loss}: accuracy %": formats.percent_interval(share, Interval(np.nan, np.nan)) for loss in losses}
        for name, share in ((MAJORITY, found.majority), (STRATIFIED, found.stratified))
    ]


def _verdicts(analysis: Analysis) -> dict[str, str]:
    """Key of a configuration -> its verdict against the cheapest of its size."""
    shown: dict[str, str] = {}
    for cheapest, comparisons in analysis.primary.against_cheapest.values():
        shown[cheapest.key] = "the cheapest"
        for c in comparisons:
            shown[c.first.key] = sentences.with_interval(c)
    return shown


def _places(analysis: Analysis) -> dict[str, str]:
    """Key of a configuration -> whether it may be the best of its size."""
    shown: dict[str, str] = {}
    for best in analysis.primary.best.values():
        candidates = {a.configuration.key for a in best.candidates}
        shown |= {key: "yes" if key in candidates and best.learnt else "no" for key in best.behind}
    return shown


def _trainings(accuracy: Accuracy) -> str:
    """Number and kind of the trainings; "alike" where all of them predict the same."""
    many = trainings(accuracy.configuration)
    return f"{many}, alike" if accuracy.deterministic else many


def _joined(texts: Iterable[str]) -> str:
    return " / ".join(dict.fromkeys(texts))


def _bucket_names(buckets: int) -> list[str]:
    if buckets == 1:
        return ["all lengths"]
    return ["shortest", *(f"bucket {index}" for index in range(2, buckets)), "longest"]


def _edges(configuration: Configuration) -> str:
    return ", ".join(f"{edge:g}" for edge in configuration.cells[0].length_edges)


def _mean_share(configuration: Configuration, name: str) -> str:
    shares = [cell.truncation.get(name, np.nan) for cell in configuration.cells]
    return formats.percent(float(np.mean(shares)))


def _metric(configuration: Configuration, name: str) -> float:
    return float(np.mean([cell.metrics.get(name, np.nan) for cell in configuration.cells]))
