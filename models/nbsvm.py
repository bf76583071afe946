"""Naive-Bayes-scaled words and word pairs with logistic regression: the strongest cheap baseline, and the fastest."""

import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, ClassVar, Literal, NamedTuple, Self

import numpy as np
import numpy.typing as npt
from pydantic import PositiveFloat, PositiveInt
from safetensors.numpy import load_file, save_file
from scipy.sparse import csr_array
from scipy.special import log_expit, softmax
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss

from data.arrays import FloatArray, IntArray
from data.dataset import Split
from losses.loss import Loss
from models.linear.every_class import require_every_class
from models.linear.known_columns import KnownColumns, sparse_rows
from models.linear.strengths import Trial, search
from models.linear.terms import Analyzer, Terms, analyzers, least_frequency
from models.linear.word_shares import each_class
from models.model import Encoded, FitReport, Model, Monitor, Runtime, WordWeights
from models.saved_files import read_parameters, saved_model, write_parameters
from models.search_space import Interval, OneOf, SearchSpace

Float32 = npt.NDArray[np.float32]

C_GRID = (0.03, 0.1, 0.3)
"""Inverse strengths of regularisation that are tried first, weakest last."""

TOLERANCE, MOST_PASSES = 1e-4, 1_000
"""Limits of dual coordinate descent (Yu, Huang & Lin 2011, doi:10.1007/s10994-010-5221-8; liblinear), which usually
converges after twenty passes over the texts, in less time than Newton's method."""

INTERCEPT_SCALING = 5.0
"""liblinear regularises the intercept too; scaled by 5, a twenty-fifth as strongly as a coefficient."""

CONFIG_FILE, WEIGHTS_FILE = "config.json", "weights.safetensors"


class Learnt(NamedTuple):
    """The V terms of training texts, coefficients (V, K) and intercepts (K,) of K classifiers."""

    terms: Terms
    coefficients: Float32
    intercepts: Float32


class NbSvm(Model):
    """Naive-Bayes-scaled words and word pairs, or characters, hashed, logistic regression.

    Wang & Manning (2012), Baselines and Bigrams: which n-grams a text holds, each times its log-count ratio
    r = log((p / |p|) / (q / |q|)), p and q the smoothed counts of the n-grams inside and outside the class; their
    SVM is a logistic regression here, for probabilities. Two classes need one such classifier; of more, each has one
    against the rest, with ratios of its own. The loss enters as the weight of each training text, in counts and
    classifier alike. Nothing is random: seeds do not matter.
    """

    name: ClassVar[str] = "nbsvm"
    search_space: ClassVar[SearchSpace] = {
        "ngrams": OneOf((1, 2, 3)),
        "min_df": Interval(1, 5),
        "smoothing": Interval(0.1, 10.0, log=True),
        "C": Interval(0.01, 30.0, log=True),
    }

    analyzer: Literal["auto", "word", "char_wb"] = "auto"
    """Features: runs of words, or runs of characters within words; auto tries both where texts are short or have no
    spaces between words, and keeps the one with the lower log loss on validation."""

    ngrams: Literal[1, 2, 3] = 2
    """Longest run of words that is a feature."""

    min_df: PositiveInt | None = None
    """Least number of training texts with a feature; None: 1 to 3, by the number of words in the training texts."""

    bits: Literal[16, 18, 20, 22, 24] = 22
    """Bits of a hash; 2^bits features at most."""

    smoothing: PositiveFloat = 1.0
    """Constant added to each count of a class and of the others, on average; a small class gets less of it."""

    C: PositiveFloat | None = None
    """Inverse strength of regularisation; None chooses on validation."""

    _threads = Runtime().threads
    _criterion = Runtime().criterion

    def fit(
        self, train: Split, valid: Split, loss: Loss, runtime: Runtime = Runtime(), monitor: Monitor | None = None
    ) -> FitReport:
        """Fit one classifier per class (one for two classes) for each analyzer and each C that is tried.

        The best on `valid` is kept.

        Raises:
            ValueError: a class has no training text, so that it has no counts.
        """
        require_every_class(train, self.name)
        self._threads, self._criterion = runtime.threads, runtime.criterion
        weights = loss.sample_weight(train.lengths, train.labels).astype(np.float32)
        fits = [self._fits(analyzer, train, valid, weights) for analyzer in analyzers(self.analyzer, train)]
        found = search(self.C, C_GRID, *fits)
        self._terms = found.fitted.terms
        self._coefficients, self._intercepts = found.fitted.coefficients.copy(), found.fitted.intercepts.copy()
        return found.report(
            parameters=self._coefficients.size + self._intercepts.size,
        )

    def _fits(
        self, analyzer: Analyzer, train: Split, valid: Split, weights: Float32
    ) -> Callable[[Sequence[float]], list[Trial[Learnt]]]:
        """Return a function that fits several values of C on the terms of an analyzer."""
        terms, features = Terms.of(
            train.texts,
            analyzer=analyzer,
            ngrams=self.ngrams,
            bits=self.bits,
            min_df=least_frequency(self.min_df, train),
            threads=self._threads,
        )
        features = _held(features)
        valid_features = _held(terms.count(valid.texts, self._threads)[0])
        targets = _targets(train.labels, train.num_classes)

        def fit(grid: Sequence[float]) -> list[Trial[Learnt]]:
            coefficients, intercepts, converged = _solve_each(grid, features, targets, weights, self.smoothing)
            trials = []
            for row, C in enumerate(grid):  # noqa: N806
                train_scores = _probabilities(features @ coefficients[row] + intercepts[row])
                valid_scores = _probabilities(valid_features @ coefficients[row] + intercepts[row])
                entry = {
                    "C": C,
                    "characters": float(analyzer == "char_wb"),
                    "train_loss": _log_loss(train_scores, train.labels, weights),
                    "valid_loss": _log_loss(valid_scores, valid.labels),
                    "valid_accuracy": float((valid_scores.argmax(axis=1) == valid.labels).mean()),
                    "converged": float(converged[row]),
                    **self._criterion.entry(valid.labels, valid_scores),
                }
                trials.append(Trial(entry, Learnt(terms, coefficients[row], intercepts[row])))
            return trials

        return fit

    def encode(self, texts: Sequence[str]) -> Encoded:
        """Mark the known n-grams of each text: (N, V) ones. Its tokens are its distinct n-grams, and all are read."""
        counts, tokens = self._terms.count(texts, self._threads)
        return Encoded(_held(counts), tokens, tokens, np.diff(counts.indptr).astype(np.int64))

    def score(self, encoded: Encoded) -> FloatArray:
        """Return (N, C) class probabilities; with more than two classes, one-vs-rest probabilities, normalised."""
        return _probabilities(encoded.features @ self._coefficients + self._intercepts)

    def word_weights(self, text: str) -> WordWeights:
        """Each word's share of the coefficients of the n-grams that hold it, see `Terms.shares`.

        Of more than two classes, a logit is the class's own log-odds against the rest.
        """
        words, added = self._terms.shares(text, self.encode([text]).features, self._coefficients)
        return WordWeights(words, each_class(added), each_class(self._intercepts.astype(np.float64)))

    def save(self, folder: Path) -> None:
        """Write the parameters as JSON, the known buckets and their weights as safetensors."""
        write_parameters(self, folder / CONFIG_FILE, analyzer=self._terms.analyzer)
        arrays: dict[str, npt.NDArray[Any]] = {
            "buckets": self._terms.known.columns,
            "coefficients": self._coefficients,
            "intercepts": self._intercepts,
        }
        save_file(arrays, folder / WEIGHTS_FILE)

    @classmethod
    def load(cls, folder: Path, runtime: Runtime = Runtime()) -> Self:
        """Return the fitted model that `save` wrote.

        Raises:
            ValueError: the folder does not hold such a model.
        """
        with saved_model(folder, cls.name):
            model = cls(**read_parameters(cls, folder / CONFIG_FILE))
            arrays = load_file(folder / WEIGHTS_FILE)
            _check_arrays(arrays)
            if model.analyzer == "auto":
                raise ValueError(f"{CONFIG_FILE} does not say which analyzer was chosen")
            known = KnownColumns(arrays["buckets"], 1 << model.bits)
        model._terms, model._threads = Terms(model.analyzer, model.ngrams, model.bits, known), runtime.threads
        model._coefficients, model._intercepts = arrays["coefficients"], arrays["intercepts"]
        return model


def log_count_ratio(features: csr_array, inside: npt.NDArray[np.bool_], weights: Float32, smoothing: float) -> Float32:
    """Return (V,) log ratios of a feature's share in texts of a class to its share in the others.

    The smoothing is divided in proportion to the weights of both sides. One constant for both would shift the ratios of
    a small class: it has few counts beside the constant, and an n-gram that it lacks would speak for it. Two classes of
    equal weight get `smoothing` each, as in Wang & Manning (2012).

    Args:
        features: (N, V) ones.
        inside: (N,) whether a text is of the class.
        weights: (N,) of the texts.
        smoothing: added to each count, in the mean of both sides.
    """
    share = (weights * inside).sum() / weights.sum()
    within = 2 * smoothing * share + features.T @ (weights * inside)
    outside = 2 * smoothing * (1 - share) + features.T @ (weights * ~inside)
    ratio: Float32 = np.log((within / within.sum()) / (outside / outside.sum())).astype(np.float32)
    return ratio


def _held(counts: csr_array) -> csr_array:
    """Turn counts into marks of the n-grams that each text holds: (N, V) ones."""
    counts.data.fill(1)
    return counts


def _solve_each(
    grid: Sequence[float],
    features: csr_array,
    targets: Sequence[npt.NDArray[np.bool_]],
    weights: Float32,
    smoothing: float,
) -> tuple[Float32, Float32, npt.NDArray[np.bool_]]:
    """Fit one classifier for each of G values of C and K classes.

    Returns:
        Coefficients (G, V, K) and intercepts (G, K) for features that are not scaled, and (G,) whether all converged.
    """
    coefficients = np.empty((len(grid), features.shape[1], len(targets)), dtype=np.float32)
    intercepts = np.empty((len(grid), len(targets)), dtype=np.float32)
    converged = np.ones(len(grid), dtype=bool)
    for column, target in enumerate(targets):
        ratio = log_count_ratio(features, target, weights, smoothing)
        scaled = sparse_rows(ratio[features.indices], features.indices, features.indptr, features.shape[1])
        for row, C in enumerate(grid):  # noqa: N806
            classifier = _solve(C, scaled, target, weights)
            converged[row] &= classifier.n_iter_[0] < MOST_PASSES
            coefficients[row, :, column] = classifier.coef_[0] * ratio
            intercepts[row, column] = classifier.intercept_[0]
    return coefficients, intercepts, converged


def _solve(C: float, features: csr_array, target: npt.NDArray[np.bool_], weights: Float32) -> LogisticRegression:  # noqa: N803
    """Fit one class against the others, visiting texts in a fixed order."""
    classifier = LogisticRegression(
        C=C,
        solver="liblinear",
        dual=True,
        tol=TOLERANCE,
        max_iter=MOST_PASSES,
        intercept_scaling=INTERCEPT_SCALING,
        random_state=0,
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # its passes tell
        return classifier.fit(features, target, sample_weight=weights)


def _targets(labels: IntArray, num_classes: int) -> list[npt.NDArray[np.bool_]]:
    """Masks of the texts of each class; with two classes, of the second only."""
    return [labels == label for label in range(num_classes)][-1 if num_classes == 2 else 0 :]


def _probabilities(logits: Float32) -> FloatArray:
    """(N, C) from each class's logit (N, C), or from the second class's of two (N, 1)."""
    probabilities: FloatArray = softmax(log_expit(each_class(logits.astype(np.float64))), axis=1)
    return probabilities


def _log_loss(probabilities: FloatArray, labels: IntArray, weights: Float32 | None = None) -> float:
    """Log loss in nats."""
    return float(log_loss(labels, probabilities, labels=range(probabilities.shape[1]), sample_weight=weights))


def _check_arrays(arrays: dict[str, npt.NDArray[Any]]) -> None:
    """Raise ValueError unless these are a model's buckets, coefficients and intercepts."""
    types = {name: (array.dtype, array.ndim) for name, array in arrays.items()}
    expected: dict[str, tuple[Any, int]] = {
        "buckets": (np.int64, 1),
        "coefficients": (np.float32, 2),
        "intercepts": (np.float32, 1),
    }
    if types != expected:
        raise ValueError(f"{WEIGHTS_FILE} holds other arrays than {', '.join(expected)}")
    buckets, coefficients, intercepts = (arrays[name] for name in expected)
    if coefficients.shape != (len(buckets), len(intercepts)) or not len(intercepts):
        raise ValueError(f"{WEIGHTS_FILE}: the arrays' shapes do not belong together")
