"""TF-IDF and logistic regression, with scikit-learn: the baseline that every other model must beat."""

import json
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar, Literal, Self
from zipfile import BadZipFile

import numpy as np
from pydantic import PositiveFloat, PositiveInt, TypeAdapter, ValidationError
from safetensors import SafetensorError
from safetensors.numpy import load_file, save_file
from scipy.sparse import csr_matrix
from sklearn.exceptions import ConvergenceWarning
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss
from skops.io import dump, load
from skops.io.exceptions import UnsupportedTypeException, UntrustedTypesFoundException

from data.dataset import IntArray, Split
from losses.loss import FloatArray as Weights
from losses.loss import Loss
from models.model import Encoded, FitReport, FloatArray, Model, Monitor, Runtime, select

TOKEN = r"(?u)\w+(?:'\w+)?|[!?]"
"""Words of any length, an apostrophe within them included, and the two marks by which reviewers shout and doubt."""

C_GRID = (3.0, 10.0, 30.0, 100.0)
"""Inverse strengths of regularisation that are tried, weakest last."""

MAX_ITERATIONS = 200
TOLERANCE = 1e-6
"""Of newton-cg. scikit-learn's default solver, lbfgs, stops early now and then, and a difference between losses seems
real that is not.
"""

SETTINGS_FILE, TERMS_FILE, IDF_FILE, CLASSIFIER_FILE = (
    "config.json",
    "terms.json",
    "idf.safetensors",
    "classifier.skops",
)
TRUSTED_TYPES: list[str] = []
"""Types outside numpy and scikit-learn that a saved classifier may hold: none."""

UNREADABLE = (
    OSError,
    ValueError,
    KeyError,
    TypeError,
    AttributeError,
    BadZipFile,
    SafetensorError,
    UnsupportedTypeException,
    UntrustedTypesFoundException,
)
"""What the readers of the saved files raise on one that is not theirs."""


class TfidfLogReg(Model):
    """TF-IDF of words and word pairs (sublinear tf), L2-regularised logistic regression.

    C is the one of `C_GRID` with the highest accuracy on validation; the loss enters as the weight of each training
    text. Nothing is random: seeds do not matter.
    """

    name: ClassVar[str] = "tfidf_logreg"

    def __init__(
        self,
        *,
        ngrams: Literal[1, 2, 3] = 2,
        min_df: PositiveInt = 2,
        C: PositiveFloat | None = None,  # noqa: N803  (the name it has everywhere)
    ) -> None:
        """Keep the configuration.

        Args:
            ngrams: longest run of words that is a feature.
            min_df: texts that must hold a feature.
            C: inverse strength of regularisation; None chooses on validation.
        """
        self.ngrams, self.min_df, self.C = ngrams, min_df, C

    def fit(
        self,
        train: Split,
        valid: Split,
        loss: Loss,
        runtime: Runtime = Runtime(),  # noqa: B008  (immutable)
        monitor: Monitor | None = None,
    ) -> FitReport:
        """Fit the vectorizer and one classifier for each C that is tried; keep the best on `valid`."""
        self._vectorizer = self._new_vectorizer()
        features = self._vectorizer.fit_transform(train.texts)
        valid_features = self._vectorizer.transform(valid.texts)
        weights = loss.sample_weight(train.lengths)
        history: list[dict[str, float]] = []
        fitted = []
        for C in (self.C,) if self.C is not None else C_GRID:  # noqa: N806
            classifier, converged = _solve(features, train.labels, weights, C)
            fitted.append(classifier)
            history.append(
                {
                    "C": C,
                    "train_loss": _log_loss(classifier, features, train.labels, weights),
                    "valid_loss": _log_loss(classifier, valid_features, valid.labels),
                    "valid_accuracy": float(classifier.score(valid_features, valid.labels)),
                    "converged": float(converged),
                }
            )
        selected = select(history)
        self._classifier = fitted[selected]
        return FitReport(
            parameters=self._classifier.coef_.size + self._classifier.intercept_.size,
            history=history,
            selected=selected,
            converged=bool(history[selected]["converged"]),
        )

    def encode(self, texts: Sequence[str]) -> Encoded:
        """TF-IDF features (N, V); a text's tokens are its distinct known words and word pairs, and all are read."""
        features = self._vectorizer.transform(texts)
        counts = np.diff(features.indptr).astype(np.int64)
        return Encoded(features, counts, counts)

    def score(self, encoded: Encoded) -> FloatArray:
        """(N, C) class probabilities."""
        probabilities: FloatArray = self._classifier.predict_proba(encoded.features).astype(np.float64)
        probabilities /= probabilities.sum(axis=1, keepdims=True)  # they summed to 1 in float32 only
        return probabilities

    def save(self, folder: Path) -> None:
        """Write the settings and terms as JSON, their weights as safetensors, the classifier with skops."""
        settings = {"model": self.name, "ngrams": self.ngrams, "min_df": self.min_df, "C": self.C}
        (folder / SETTINGS_FILE).write_text(json.dumps(settings, indent=2), encoding="utf-8")
        terms = self._vectorizer.get_feature_names_out().tolist()
        (folder / TERMS_FILE).write_text(json.dumps(terms, ensure_ascii=False), encoding="utf-8")
        save_file({"idf": self._vectorizer.idf_}, folder / IDF_FILE)
        dump(self._classifier, folder / CLASSIFIER_FILE)

    @classmethod
    def load(cls, folder: Path, runtime: Runtime = Runtime()) -> Self:  # noqa: B008  (immutable)
        """The fitted model that `save` wrote.

        Raises:
            ValueError: the folder does not hold such a model.
        """
        try:
            settings = json.loads((folder / SETTINGS_FILE).read_text(encoding="utf-8"))
            if not isinstance(settings, dict) or settings.pop("model", None) != cls.name:
                raise ValueError(f"{SETTINGS_FILE} is not of such a model")
            model = cls(**settings)
            terms = TypeAdapter(list[str]).validate_json((folder / TERMS_FILE).read_bytes(), strict=True)
            idf = load_file(folder / IDF_FILE).get("idf", np.empty(0))
            classifier = load(folder / CLASSIFIER_FILE, trusted=TRUSTED_TYPES)
            if not isinstance(classifier, LogisticRegression):
                raise ValueError(f"{CLASSIFIER_FILE} holds no logistic regression")
            if not classifier.coef_.shape[1:] == idf.shape == (len(terms),):
                raise ValueError("its files do not belong together")
        except ValidationError:
            raise ValueError(f"{folder} holds no saved {cls.name} model: {TERMS_FILE} is not a list of texts") from None
        except UNREADABLE as error:
            raise ValueError(f"{folder} holds no saved {cls.name} model: {' '.join(str(error).split())}") from None
        model._vectorizer = model._new_vectorizer()
        model._vectorizer.vocabulary_ = {term: index for index, term in enumerate(terms)}
        model._vectorizer.idf_ = idf
        model._classifier = classifier
        return model

    def _new_vectorizer(self) -> TfidfVectorizer:
        return TfidfVectorizer(
            ngram_range=(1, self.ngrams), min_df=self.min_df, sublinear_tf=True, token_pattern=TOKEN, dtype=np.float32
        )


def _log_loss(
    classifier: LogisticRegression, features: csr_matrix, labels: IntArray, weights: Weights | None = None
) -> float:
    """In nats."""
    probabilities = classifier.predict_proba(features)
    return float(log_loss(labels, probabilities, labels=classifier.classes_, sample_weight=weights))


def _solve(
    features: csr_matrix,
    labels: IntArray,
    weights: Weights,
    C: float,  # noqa: N803
) -> tuple[LogisticRegression, bool]:
    """The classifier, and whether the solver reached its tolerance."""
    classifier = LogisticRegression(C=C, solver="newton-cg", tol=TOLERANCE, max_iter=MAX_ITERATIONS)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        classifier.fit(features, labels, sample_weight=weights)
    stopped = [w for w in caught if issubclass(w.category, ConvergenceWarning) or "Line Search" in str(w.message)]
    return classifier, not stopped
