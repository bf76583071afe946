"""Checks that can find a result meaningless, and how severe a failure is; every one runs on every cell."""

import math
from collections.abc import Mapping

import numpy as np
import torch
from scipy.stats import binomtest
from torch.nn.functional import cross_entropy

from benchmarks.cells.scores import scores_fault
from benchmarks.measurement.chance import above_majority, majority_share
from benchmarks.schema.audits import Audit, Severity
from data import likeness
from data.arrays import FloatArray, IntArray
from data.dataset import Dataset
from losses.loss import Loss
from models.model import FitReport

LEAST_DIFFERENCE = 1e-6
"""Relative difference of two gradients above which rounding does not explain it."""

PROBED_ROWS = 256

MOST_UNREAD = 0.5
"""Share of the tokens cut off, or of the texts without a known token, from which a figure is one of other texts."""

TRACE = 0.01
"""Share of a split's rows up to which repeated texts are a trace: a warning, no alarm."""

FEW_UNKNOWN = 0.01
"""Share of test texts without a known token that no vocabulary avoids."""

SHUFFLED_LEVEL = 0.001


def loss_gradient(
    loss: Loss, lengths: IntArray, labels: IntArray, num_classes: int, *, reference: bool = False
) -> Audit:
    """Check that the loss can change training: its gradient at the logits must differ from cross-entropy's.

    A term that does not depend on the logits adds to the loss value and has no effect.

    Args:
        loss: built on `lengths` and `labels`.
        lengths: (N,) words of the training texts.
        labels: (N,) their class indices.
        num_classes: C.
        reference: the loss is cross-entropy itself, and its gradient must be cross-entropy's.
    """
    generator = torch.Generator().manual_seed(0)
    places = np.linspace(0, len(lengths) - 1, min(PROBED_ROWS, len(lengths))).astype(np.int64)
    rows = np.argsort(lengths, kind="stable")[places]
    logits = torch.randn(len(rows), num_classes, generator=generator, dtype=torch.float64).float().requires_grad_()
    target = torch.from_numpy(labels[rows])
    (own,) = torch.autograd.grad(loss(logits, target, torch.from_numpy(lengths[rows])).mean(), logits)
    (plain,) = torch.autograd.grad(cross_entropy(logits, target), logits)
    difference = float((own - plain).norm() / plain.norm())
    name = "loss gradient"
    if not math.isfinite(difference):
        return Audit(name=name, passed=False, reason="the loss's gradient is not finite")
    differs = difference > LEAST_DIFFERENCE
    if reference:
        reason = f"differs from cross-entropy's by {difference:.1%}" if differs else "is cross-entropy's, the reference"
        return Audit(name=name, passed=not differs, reason=reason)
    if differs:
        return Audit(name=name, passed=True, reason=f"differs from cross-entropy's by {difference:.1%}")
    return Audit(name=name, passed=False, reason="is cross-entropy's: this loss cannot change training")


def splits_disjoint(dataset: Dataset) -> Audit:
    """Check that no text is in two splits.

    A failure is an error where more than a trace of the validation or test rows is elsewhere, too; else a warning.
    """
    train, valid, test = (set(split.texts) for split in (dataset.train, dataset.valid, dataset.test))
    shared = {
        "train and valid": (len(train & valid), len(valid)),
        "train and test": (len(train & test), len(test)),
        "valid and test": (len(valid & test), len(test)),
    }
    found = [f"{count} texts ({count / size:.1%}) are in {where}" for where, (count, size) in shared.items() if count]
    traces = all(count <= TRACE * size for count, size in shared.values())
    reason = "; ".join(found) or "no text is in two splits"
    return Audit(name="splits disjoint", passed=not found, reason=reason, severity="warning" if traces else "error")


def splits_alike(dataset: Dataset) -> Audit:
    """Check that the test rows are like the training rows; a failure is an error where they are of another kind."""
    found = likeness.splits_alike(dataset)
    severity: Severity = "error" if found.large else "warning"
    return Audit(name="splits alike", passed=found.alike, reason=found.reason, severity=severity)


def decoding(probabilities: FloatArray, texts: int, num_classes: int) -> Audit:
    """Check that the scores are (N, C) probabilities, one for each class; an argmax over one column is always 0."""
    fault = scores_fault(probabilities, texts, num_classes)
    reason = fault or f"{num_classes} probabilities for {num_classes} classes"
    return Audit(name="decoding", passed=not fault, reason=reason)


def predictions(probabilities: FloatArray, class_names: tuple[str, ...]) -> Audit:
    """Check that every class is predicted; a failure is an error where only one class is, else a warning."""
    counts = np.bincount(probabilities.argmax(axis=1), minlength=len(class_names))
    never = [class_names[index] for index in np.flatnonzero(counts == 0)]
    if never:
        only = len(never) == len(class_names) - 1
        shown = ", ".join(never[:5]) + (f" and {len(never) - 5} others" if len(never) > 5 else "")
        severity: Severity = "error" if only else "warning"
        return Audit(name="predictions", passed=False, reason=f"never predicts {shown}", severity=severity)
    commonest = np.argsort(-counts, kind="stable")[:5]
    shares = ", ".join(f"{class_names[index]} {counts[index] / counts.sum():.0%}" for index in commonest)
    return Audit(name="predictions", passed=True, reason=f"every class is predicted ({shares})")


def majority_baseline(probabilities: FloatArray, labels: IntArray, class_names: tuple[str, ...]) -> Audit:
    """Check that the accuracy is above that of always naming the most common class.

    A failure is an error where the accuracy is no higher, and a warning where it is, but by no more than chance allows:
    one-sided binomial test at level 0.01.
    """
    predicted = probabilities.argmax(axis=1)
    accuracy, baseline = float((predicted == labels).mean()), majority_share(labels)
    always = f"always naming {class_names[int(np.bincount(labels).argmax())]}"
    if accuracy <= baseline:
        reason = f"accuracy {accuracy:.1%} is not above the {baseline:.1%} of {always}"
        return Audit(name="majority baseline", passed=False, reason=reason)
    passed = above_majority(predicted, labels)
    shown = "is" if passed else "is not shown to be"
    reason = f"accuracy {accuracy:.1%} {shown} above the {baseline:.1%} of {always}"
    return Audit(name="majority baseline", passed=passed, reason=reason, severity="warning")


def shuffled_labels(probabilities: FloatArray, labels: IntArray) -> Audit:
    """Check that a model trained on shuffled labels scores at chance; if not, test labels reach it by another way.

    At chance: a two-sided binomial test of the accuracy at level 0.001 does not tell it from the share of predictions
    that would be right by luck, given how often each class is predicted and how often it occurs.
    """
    predicted = probabilities.argmax(axis=1)
    share = np.bincount(predicted, minlength=probabilities.shape[1]) / len(labels)
    expected = float((share * np.bincount(labels, minlength=probabilities.shape[1]) / len(labels)).sum())
    correct = int((predicted == labels).sum())
    at_chance = binomtest(correct, len(labels), expected).pvalue > SHUFFLED_LEVEL
    reason = f"trained on shuffled labels, {correct / len(labels):.1%} are right; {expected:.1%} would be by chance"
    return Audit(name="shuffled labels", passed=at_chance, reason=reason)


def repeated(probabilities: FloatArray, before: FloatArray | None) -> Audit:
    """Check that training again with the same seed gives the same predictions (N, C); None: there are none before."""
    name = "repeated"
    if before is None:
        return Audit(name=name, passed=False, reason="the cell that is repeated left no predictions")
    largest = float(np.abs(probabilities - before).max())
    changed = int((probabilities.argmax(axis=1) != before.argmax(axis=1)).sum())
    if largest == 0:
        return Audit(name=name, passed=True, reason="the same seed gave the very same probabilities")
    reason = f"the same seed gave {changed} other predictions, and probabilities up to {largest:.2g} apart"
    return Audit(name=name, passed=False, reason=reason)


def convergence(fitted: FitReport) -> Audit:
    """Check that the solver reached its tolerance; one that stops early makes differences between losses look real."""
    reasons = {
        True: "the solver reached its tolerance",
        False: "the solver stopped before its tolerance: its accuracy is not the model's",
        None: "trained for a set number of steps",
    }
    return Audit(name="convergence", passed=fitted.converged is not False, reason=reasons[fitted.converged])


def regularisation(fitted: FitReport) -> Audit:
    """Note where the strongest or the weakest regularisation that was tried is the best on validation."""
    reasons = {
        True: "the chosen strength lies between others that were tried",
        False: "the chosen strength is at the end of those that were tried: one beyond it may be better",
        None: "no strength is chosen",
    }
    found = fitted.optimum_inside
    return Audit(name="regularisation", passed=found is not False, reason=reasons[found], severity="note")


def cached_vectors(fitted: FitReport) -> Audit:
    """Note where the training read vectors of texts from a cache: the time of their encoding is reckoned."""
    count = fitted.cached_texts
    reason = (
        f"vectors of {count:,} texts came from a cache: the training time adds their encoding, at the rate of labelling"
        if count
        else "no vector of a training text was read from a cache"
    )
    return Audit(name="cached vectors", passed=not count, reason=reason, severity="note")


def truncation(coverage: Mapping[str, float]) -> Audit:
    """Check that less than half of the tokens were cut off; a comparison would else be one of parts of texts.

    Args:
        coverage: of the test texts, see `metrics.coverage`.
    """
    cut = coverage["tokens_cut"]
    reason = f"{coverage['texts_cut']:.1%} of the texts were cut; {cut:.1%} of their tokens were cut off"
    return Audit(name="truncation", passed=cut < MOST_UNREAD, reason=reason, severity="warning")


def unknown_texts(coverage: Mapping[str, float]) -> Audit:
    """Check that test texts hold tokens that the model knows; without any, it can only guess by class frequency.

    A failure is an error where half of the texts or more hold none, else a warning.

    Args:
        coverage: of the test texts, see `metrics.coverage`.
    """
    unknown = coverage["texts_unknown"]
    tokens = coverage.get("tokens_unknown")
    reason = f"{unknown:.1%} of the test texts hold no token that the model knows; " + (
        "its unknown tokens are not counted" if tokens is None else f"{tokens:.1%} of the tokens read are unknown"
    )
    severity: Severity = "error" if unknown >= MOST_UNREAD else "warning"
    return Audit(name="unknown texts", passed=unknown <= FEW_UNKNOWN, reason=reason, severity=severity)
