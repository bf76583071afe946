"""Searches for settings: budgets, determinism, resuming, pruning, and the cells that follow."""

import io
import json

import pytest
from rich.console import Console

from benchmarks.config.plan import Choices
from benchmarks.config.suite import Suite, Tuning
from benchmarks.runs.run import prepare_run, tune_all
from benchmarks.runs.tuning import MOST_FAILURES
from benchmarks.schema.measurements import Ceiling, Measurement
from benchmarks.schema.result import CellResult
from benchmarks.schema.tuning import Trial
from models.model import Runtime

pytest.importorskip("optuna")


@pytest.fixture
def prepare(tmp_path):
    texts = (f"film {n} was {'good' if n % 2 else 'bad'} indeed,{n % 2}" for n in range(100))
    (tmp_path / "reviews.csv").write_text("\n".join(["text,label", *texts, ""]))

    def prepared(folder="out", *, settings=None, models=("nbsvm",), **grid):
        suite = Suite(
            name="small",
            data={"name": str(tmp_path / "reviews.csv"), "valid_size": 20, "test_size": 20},
            grid=[{"models": models, "losses": ["ce"], **grid}],
        )
        choices = Choices(set=settings)
        return prepare_run(suite, choices, Runtime, tmp_path / folder, ["python", "-m", "benchmarks", "run"])

    return prepared


class Judge:
    """An executor whose trials are the better the nearer C is to 0.2; it trains nothing, and counts."""

    def __init__(self, store, *, seconds=1.0, stop_after=None, fails=(), history=()):
        self.store, self.seconds, self.stop_after, self.fails, self.history = store, seconds, stop_after, fails, history
        self.specs = []

    def run(self, specs, progress):
        for spec in specs:
            if len(self.specs) == self.stop_after:
                raise KeyboardInterrupt
            result = self.judged(spec)
            self.specs.append(spec)
            self.store.of(spec).write_result(result)
            yield result

    def judged(self, spec):
        if len(self.specs) in self.fails:
            return CellResult(spec=spec, status="failed", reason="it broke")
        accuracy = 0.5 if spec.model_params["C"] is None else 1 / (1 + abs(spec.model_params["C"] - 0.2))
        fit = Measurement(phase="fit", examples=[60], tokens=[], seconds=[self.seconds])
        history = [{"epoch": n + 1, "valid_accuracy": value} for n, value in enumerate(self.history)]
        trial = Trial(accuracy=accuracy, log_loss=0.1, metric=accuracy)
        return CellResult(spec=spec, status="ok", trial=trial, measurements=[fit], fit={"history": history})


def tuned(run, judge, **budget):
    (found,) = tune_all([run], Tuning(**budget), judge, Console(file=io.StringIO()))
    return found


def test_the_first_trial_has_the_defaults_and_the_best_settings_make_the_cell(prepare):
    run = prepare()
    judge = Judge(run.store)
    found = tuned(run, judge, trials=6)
    assert len(judge.specs) == 6
    assert judge.specs[0].model_params == run.specs[0].model_params
    assert {spec.role for spec in judge.specs} == {"trial"}
    best = min(judge.specs[1:], key=lambda spec: abs(spec.model_params["C"] - 0.2))
    assert [spec.model_params for spec in found.specs] == [best.model_params]
    assert {spec.role for spec in found.specs} == {"result"}


@pytest.mark.parametrize("sampler", ["random", "tpe"])
def test_a_search_is_the_same_each_time(prepare, sampler):
    runs = [prepare("first"), prepare("second")]
    judges = [Judge(run.store) for run in runs]
    for run, judge in zip(runs, judges, strict=True):
        tuned(run, judge, trials=8, sampler=sampler)
    first, second = ([spec.id for spec in judge.specs] for judge in judges)
    assert first == second
    assert len(set(first)) > 6


@pytest.mark.parametrize("sampler", ["random", "tpe"])
def test_an_interrupted_search_continues_where_it_stopped(prepare, sampler):
    whole = Judge(prepare("whole").store)
    expected = tuned(prepare("whole"), whole, trials=8, sampler=sampler)
    run = prepare("stopped")
    with pytest.raises(KeyboardInterrupt):
        tuned(run, Judge(run.store, stop_after=3), trials=8, sampler=sampler)
    rest = Judge(run.store)
    found = tuned(prepare("stopped"), rest, trials=8, sampler=sampler)
    assert [spec.id for spec in rest.specs] == [spec.id for spec in whole.specs[3:]]
    assert [spec.id for spec in found.specs] == [spec.id for spec in expected.specs]


def test_what_the_user_sets_is_not_tuned(prepare):
    run = prepare(settings={"nbsvm.ngrams": [1]})
    judge = Judge(run.store)
    tuned(run, judge, trials=5)
    assert {spec.model_params["ngrams"] for spec in judge.specs} == {1}
    assert len({spec.model_params["C"] for spec in judge.specs}) == 5


def test_seconds_end_a_search_after_the_trial_that_exceeds_them(prepare):
    run = prepare()
    judge = Judge(run.store, seconds=2.0)
    tuned(run, judge, seconds=5.0)
    assert len(judge.specs) == 3


def test_trials_that_fail_end_a_search_by_seconds(prepare):
    """They spend nothing of the budget."""
    run = prepare()
    judge = Judge(run.store, fails=range(2, 1_000))
    tuned(run, judge, seconds=60.0)
    assert len(judge.specs) == 2 + MOST_FAILURES


def test_a_search_keeps_what_was_said_of_the_cells_before_it(prepare):
    run = prepare()
    tuned(run, Judge(run.store), trials=2)
    ceiling = Ceiling(device="cpu", precision="fp32", flop_per_second=1e9, size=1024, bytes_per_second=1e9)
    tuning = {"trials": 2, "seconds": None, "sampler": "tpe", "searches": []}
    said = {"ceilings": [ceiling.model_dump()], "tuning": tuning, "costs": None}
    (spec,) = run.specs
    versions = {"code_versions": {"nbsvm-ce": spec.code_version}, "libraries": {"nbsvm-ce": dict(spec.libraries)}}
    run.store.write_run(run.store.read_run() | said | versions | {"planned": [spec.id]})
    run.store.write_result(CellResult(spec=spec, status="ok"))
    with pytest.raises(KeyboardInterrupt):
        tuned(run, Judge(run.store, stop_after=0), trials=4)
    record = run.store.read_run()
    assert record["planned"] == [spec.id]
    assert {key: record[key] for key in said} == said


def test_every_seed_takes_the_settings_of_one_search(prepare):
    run = prepare(seeds=[1, 2, 3])
    judge = Judge(run.store)
    found = tuned(run, judge, trials=4)
    assert len(judge.specs) == 4
    assert [spec.seed for spec in found.specs] == [1, 2, 3]
    assert len({json.dumps(spec.model_params) for spec in found.specs}) == 1


def test_failed_trials_count_and_do_not_win(prepare):
    run = prepare()
    judge = Judge(run.store, fails=(1, 3))
    found = tuned(run, judge, trials=6)
    assert len(judge.specs) == 6
    failed = [judge.specs[number].model_params for number in (1, 3)]
    assert found.specs[0].model_params not in failed


def test_where_every_trial_fails_the_defaults_stay(prepare):
    run = prepare()
    found = tuned(run, Judge(run.store, fails=range(9)), trials=3)
    assert [spec.id for spec in found.specs] == [spec.id for spec in run.specs]


def test_a_trial_is_pruned_below_the_median_of_earlier_ones(prepare):
    run = prepare()
    judge = Judge(run.store, history=(0.6, 0.7, 0.65))
    tuned(run, judge, trials=6)
    assert [spec.prune_below for spec in judge.specs] == [()] * 4 + [(0.6, 0.7, 0.7)] * 2


def test_the_record_names_every_trial(prepare):
    run = prepare()
    judge = Judge(run.store)
    record = tuned(run, judge, trials=3).tuning
    assert record.searches == [[spec.id for spec in judge.specs]]
    assert (record.trials, record.seconds, record.sampler) == (3, None, "random")
