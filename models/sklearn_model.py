"""Base class of scikit-learn pipelines as contenders: a subclass names its pipeline."""

import inspect
from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np
from pydantic import BaseModel, ConfigDict
from scipy.sparse import issparse
from scipy.special import softmax
from sklearn.base import BaseEstimator, clone
from sklearn.metrics import log_loss
from sklearn.pipeline import Pipeline
from skops.io import dump, get_untrusted_types, load

from data.arrays import FloatArray, IntArray
from data.dataset import Split
from losses.loss import Loss
from models.model import Encoded, FitReport, Model, Monitor, Runtime
from models.saved_files import saved_model

CONFIG_FILE, PIPELINE_FILE = "config.json", "pipeline.skops"

SPARSE_TYPES = ("scipy.sparse._csr.csr_matrix", "scipy.sparse._csr.csr_array")
"""Containers of numbers that skops does not trust by itself; nearest neighbours keep their training texts in them."""


class SklearnModel(Model):
    """A scikit-learn pipeline from texts to classes.

    A subclass sets `name` and `pipeline`; for parameters of its own it declares annotated attributes and overrides
    `build`. The loss enters as sample weights of the last step. An estimator without `predict_proba` answers with the
    softmax of its decision function.
    """

    pipeline: ClassVar[Pipeline]
    """The unfitted pipeline; its last step is a classifier."""

    trusted_types: ClassVar[tuple[str, ...]] = ()
    """Types that a saved pipeline may hold though skops does not trust them by itself, as skops names them; some of
    scikit-learn's own are among these, such as the trees of a forest. `save` says which are missing."""

    def build(self) -> Pipeline:
        """Return a new, unfitted pipeline."""
        return clone(self.pipeline)

    def fit(
        self, train: Split, valid: Split, loss: Loss, runtime: Runtime = Runtime(), monitor: Monitor | None = None
    ) -> FitReport:
        """Fit the pipeline on `train`; `valid` is only scored, since the model has no choice to make.

        Raises:
            ValueError: `pipeline` is none, or the loss weights texts, and the last step takes no sample weights.
        """
        self._classes = train.num_classes
        self._pipeline = _configured(self._new_pipeline(), runtime)
        weights = loss.sample_weight(train.lengths, train.labels)
        self._pipeline.fit(list(train.texts), train.labels, **_weight_arguments(self._pipeline, weights, loss.name))
        scores = self.score(self.encode(valid.texts))
        history = {
            "valid_accuracy": float((scores.argmax(axis=1) == valid.labels).mean()),
            "valid_loss": float(log_loss(valid.labels, scores, labels=range(self._classes))),
            **runtime.criterion.entry(valid.labels, scores),
        }
        return FitReport(parameters=_learnt_numbers(self._pipeline), history=[history])

    def _new_pipeline(self) -> Pipeline:
        pipeline = self.build()
        if not isinstance(pipeline, Pipeline):
            raise ValueError(
                f"the pipeline of {self.name} is a {type(pipeline).__name__}, not a scikit-learn Pipeline from texts "
                "to classes (such as make_pipeline(TfidfVectorizer(), LogisticRegression()))"
            )
        return pipeline

    def encode(self, texts: Sequence[str]) -> Encoded:
        """Features before the last step (N, V). A text's tokens are its non-zero features, all known."""
        features = self._pipeline[:-1].transform(list(texts)) if len(self._pipeline) > 1 else np.array(texts, object)
        tokens = _nonzero(features)
        return Encoded(features, tokens, tokens, known=tokens, only_known=True)

    def score(self, encoded: Encoded) -> FloatArray:
        """(N, C) class probabilities.

        Raises:
            ValueError: the last step gives neither probabilities nor decisions.
        """
        classifier = self._pipeline[-1]
        if hasattr(classifier, "predict_proba"):
            found = classifier.predict_proba(encoded.features)
        elif not hasattr(classifier, "decision_function"):
            raise ValueError(
                f"{type(classifier).__name__} has neither predict_proba nor decision_function as it is set (choices: "
                "another last step; of a VotingClassifier, voting='soft')"
            )
        else:
            decision = np.asarray(classifier.decision_function(encoded.features), dtype=np.float64)
            # Of two classes, scikit-learn gives the second one's margin alone.
            found = softmax(np.column_stack([-decision, decision]) if decision.ndim == 1 else decision, axis=1)
        scores = np.zeros((len(encoded), self._classes))
        scores[:, np.asarray(classifier.classes_, dtype=np.int64)] = found
        probabilities: FloatArray = scores / scores.sum(axis=1, keepdims=True)
        return probabilities

    def save(self, folder: Path) -> None:
        """Write the parameters as JSON and the pipeline with skops.

        Raises:
            ValueError: `load` would refuse the pipeline for types that are not trusted.
        """
        settings = _Settings(model=self.name, classes=self._classes, parameters=self.parameters())
        (folder / CONFIG_FILE).write_text(settings.model_dump_json(indent=2), encoding="utf-8")
        dump(self._pipeline, folder / PIPELINE_FILE)
        if unknown := self._untrusted(folder):
            raise ValueError(
                "the pipeline holds types that a saved model may not; if you trust them, write into the class "
                f"{type(self).__name__}: trusted_types = {(*self.trusted_types, *unknown)}"
            )

    @classmethod
    def load(cls, folder: Path, runtime: Runtime = Runtime()) -> Self:
        """Return the fitted model that `save` wrote.

        Raises:
            ValueError: the folder does not hold such a model, or its pipeline holds types that are not trusted.
        """
        with saved_model(folder, cls.name):
            settings = _Settings.model_validate_json((folder / CONFIG_FILE).read_bytes())
            if settings.model != cls.name:
                raise ValueError(f"it holds a {settings.model!r}")
            model = cls(**settings.parameters)
            if unknown := cls._untrusted(folder):
                raise ValueError(
                    f"{PIPELINE_FILE} holds types that are not trusted: {', '.join(unknown)}; name them in "
                    f"{cls.__name__}.trusted_types if you trust the file"
                )
            pipeline = load(folder / PIPELINE_FILE, trusted=[*SPARSE_TYPES, *cls.trusted_types])
            if not isinstance(pipeline, Pipeline):
                raise ValueError(f"{PIPELINE_FILE} holds no pipeline")
        model._classes, model._pipeline = settings.classes, _configured(pipeline, runtime)
        return model

    @classmethod
    def _untrusted(cls, folder: Path) -> list[str]:
        """Return the types that a saved pipeline holds and the class does not trust."""
        found = get_untrusted_types(file=folder / PIPELINE_FILE)
        return sorted(set(found) - {*SPARSE_TYPES, *cls.trusted_types})


class _Settings(BaseModel):
    """The content of config.json."""

    model_config = ConfigDict(title=CONFIG_FILE, extra="forbid", strict=True)

    model: str
    classes: int
    parameters: dict[str, bool | int | float | str | None]


def _configured(pipeline: Pipeline, runtime: Runtime) -> Pipeline:
    """The pipeline with the runtime's seed and processors, wherever its steps have such a parameter."""
    values = {"random_state": runtime.seed, "n_jobs": runtime.threads}
    found = {
        name: values[name.rpartition("__")[2]]
        for name, current in pipeline.get_params(deep=True).items()
        if name.rpartition("__")[2] in values and current is None
    }
    return pipeline.set_params(**found)


def _weight_arguments(pipeline: Pipeline, weights: FloatArray, loss: str) -> dict[str, FloatArray]:
    """Arguments of `Pipeline.fit` that weight the texts; none where every weight is 1."""
    name, classifier = pipeline.steps[-1]
    if "sample_weight" in inspect.signature(classifier.fit).parameters:
        return {f"{name}__sample_weight": weights}
    if np.all(weights == 1):
        return {}
    raise ValueError(f"loss {loss!r} weights texts, and {type(classifier).__name__} takes no sample weights")


def _nonzero(features: Any) -> IntArray:
    """(N,) non-zero features of each text; 1 where the pipeline has no features."""
    if issparse(features):
        counts = np.diff(features.tocsr().indptr)
    elif features.ndim == 2:
        counts = np.count_nonzero(features, axis=1)
    else:
        counts = np.ones(len(features))
    return np.asarray(counts, dtype=np.int64)


def _learnt_numbers(pipeline: Pipeline) -> int:
    """Numbers in the arrays that the steps learnt."""
    steps: list[BaseEstimator] = [step for _, step in pipeline.steps]
    return sum(
        value.size
        for step in steps
        for name, value in vars(step).items()
        if name.endswith("_") and isinstance(value, np.ndarray) and value.dtype.kind in "fiu"
    )
