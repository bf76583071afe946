"""TF-IDF and logistic regression, with scikit-learn: the baseline that every other model must beat."""

from collections.abc import Callable, Sequence
from math import log
from pathlib import Path
from typing import Any, ClassVar, Literal, NamedTuple, Self

import numpy as np
from pydantic import PositiveFloat, PositiveInt
from safetensors.numpy import load_file, save_file
from scipy.sparse import csr_array
from sklearn.feature_extraction.text import TfidfTransformer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss
from skops.io import dump, load

from data.arrays import FloatArray, IntArray
from data.dataset import Split
from losses.loss import Loss
from models.linear.convergence import Attempt, solve_each
from models.linear.every_class import require_every_class
from models.linear.known_columns import KnownColumns
from models.linear.strengths import Trial, search
from models.linear.terms import Analyzer, Terms, analyzers, least_frequency
from models.linear.word_shares import each_class
from models.model import Encoded, FitReport, Model, Monitor, Runtime, WordWeights
from models.saved_files import read_parameters, saved_model, write_parameters
from models.search_space import Interval, OneOf, SearchSpace

BITS = 22
"""Bits of a term's hash: at most 2^22 columns, and no vocabulary lookup."""

C_GRID = (3.0, 10.0, 30.0, 100.0)
"""Inverse strengths of regularisation that are tried first, weakest last."""

ATTEMPTS = (Attempt(iterations=10, dtype=np.float32), Attempt(iterations=200, dtype=np.float64))
"""Second attempt in float64: with weak regularisation and many texts, the line search stalls in float32."""

TOLERANCE = 1e-6
"""Tolerance of newton-cg. scikit-learn's default solver, lbfgs, sometimes stops early and so shows differences between
losses that do not exist."""

SETTINGS_FILE, TERMS_FILE, CLASSIFIER_FILE = "config.json", "terms.safetensors", "classifier.skops"

TRUSTED_TYPES: list[str] = []
"""Types outside numpy and scikit-learn that a saved classifier may hold: none."""


class Learnt(NamedTuple):
    """The terms of training texts, their document frequencies, and a classifier of texts by them."""

    terms: Terms
    tfidf: TfidfTransformer
    classifier: LogisticRegression


class TfidfLogReg(Model):
    """TF-IDF of words and word pairs, or of characters (sublinear tf), hashed, L2-regularised logistic regression.

    C has the highest accuracy on validation of the values tried: those of `C_GRID`, and more beyond its end while that
    is the best. The loss enters as the weight of each training text. Nothing is random: seeds do not matter.
    """

    name: ClassVar[str] = "tfidf_logreg"
    search_space: ClassVar[SearchSpace] = {
        "ngrams": OneOf((1, 2, 3)),
        "min_df": Interval(1, 5),
        "C": Interval(1.0, 1000.0, log=True),
    }

    analyzer: Literal["auto", "word", "char_wb"] = "auto"
    """Features: runs of words, or runs of characters within words; auto tries both where texts are short or have no
    spaces between words, and keeps the one with the lower log loss on validation."""

    ngrams: Literal[1, 2, 3] = 2
    """Longest run of words that is a feature."""

    min_df: PositiveInt | None = None
    """Least number of training texts with a feature; None: 1 to 3, by the number of words in the training texts."""

    C: PositiveFloat | None = None
    """Inverse strength of regularisation; None chooses on validation."""

    _threads = Runtime().threads
    _criterion = Runtime().criterion

    def fit(
        self, train: Split, valid: Split, loss: Loss, runtime: Runtime = Runtime(), monitor: Monitor | None = None
    ) -> FitReport:
        """Fit a classifier for each analyzer and each C that is tried; keep the best on `valid`.

        Raises:
            ValueError: a class has no training text.
        """
        require_every_class(train, self.name)
        self._threads, self._criterion = runtime.threads, runtime.criterion
        weights = loss.sample_weight(train.lengths, train.labels)
        fits = [self._fits(analyzer, train, valid, weights) for analyzer in analyzers(self.analyzer, train)]
        found = search(self.C, C_GRID, *fits)
        self._terms, self._tfidf, self._classifier = found.fitted
        return found.report(
            parameters=self._classifier.coef_.size + self._classifier.intercept_.size,
        )

    def _fits(
        self, analyzer: Analyzer, train: Split, valid: Split, weights: FloatArray
    ) -> Callable[[Sequence[float]], list[Trial[Learnt]]]:
        """Return a function that fits several values of C on the terms of an analyzer."""
        terms, counts = Terms.of(
            train.texts,
            analyzer=analyzer,
            ngrams=self.ngrams,
            bits=BITS,
            min_df=least_frequency(self.min_df, train),
            threads=self._threads,
        )
        tfidf = TfidfTransformer(sublinear_tf=True)
        features = tfidf.fit_transform(counts)
        valid_features = tfidf.transform(terms.count(valid.texts, self._threads)[0])
        solved: dict[float, LogisticRegression] = {}

        def fit(grid: Sequence[float]) -> list[Trial[Learnt]]:
            start = LogisticRegression(solver="newton-cg", tol=TOLERANCE, warm_start=True)
            if solved:  # a value beyond the grid begins where its neighbour ended
                start = solved[min(solved, key=lambda C: abs(log(C / grid[0])))]  # noqa: N803
            solutions = solve_each(start, grid, features, train.labels, weights, ATTEMPTS, self._threads)
            trials = []
            for C, solution in zip(grid, solutions, strict=True):  # noqa: N806
                own = solved[C] = _in_float32(solution.classifier)
                entry = {
                    "C": C,
                    "characters": float(analyzer == "char_wb"),
                    "train_loss": _log_loss(own, features, train.labels, weights),
                    "valid_loss": _log_loss(own, valid_features, valid.labels),
                    "valid_accuracy": float(own.score(valid_features, valid.labels)),
                    "converged": float(solution.converged),
                    **self._criterion.entry(valid.labels, own.predict_proba(valid_features)),
                }
                trials.append(Trial(entry, Learnt(terms, tfidf, own)))
            return trials

        return fit

    def encode(self, texts: Sequence[str]) -> Encoded:
        """TF-IDF features (N, V). A text's tokens are its distinct n-grams, all of them read."""
        counts, tokens = self._terms.count(texts, self._threads)
        features = self._tfidf.transform(counts)
        return Encoded(features, tokens, tokens, np.diff(features.indptr).astype(np.int64))

    def score(self, encoded: Encoded) -> FloatArray:
        """Return (N, C) class probabilities."""
        probabilities: FloatArray = self._classifier.predict_proba(encoded.features).astype(np.float64)
        probabilities /= probabilities.sum(axis=1, keepdims=True)  # they summed to 1 in float32 only
        return probabilities

    def word_weights(self, text: str) -> WordWeights:
        """Each word's share of coefficient x tf-idf of the n-grams that hold it, see `Terms.shares`.

        Of more than two classes, the logits are those of the softmax.
        """
        words, added = self._terms.shares(text, self.encode([text]).features, self._classifier.coef_.T)
        intercept = self._classifier.intercept_.astype(np.float64)
        return WordWeights(words, each_class(added), each_class(intercept))

    def save(self, folder: Path) -> None:
        """Write the parameters as JSON, the terms' hashes and weights as safetensors, the classifier with skops."""
        write_parameters(self, folder / SETTINGS_FILE, analyzer=self._terms.analyzer)
        save_file({"columns": self._terms.known.columns, "idf": self._tfidf.idf_}, folder / TERMS_FILE)
        dump(self._classifier, folder / CLASSIFIER_FILE)

    @classmethod
    def load(cls, folder: Path, runtime: Runtime = Runtime()) -> Self:
        """Return the fitted model that `save` wrote.

        Raises:
            ValueError: the folder does not hold such a model.
        """
        with saved_model(folder, cls.name):
            model = cls(**read_parameters(cls, folder / SETTINGS_FILE))
            arrays = load_file(folder / TERMS_FILE)
            columns, idf = arrays.get("columns", np.empty(0)), arrays.get("idf", np.empty(0))
            if model.analyzer == "auto":
                raise ValueError(f"{SETTINGS_FILE} does not say which analyzer was chosen")
            terms = Terms(model.analyzer, model.ngrams, BITS, KnownColumns(columns, 1 << BITS))
            classifier = _checked_classifier(load(folder / CLASSIFIER_FILE, trusted=TRUSTED_TYPES))
            if not classifier.coef_.shape[1:] == idf.shape == columns.shape:
                raise ValueError("its files do not belong together")
            if not (idf.dtype.kind == "f" and np.isfinite(idf).all()):
                raise ValueError(f"{TERMS_FILE} holds other than finite numbers")
        model._terms, model._threads = terms, runtime.threads
        model._tfidf = TfidfTransformer(sublinear_tf=True)
        model._tfidf.idf_ = idf
        model._classifier = classifier
        return model


def _in_float32(classifier: LogisticRegression) -> LogisticRegression:
    """Return the fitted classifier with float32 weights, the precision of encoded texts."""
    classifier.coef_ = classifier.coef_.astype(np.float32)
    classifier.intercept_ = classifier.intercept_.astype(np.float32)
    return classifier


def _checked_classifier(loaded: object) -> LogisticRegression:
    """Return a new classifier with only the learnt numbers of the loaded one.

    Raises:
        ValueError: it is no logistic regression over classes 0 .. C-1, or its numbers do not belong together.
    """
    if not isinstance(loaded, LogisticRegression):
        raise ValueError(f"{CLASSIFIER_FILE} holds no logistic regression")
    learnt: dict[str, Any] = {name: getattr(loaded, name, None) for name in ("coef_", "intercept_", "classes_")}
    for name, array in learnt.items():
        if not (type(array) is np.ndarray and array.dtype.kind in "if" and np.isfinite(array).all()):
            raise ValueError(f"{CLASSIFIER_FILE}: {name} is no array of finite numbers")
    coefficients, intercept, classes = learnt.values()
    rows = 1 if len(classes) == 2 else len(classes)
    if not (coefficients.ndim == 2 and len(coefficients) == rows and intercept.shape == (rows,)):
        raise ValueError(f"{CLASSIFIER_FILE}: coefficients, intercepts and classes do not belong together")
    if len(classes) < 2 or not np.array_equal(classes, np.arange(len(classes))):
        raise ValueError(f"{CLASSIFIER_FILE}: the classes are not numbered from 0")
    classifier = LogisticRegression(solver="newton-cg")
    classifier.coef_, classifier.intercept_, classifier.classes_ = coefficients, intercept, classes
    classifier.n_features_in_ = coefficients.shape[1]
    return classifier


def _log_loss(
    classifier: LogisticRegression, features: csr_array, labels: IntArray, weights: FloatArray | None = None
) -> float:
    """Log loss in nats."""
    probabilities = classifier.predict_proba(features)
    return float(log_loss(labels, probabilities, labels=classifier.classes_, sample_weight=weights))
