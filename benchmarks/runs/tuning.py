"""Tuning: the same budget of trials for every configuration, before its cells run with the best settings found."""

import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from math import fsum
from statistics import median
from typing import TYPE_CHECKING, Any

from benchmarks.config.suite import Tuning
from benchmarks.executors.executor import Executor
from benchmarks.registry.entries import model_class
from benchmarks.runs.display import title
from benchmarks.runs.interrupt import interruptible
from benchmarks.runs.preparation import Run
from benchmarks.schema.cell import CellSpec, Params
from benchmarks.schema.result import CellResult
from benchmarks.schema.tuning import TuningRecord
from benchmarks.store.results import Store
from models.model import standing
from models.search_space import Interval, SearchSpace

if TYPE_CHECKING:
    import optuna

MOST_TRIALS = 1_000
"""Of a configuration whose budget is in seconds: trainings of a few milliseconds would go on for ever."""

WARMUP_TRIALS = 4
"""Earlier trials of a configuration without which none is pruned (Optuna's MedianPruner starts after five)."""

MOST_FAILURES = 5
"""Failed trials in a row after which a budget of seconds ends: they spend none of it."""


@dataclass
class Study:
    """The trials of one configuration: the default settings first, then settings that a sampler draws.

    Attributes:
        spec: the first cell of the configuration, whose rows, seed and repeat every trial has.
        space: the parameters that are tuned.
        budget: when it ends.
        sampler: draws settings.
        results: of the trials so far, in order.
    """

    spec: CellSpec
    space: SearchSpace
    budget: Tuning
    sampler: "optuna.Study"
    results: list[CellResult] = field(default_factory=list)
    _asked: "optuna.trial.Trial | None" = None

    @property
    def is_open(self) -> bool:
        """Whether the budget allows another trial."""
        if self.budget.trials is not None:
            return len(self.results) < self.budget.trials
        latest = self.results[-MOST_FAILURES:]
        if len(latest) == MOST_FAILURES and all(result.trial is None for result in latest):
            return False
        spent = fsum(_fit_seconds(result) for result in self.results)
        return spent < (self.budget.seconds or 0.0) and len(self.results) < MOST_TRIALS

    def ask(self) -> CellSpec:
        """Return the next trial."""
        drawn: Params = {}
        if self.results:
            self._asked = self.sampler.ask(_distributions(self.space))
            drawn = self._asked.params
        return self.spec.model_copy(
            update={
                "role": "trial",
                "model_params": self.spec.model_params | drawn,
                "prune_below": self._medians(),
            }
        )

    def tell(self, result: CellResult) -> None:
        """Take over the outcome of the trial that was asked for last."""
        self.results.append(result)
        if self._asked is None:
            return
        if result.trial is None:
            self.sampler.tell(self._asked, state=_states().FAIL)
        else:
            self.sampler.tell(self._asked, result.trial.metric)

    @property
    def best(self) -> Params:
        """The settings with the best metric of validation; ties go to the lowest log loss, then the earliest."""
        done = [(result.trial, result.spec) for result in self.results if result.trial is not None]
        if not done:
            return self.spec.model_params
        return max(done, key=lambda each: (each[0].metric, -each[0].log_loss))[1].model_params

    def _medians(self) -> tuple[float, ...]:
        """The median metric of the earlier trials after each epoch, while enough of them have got so far."""
        courses = [_best_so_far(result) for result in self.results if result.trial is not None]
        by_epoch = itertools.zip_longest(*courses)
        reached = ([metric for metric in epoch if metric is not None] for epoch in by_epoch)
        enough = itertools.takewhile(lambda metrics: len(metrics) >= WARMUP_TRIALS, reached)
        return tuple(map(median, enough))


def tune(
    runs: Sequence[Run], budget: Tuning, executor: Executor, say: Callable[[str], None], *, fresh: bool = False
) -> list[Run]:
    """Run the trials of every configuration; return the runs with the best settings in place of the defaults.

    All configurations take turns, so that an executor has as many trials to run at a time as there are configurations.
    A trial that has a result already is not run again: the sampler is seeded, so an interrupted search continues where
    it stopped.

    Args:
        runs: prepared, and begun: their folders hold the data.
        budget: of each configuration.
        executor: runs the trials.
        say: shows a line on each trial.
        fresh: whether trials that have a result are run again.

    Raises:
        KeyboardInterrupt: the user wants an end; finished trials are in the stores.
    """
    found = []
    with interruptible("finishing the running trials; Ctrl-C again stops now") as stopping:
        for run in runs:
            studies = _studies(run, budget)
            while open_studies := [study for study in studies.values() if study.is_open]:
                _round(open_studies, run.store, executor, say, fresh=fresh)
                if stopping():
                    raise KeyboardInterrupt
            found.append(_tuned(run, budget, studies))
    return found


def _studies(run: Run, budget: Tuning) -> dict[str, Study]:
    """Configuration -> its study, for the configurations whose model has something to tune."""
    import optuna

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    samplers = {"random": optuna.samplers.RandomSampler, "tpe": optuna.samplers.TPESampler}
    studies: dict[str, Study] = {}
    for spec in run.specs:
        space = _space(spec, run)
        if spec.role == "result" and space and spec.configuration not in studies:
            sampler = samplers[budget.sampler](seed=spec.seed)
            study = optuna.create_study(direction="maximize", sampler=sampler)
            studies[spec.configuration] = Study(spec, space, budget, study)
    return studies


def _space(spec: CellSpec, run: Run) -> SearchSpace:
    """What the model declares, without the parameters that the user or the suite sets."""
    declared = model_class(spec.model).search_space
    return {name: values for name, values in declared.items() if f"{spec.model}.{name}" not in run.fixed}


def _round(
    studies: Sequence[Study], store: Store, executor: Executor, say: Callable[[str], None], *, fresh: bool
) -> None:
    """Run the next trial of each study."""
    asked = {spec.id: (study, spec) for study in studies for spec in [study.ask()]}
    results: dict[str, CellResult] = {}
    for cell_id, (_, spec) in asked.items():
        if not fresh and (good := store.good_result(spec)) is not None:
            results[cell_id] = good
    waiting = [spec for cell_id, (_, spec) in asked.items() if cell_id not in results]
    for device in dict.fromkeys((spec.device, spec.devices) for spec in waiting):
        own = [spec for spec in waiting if (spec.device, spec.devices) == device]
        for result in executor.run(own, _ignore_steps):
            results[result.spec.id] = result
            say(_line(asked[result.spec.id][0], result))
    for cell_id, (study, _) in asked.items():
        study.tell(results[cell_id])


def _tuned(run: Run, budget: Tuning, studies: Mapping[str, Study]) -> Run:
    """The run with each cell's best settings, and the record of its trials."""
    best = {key: study.best for key, study in studies.items()}
    specs = [_with_settings(spec, best) for spec in run.specs]
    record = TuningRecord(
        trials=budget.trials,
        seconds=budget.seconds,
        sampler=budget.sampler,
        searches=[[result.spec.id for result in study.results] for study in studies.values()],
    )
    return replace(run, specs=list({spec.id: spec for spec in specs}.values()), tuning=record)


def _with_settings(spec: CellSpec, best: Mapping[str, Params]) -> CellSpec:
    settings = best.get(spec.original.configuration)
    return spec if settings is None else spec.model_copy(update={"model_params": settings})


def _distributions(space: SearchSpace) -> "dict[str, optuna.distributions.BaseDistribution]":
    from optuna import distributions

    found: dict[str, Any] = {}
    for name, values in space.items():
        if not isinstance(values, Interval):
            found[name] = distributions.CategoricalDistribution(values.values)
        elif values.whole:
            found[name] = distributions.IntDistribution(int(values.low), int(values.high), log=values.log)
        else:
            found[name] = distributions.FloatDistribution(values.low, values.high, log=values.log)
    return found


def _states() -> Any:
    from optuna.trial import TrialState

    return TrialState


def _best_so_far(result: CellResult) -> list[float]:
    """The best metric of validation up to each epoch; none for a model that is not trained in epochs."""
    history = result.fit.get("history", [])
    epochs: Iterator[float] = (standing(entry) for entry in history if "epoch" in entry)
    return list(itertools.accumulate(epochs, max))


def _fit_seconds(result: CellResult) -> float:
    fit = result.measurement("fit")
    return fsum(fit.seconds) if fit else 0.0


def _line(study: Study, result: CellResult) -> str:
    number = len(study.results) + 1
    of = "" if study.budget.trials is None else f" of {study.budget.trials}"
    tuned = ", ".join(f"{name}={_shown(result.spec.model_params[name])}" for name in study.space)
    if result.trial is None:
        found = f"{result.status}: {result.reason}"
    else:
        pruned = ", pruned" if result.trial.pruned else ""
        found = f"validation {result.trial.accuracy:.2%}{pruned}"
    return f"trial {number}{of}, {title(study.spec)}: {found} ({tuned})"


def _shown(value: object) -> str:
    return f"{value:.3g}" if isinstance(value, float) else str(value)


def _ignore_steps(spec: CellSpec, done: int, total: int) -> None:
    """Show no steps of a trial."""
