"""Searches for settings: the accuracy on validation to expect of a budget.

Dodge et al. (2019), Show Your Work: Improved Reporting of Experimental Results (arXiv:1909.03004), with the unbiased
estimator of Dodge et al. (2021), Expected Validation Performance and Estimation of a Random Variable's Maximum
(arXiv:2110.00613): the mean of the best of k of the n trials, drawn without replacement.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import comb, fsum

import numpy as np

from benchmarks.schema.cell import Params
from benchmarks.schema.result import CellResult
from benchmarks.schema.tuning import Trial, TuningRecord
from benchmarks.store.results import Store
from reports.analysis.estimates import FloatArray
from reports.analysis.results import Results

BAND = (0.05, 0.95)
"""Quantiles of the best of k trials that a band reaches to."""

ORDERS = 1_000
"""Random orders of the trials, from which the accuracy expected after a number of seconds is estimated."""

LEAST_TRIALS = 5
"""Drawn settings below which no expected accuracy is shown."""


@dataclass(frozen=True)
class Expected:
    """The best accuracy on validation to expect, after each budget.

    Attributes:
        budgets: (K,) trials, or seconds of training.
        mean: (K,) expected accuracy of the best trial so far, 0..1.
        low, high: (K,) quantiles `BAND` of it.
    """

    budgets: FloatArray
    mean: FloatArray
    low: FloatArray
    high: FloatArray


@dataclass(frozen=True)
class Search:
    """The trials of one configuration.

    Attributes:
        model, loss: names to show.
        train_size: training rows.
        default: the trial of the default settings; None if it failed.
        drawn: trials of drawn settings that ended ok, in order.
        failed: number of trials that did not end ok.
        seconds: (N,) seconds of training of each of `drawn`.
        best: the trial that was chosen, by the metric that models are selected by; None if every one failed.
        settings: those of the best trial that differ from the defaults.
        independent: whether settings were drawn independently, so that other budgets can be spoken of.
    """

    model: str
    loss: str
    train_size: int
    default: Trial | None
    drawn: tuple[Trial, ...]
    failed: int
    seconds: FloatArray
    best: Trial | None
    settings: Params
    independent: bool

    @property
    def accuracies(self) -> FloatArray:
        """(N,) accuracies on validation of the drawn settings."""
        return np.array([trial.accuracy for trial in self.drawn])


def searches(results: Results) -> list[Search]:
    """Return the searches of a run, in the order of their first trials; none where nothing was tuned."""
    tuning = results.run.get("tuning")
    if tuning is None:
        return []
    record, store = TuningRecord.model_validate(tuning), Store(results.folder)
    found = ([store.read_result(cell_id) for cell_id in cells] for cells in record.searches)
    random = record.sampler == "random"
    return [_search(trials, independent=random) for trials in (list(filter(None, cells)) for cells in found) if trials]


def expected_best(accuracies: FloatArray) -> Expected:
    """Return the accuracy to expect of the best of k trials, k = 1 .. N, of trials that are drawn independently.

    The mean over all subsets of k of the N trials: sum_i C(i-1, k-1) / C(N, k) v_(i), v_(i) the i-th smallest; the
    band: quantiles of the same distribution, in which the best is at most v_(i) with probability C(i, k) / C(N, k).

    Args:
        accuracies: (N,) of the trials.
    """
    ordered, count = np.sort(accuracies), len(accuracies)
    budgets = range(1, count + 1)
    below = np.array([[comb(i, k) / comb(count, k) for i in budgets] for k in budgets])
    mean = np.diff(below, axis=1, prepend=0.0) @ ordered
    low, high = (ordered[np.argmax(below >= share - 1e-12, axis=1)] for share in BAND)
    return Expected(np.array(budgets, dtype=np.float64), mean, low, high)


def expected_in_time(accuracies: FloatArray, seconds: FloatArray, *, seed: int = 0) -> Expected:
    """Return the accuracy to expect after some seconds of training, over random orders of the trials.

    A trial counts when it has ended. The budgets go from the longest trial, after which every order has a result, to
    all trials together.

    Args:
        accuracies: (N,) of the trials.
        seconds: (N,) that their trainings took.
        seed: of the orders.
    """
    generator = np.random.default_rng(seed)
    orders = np.array([generator.permutation(len(accuracies)) for _ in range(ORDERS)])
    ended = np.cumsum(seconds[orders], axis=1)
    best = np.maximum.accumulate(accuracies[orders], axis=1)
    budgets = np.geomspace(seconds.max(), seconds.sum(), 30)
    finished = [np.maximum((ended <= budget * (1 + 1e-9)).sum(axis=1), 1) - 1 for budget in budgets]
    found = np.array([best[np.arange(ORDERS), last] for last in finished])
    low, high = np.quantile(found, BAND, axis=1)
    return Expected(budgets, found.mean(axis=1), low, high)


def _search(trials: Sequence[CellResult], *, independent: bool) -> Search:
    spec = trials[0].spec
    done = [cell for cell in trials if cell.trial is not None]
    default = trials[0].trial
    drawn = [cell for cell in done if cell is not trials[0]]
    best = max(done, key=_rank, default=trials[0])
    return Search(
        model=spec.model,
        loss=spec.loss,
        train_size=spec.train_size,
        default=default,
        drawn=tuple(cell.trial for cell in drawn if cell.trial is not None),
        failed=len(trials) - len(done),
        seconds=np.array([_seconds(cell) for cell in drawn]),
        best=best.trial,
        independent=independent,
        settings={
            name: value for name, value in best.spec.model_params.items() if value != spec.model_params.get(name)
        },
    )


def _rank(cell: CellResult) -> tuple[float, float]:
    return (0.0, 0.0) if cell.trial is None else (cell.trial.metric, -cell.trial.log_loss)


def _seconds(cell: CellResult) -> float:
    fit = cell.measurement("fit")
    return fsum(fit.seconds) if fit else 0.0
