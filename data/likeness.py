"""Whether the test rows are like the training rows: in length, in class, and as a model sees them.

A test set that differs from training measures another task than the one that was learnt, and every model's figure with
it. The differences are measured, not judged by eye: a difference counts where its interval lies beyond a limit.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from data.arrays import FloatArray, IntArray
from data.dataset import Dataset, Split
from data.splitting import content_order

SAMPLE = 2_000
"""Rows of each side that are compared at most: enough for an interval of +-0.025, in seconds."""

CHARACTERS = 1_000
"""Characters at the beginning of a text that the model reads."""

FOLDS = 5
WORDS = 20_000
TOKEN = r"[\u3040-\u30ff\u3400-\u9fff]|[^\W\u3040-\u30ff\u3400-\u9fff]+|[^\w\s]"
"""A character of Chinese or Japanese, a word of any other script, or a sign."""

LEVEL_Z = 2.576
"""Two-sided 99 %, so that the audit, which runs on every dataset, rarely raises a false alarm."""

CHANCE = 0.99
DRAWS = 1_000
"""Simulated pairs of samples from one distribution, which give the distance explained by chance."""


@dataclass(frozen=True)
class Limits:
    """Differences that are accepted.

    Attributes:
        auc: probability that a linear model ranks a test text above a training text; 0.5 is chance.
        length_shift: difference of the mean logarithms of the lengths, in standard deviations of the training rows.
        class_shift: share of the test rows that would need another class (total variation distance).
    """

    auc: float
    length_shift: float
    class_shift: float


LIMITS = Limits(auc=0.6, length_shift=0.2, class_shift=0.1)
LARGE = Limits(auc=0.75, length_shift=0.5, class_shift=0.25)
"""Differences beyond which the test rows are of another kind of text."""


@dataclass(frozen=True)
class Estimate:
    """A figure with its 99 % interval."""

    value: float
    low: float
    high: float

    @property
    def least(self) -> float:
        """The smallest absolute value in the interval."""
        return max(0.0, self.low, -self.high)


@dataclass(frozen=True)
class Likeness:
    """Similarity of training and test rows.

    Attributes:
        auc: of a linear model on words that separates test from training texts, cross-validated in whole groups.
        length_shift: test less training, mean logarithm of the words, in standard deviations.
        length_ratio: mean words of a test text / of a training text.
        class_shift: total variation distance of the shares of the classes; the lower end is the part that chance does
            not explain.
        differences: a sentence for each difference beyond `LIMITS`; empty where the splits are alike.
        large: whether one is beyond `LARGE`.
    """

    auc: Estimate
    length_shift: Estimate
    length_ratio: float
    class_shift: Estimate
    differences: tuple[str, ...]
    large: bool

    @property
    def alike(self) -> bool:
        """Whether no difference is beyond its limit."""
        return not self.differences

    @property
    def reason(self) -> str:
        """A sentence for reports."""
        told = f"a linear model tells test from training texts with AUC {_interval(self.auc)}, 0.50 being chance"
        rest = f"test texts have {self.length_ratio:.2f} times the words; "
        rest += f"the shares of the classes differ by {self.class_shift.value:.1%}"
        return "; ".join(self.differences) or f"{told}; {rest}"


def splits_alike(dataset: Dataset) -> Likeness:
    """Compare the training with the test rows.

    At most `SAMPLE` rows of each are compared, drawn by their content, whole groups where these are known. The AUC's
    variance counts groups rather than rows (Obuchowski 1997, Nonparametric analysis of clustered ROC curve data).
    """
    train, test = _sampled(dataset.train), _sampled(dataset.test)
    auc = _auc(train, test)
    length_shift = _length_shift(train, test)
    class_shift = _class_shift(dataset.train, dataset.test)
    ratio = float(dataset.test.lengths.mean() / max(dataset.train.lengths.mean(), 1e-9))
    sentences = {
        f"a linear model tells test from training texts with AUC {_interval(auc)}, 0.50 being chance": (
            auc.low > LIMITS.auc,
            auc.low > LARGE.auc,
        ),
        f"test texts have {ratio:.2f} times the words of training texts "
        f"({length_shift.value:+.2f} standard deviations on a logarithmic scale)": (
            length_shift.least > LIMITS.length_shift,
            length_shift.least > LARGE.length_shift,
        ),
        f"the shares of the classes differ by {class_shift.value:.1%} of the rows": (
            class_shift.low > LIMITS.class_shift,
            class_shift.low > LARGE.class_shift,
        ),
    }
    found = tuple(sentence for sentence, (beyond, _) in sentences.items() if beyond)
    return Likeness(auc, length_shift, ratio, class_shift, found, any(large for _, large in sentences.values()))


def _sampled(split: Split) -> Split:
    """Return at most `SAMPLE` rows, as a random draw of the groups, or rows, orders them."""
    if len(split) <= SAMPLE:
        return split
    if split.groups is None:
        return split.take(content_order(split.texts, seed=0)[:SAMPLE])
    names = sorted(set(split.groups))
    place = {names[group]: place for place, group in enumerate(content_order(names, seed=0))}
    order = np.argsort([place[group] for group in split.groups], kind="stable")
    return split.take(order[:SAMPLE])


def _auc(train: Split, test: Split) -> Estimate:
    """Return the cross-validated AUC of telling test texts (1) from training texts (0)."""
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression

    texts = np.array([text[:CHARACTERS] for text in (*train.texts, *test.texts)], dtype=object)
    side = np.repeat([0, 1], [len(train), len(test)])
    groups = np.concatenate([_clusters(train, 0), _clusters(test, len(train))])
    placements = np.full(len(texts), np.nan)
    words = TfidfVectorizer(max_features=WORDS, sublinear_tf=True, token_pattern=TOKEN)
    features = words.fit_transform(texts)  # knows no side
    for held in _folds(groups, side):
        kept = np.setdiff1d(np.arange(len(texts)), held)
        if len(np.unique(side[kept])) < 2 or len(np.unique(side[held])) < 2:
            continue
        model = LogisticRegression(C=1.0, class_weight="balanced", solver="liblinear")
        model.fit(features[kept], side[kept])
        placements[held] = _placements(model.decision_function(features[held]), side[held])
    return _clustered(placements, side, groups)


def _clusters(split: Split, first: int) -> IntArray:
    """Return (N,) numbers of the groups, from `first` on; each row its own where no groups are known."""
    if split.groups is None:
        return np.arange(first, first + len(split))
    numbers: IntArray = first + np.unique(np.asarray(split.groups, dtype=object).astype(str), return_inverse=True)[1]
    return numbers


def _folds(groups: IntArray, side: IntArray) -> Sequence[IntArray]:
    """Return the held-out rows of each fold: whole groups, both sides in proportion."""
    names, group_of_row = np.unique(groups, return_inverse=True)
    generator = np.random.default_rng(0)
    fold_of_group = np.empty(len(names), dtype=np.int64)
    for value in (0, 1):
        members = generator.permutation(np.unique(group_of_row[side == value]))
        fold_of_group[members] = np.arange(len(members)) % FOLDS
    return [np.flatnonzero(fold_of_group[group_of_row] == fold) for fold in range(FOLDS)]


def _placements(scores: FloatArray, side: IntArray) -> FloatArray:
    """Return for each row the share of the other side's rows that the model ranks rightly against it; ties half."""
    below, above = np.sort(scores[side == 0]), np.sort(scores[side == 1])
    result = np.empty(len(scores))
    ones, zeros = scores[side == 1], scores[side == 0]
    result[side == 1] = (np.searchsorted(below, ones, "left") + np.searchsorted(below, ones, "right")) / (
        2 * len(below)
    )
    result[side == 0] = 1 - (np.searchsorted(above, zeros, "left") + np.searchsorted(above, zeros, "right")) / (
        2 * len(above)
    )
    return result


def _clustered(placements: FloatArray, side: IntArray, groups: IntArray) -> Estimate:
    """Return the AUC and its interval from the placements of both sides' rows."""
    scored = ~np.isnan(placements)
    if len(np.unique(side[scored])) < 2:
        return Estimate(0.5, 0.0, 1.0)
    auc = float(placements[scored & (side == 1)].mean())
    variance = 0.0
    for value in (0, 1):
        rows = scored & (side == value)
        sums = np.bincount(np.unique(groups[rows], return_inverse=True)[1], weights=placements[rows] - auc)
        if len(sums) < 2:
            return Estimate(auc, 0.0, 1.0)
        variance += float((sums**2).sum()) * len(sums) / (len(sums) - 1) / int(rows.sum()) ** 2
    error = LEVEL_Z * variance**0.5
    return Estimate(auc, max(0.0, auc - error), min(1.0, auc + error))


def _length_shift(train: Split, test: Split) -> Estimate:
    """Return the difference of the mean logarithms of the lengths, in standard deviations of the training rows."""
    logs = [np.log1p(split.lengths.astype(np.float64)) for split in (train, test)]
    # The deviation of equal lengths is rounding noise, and only sometimes 0.
    scale = float(logs[0].std()) if train.lengths.min() < train.lengths.max() else 1.0
    shift = float(logs[1].mean() - logs[0].mean()) / scale
    variance = 0.0
    for split, values in zip((train, test), logs, strict=True):
        sums = np.bincount(np.unique(_clusters(split, 0), return_inverse=True)[1], weights=values - values.mean())
        variance += float((sums**2).sum()) / len(values) ** 2
    error = LEVEL_Z * variance**0.5 / scale
    return Estimate(shift, shift - error, shift + error)


def _class_shift(train: Split, test: Split) -> Estimate:
    """Return the total variation distance of the class shares, less and plus the part explained by chance."""
    shares = [np.bincount(split.labels, minlength=split.num_classes) / len(split) for split in (train, test)]
    distance = float(np.abs(shares[1] - shares[0]).sum() / 2)
    pooled = np.bincount(np.concatenate([train.labels, test.labels]), minlength=train.num_classes)
    pooled = pooled / pooled.sum()
    clusters = [len(np.unique(_clusters(split, 0))) for split in (train, test)]
    generator = np.random.default_rng(0)
    draws = [generator.multinomial(size, pooled, DRAWS) / size for size in clusters]
    chance = float(np.quantile(np.abs(draws[1] - draws[0]).sum(axis=1) / 2, CHANCE))
    return Estimate(distance, max(0.0, distance - chance), min(1.0, distance + chance))


def _interval(estimate: Estimate) -> str:
    return f"{estimate.value:.2f} ({estimate.low:.2f} to {estimate.high:.2f})"
