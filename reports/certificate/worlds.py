"""Simulated classifiers: which test rows each training gets right, with known true accuracies."""

from dataclasses import dataclass

import numpy as np
from scipy import special

from reports.analysis.estimands import Estimand, estimand
from reports.analysis.estimates import BoolArray, Clusters, FloatArray
from reports.analysis.evidence import Evidence, Rows
from reports.analysis.results import Configuration

ROW, MODEL, TRAINING = 1.0, 0.5, 0.3
"""Standard deviations of a row's difficulty: common to all models, of one model, of one training."""


@dataclass(frozen=True)
class World:
    """The common properties of the simulated models.

    Attributes:
        rows: test rows.
        trainings: of each model.
        deviation: of the accuracy over trainings, in points.
        group: rows of each group that share the common difficulty; 1 for independent rows.
        estimand: what the trainings stand for.
        alike: share of the variance of the common difficulty that the rows of a group have in common.
    """

    rows: int
    trainings: int = 1
    deviation: float = 0.0
    group: int = 1
    estimand: Estimand = Estimand.TRAINING
    alike: float = 1.0

    @property
    def clusters(self) -> Clusters | None:
        """The groups of rows."""
        if self.group == 1:
            return None
        return Clusters(np.arange(self.rows) // self.group, -(-self.rows // self.group))

    def draw(self, generator: np.random.Generator, accuracies: list[float]) -> list[BoolArray]:
        """(trainings, rows) of each model that has one of these true accuracies: whether a row is right.

        The true accuracy is that over all rows, and over all trainings if these are to vary.
        """
        groups = -(-self.rows // self.group)
        common = np.repeat(ROW * generator.normal(size=groups), self.group)[: self.rows]
        if self.alike < 1:
            own = ROW * generator.normal(size=self.rows)
            common = np.sqrt(self.alike) * common + np.sqrt(1 - self.alike) * own
        return [self._model(generator, common, accuracy) for accuracy in accuracies]

    def _model(self, generator: np.random.Generator, common: FloatArray, accuracy: float) -> BoolArray:
        own = common + MODEL * generator.normal(size=self.rows)
        score = own + TRAINING * generator.normal(size=(self.trainings, self.rows))
        spread = float(np.sqrt(ROW**2 + MODEL**2 + TRAINING**2))
        # A shift of the threshold by x changes the accuracy by about x times the density at it.
        density = float(np.exp(-(special.ndtri(accuracy) ** 2) / 2) / np.sqrt(2 * np.pi))
        shift = self.deviation / 100 / density * generator.normal(size=(self.trainings, 1))
        threshold = special.ndtri(accuracy) * np.sqrt(1 + (self.deviation / 100 / density) ** 2)
        right: BoolArray = score < spread * (threshold + shift)
        return right

    def evidence(self, right: list[BoolArray]) -> list[Evidence]:
        """The same as evidence on models that ran with cross-entropy."""
        labels = np.arange(self.rows) % 2
        rows = Rows(np.ones(self.rows, dtype=np.bool_), labels, labels, self.clusters, leaked=0)
        return [self._evidence(f"m{number}", own, rows) for number, own in enumerate(right)]

    def _evidence(self, model: str, right: BoolArray, rows: Rows) -> Evidence:
        repeats = self.estimand is Estimand.MODEL
        trainings = tuple((index if repeats else 0, index) for index in range(self.trainings))
        configuration = Configuration(model, model, "ce", model, "ce", {}, {}, 1000, "cpu", "fp32", ())
        digests = tuple(own.tobytes() for own in right)
        distinct = self.trainings > 1
        return Evidence(configuration, rows, right, trainings, estimand(trainings), distinct, digests)
