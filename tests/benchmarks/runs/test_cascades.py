"""Which cells are joined, and what a run does with the cascades."""

import shutil
from io import StringIO

import pytest
from rich.console import Console

from benchmarks.cells.cascades import run_cell_or_cascade
from benchmarks.errors import UsageError
from benchmarks.executors.local import LocalExecutor
from benchmarks.executors.select import PRELOAD
from benchmarks.runs import cascades
from benchmarks.runs.cascades import (
    Expected,
    cascade_spec,
    kept_cascades,
    plan_cascades,
    run_cascades,
    run_cascades_of,
)
from benchmarks.runs.sweep import Outcomes
from benchmarks.schema.result import CellResult
from benchmarks.store.results import Store
from tests.benchmarks.cascade_runs import (
    permute_test_labels,
    set_cost,
    set_validation,
    spec_of,
    trained,
)

CHEAP, MIDDLE, DEAR = spec_of("tfidf_logreg", ngrams=1), spec_of("nbsvm"), spec_of("tfidf_logreg", ngrams=2)
CELLS, COSTS, SKILLS = (CHEAP, MIDDLE, DEAR), (0.1, 1.0, 10.0), (0.75, 0.8, 0.85)


class Notes:
    """An observer that writes down what it is told."""

    def __init__(self):
        self.lines, self.ran = [], []

    def step(self, spec, done, total):
        pass

    def ended(self, spec, outcome, result=None):
        self.lines.append(f"{spec.id}: {outcome}")
        self.ran += [spec.id] if result is not None else []

    def again(self, spec, outcome):
        pass

    def say(self, line):
        self.lines.append(line)


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """A results folder with three cells, each costlier and better on validation than the one before."""
    store = trained(tmp_path_factory.mktemp("finished") / "run", *CELLS)
    for number, (spec, cost, skill) in enumerate(zip(CELLS, COSTS, SKILLS, strict=True)):
        set_cost(store, spec, cost)
        set_validation(store, spec, skill, seed=number)
    return store


@pytest.fixture
def copied(finished, tmp_path):
    shutil.copytree(finished.folder, tmp_path / "copy")
    return Store(tmp_path / "copy")


@pytest.fixture
def one_last_stage(monkeypatch):
    monkeypatch.setattr(cascades, "LAST_STAGES", 1)


def planned(store, stages=2):
    """Stages and aim of each cascade."""
    specs, left_out = plan_cascades(store, stages)
    assert left_out == []
    return {(spec.stages, spec.model_params["aim"]) for spec in specs}


def ids(*specs):
    return tuple(spec.id for spec in specs)


def test_each_good_last_stage_gets_a_cascade_for_each_aim(finished):
    found = planned(finished)
    assert {(stages[-1], aim) for stages, aim in found} == {
        (spec.id, aim) for spec in (MIDDLE, DEAR) for aim in ("cost", "accuracy")
    }
    assert all(len(stages) == 2 for stages, _ in found)


def test_a_stage_that_is_not_twice_as_costly_is_not_joined(copied):
    set_cost(copied, MIDDLE, 0.19)
    set_cost(copied, DEAR, 0.19)
    assert planned(copied) == set()
    set_cost(copied, DEAR, 0.2)
    assert {stages for stages, _ in planned(copied)} == {ids(CHEAP, DEAR)}


def test_a_last_stage_that_is_worse_on_validation_is_not_joined(copied):
    set_validation(copied, DEAR, 0.7)
    assert all(stages[-1] == MIDDLE.id for stages, _ in planned(copied))


def test_a_last_stage_that_is_about_as_good_is_joined(copied):
    """One text of 200 behind, with mistakes of its own."""
    set_validation(copied, CHEAP, 0.0)
    set_validation(copied, DEAR, 0.795, seed=9)
    assert (ids(MIDDLE, DEAR), "cost") in planned(copied)


def test_a_cascade_that_promises_nothing_is_not_joined(copied):
    """First stages that are always wrong cost time and gain nothing."""
    for spec in (CHEAP, MIDDLE):
        set_validation(copied, spec, 0.0)
    assert all(stages[-1] != DEAR.id for stages, _ in planned(copied))


def test_a_cascade_that_another_surpasses_is_not_joined(copied):
    """Worse last stages at the same cost promise less in no less time."""
    set_cost(copied, MIDDLE, 10.0)
    found = planned(copied)
    assert {stages for stages, aim in found if aim == "accuracy"} == {ids(CHEAP, DEAR)}


@pytest.mark.parametrize(
    ("value", "seconds", "surpasses"),
    [(0.9, 1.0, False), (0.9, 0.9, True), (0.91, 1.0, True), (0.91, 1.1, False), (0.89, 0.9, False)],
    ids=["the same", "faster", "better", "better and slower", "worse and faster"],
)
def test_a_chain_surpasses_another_in_one_of_the_two_without_loss_in_the_other(value, seconds, surpasses):
    one, other = Expected((), (), seconds, value), Expected((), (), 1.0, 0.9)
    assert one.surpasses(other) == surpasses


@pytest.mark.usefixtures("one_last_stage")
def test_only_the_most_accurate_models_become_last_stages(copied):
    assert {stages[-1] for stages, _ in planned(copied)} == {DEAR.id}


def test_three_stages_are_joined_where_they_promise_more(finished):
    two, three = planned(finished), planned(finished, stages=3)
    assert {len(stages) for stages, _ in two} == {2}
    assert {stages for stages, _ in three - two} == {ids(CHEAP, MIDDLE, DEAR)}
    assert {stages[-1] for stages, _ in three} == {MIDDLE.id, DEAR.id}


def test_test_labels_do_not_influence_what_is_joined(copied):
    before = planned(copied, stages=3)
    permute_test_labels(copied)
    assert planned(copied, stages=3) == before


def test_cells_of_other_losses_sizes_and_seeds_are_not_joined(copied):
    """Each of them would be a good first stage."""
    others = [spec_of("nbsvm", seed=2), spec_of("nbsvm", train_size=60), DEAR.model_copy(update={"loss": "focal"})]
    result = copied.read_result(CHEAP.id)
    for spec in others:
        shutil.copytree(copied.cell_folder(CHEAP.id), copied.cell_folder(spec.id))
        copied.write_result(result.model_copy(update={"spec": spec}))
    run = copied.read_run()
    copied.write_run(run | {"planned": [*run["planned"], *ids(*others)]})
    joined = {stage for stages, _ in planned(copied) for stage in stages}
    assert joined.isdisjoint(ids(*others))


def test_a_cell_of_an_older_version_is_left_out_and_named(copied):
    (copied.cell_folder(MIDDLE.id) / "validation.parquet").unlink()
    specs, (line,) = plan_cascades(copied)
    assert {spec.stages for spec in specs} == {ids(CHEAP, DEAR)}
    assert line.startswith(f"left out of cascades: {MIDDLE.id} was made by an older version")
    assert line.endswith("run it again with --fresh")


def test_the_id_covers_stages_aim_and_code_and_nothing_else(monkeypatch):
    spec = cascade_spec([CHEAP, DEAR], "cost")
    assert cascade_spec([CHEAP, DEAR.model_copy(update={"dataset": "another name"})], "cost").id == spec.id
    others = [
        cascade_spec([CHEAP, DEAR], "accuracy"),
        cascade_spec([MIDDLE, DEAR], "cost"),
        cascade_spec([CHEAP, DEAR.model_copy(update={"code_version": "another one"})], "cost"),
        cascade_spec([CHEAP.model_copy(update={"seed": 2}), DEAR.model_copy(update={"seed": 2})], "cost"),
    ]
    assert len({spec.id, *(other.id for other in others)}) == 5
    assert others[-1].configuration == spec.configuration
    monkeypatch.setattr(cascades, "modules_version", lambda *modules: "another")
    assert cascade_spec([CHEAP, DEAR], "cost").id != spec.id


@pytest.mark.usefixtures("one_last_stage")
def test_a_run_measures_what_is_missing_and_keeps_the_rest(copied):
    executor, notes = LocalExecutor(copied, run_cell_or_cascade, PRELOAD), Notes()
    specs = run_cascades(copied, executor, notes)
    assert notes.ran == [spec.id for spec in specs]
    assert all(copied.read_result(spec.id).status == "ok" for spec in specs)
    assert copied.read_run()["planned"] == [*ids(*CELLS), *ids(*specs)]
    assert copied.read_run()["cascades"] == list(ids(*specs))
    copied.remove_cell(specs[0].id)
    again = Notes()
    assert run_cascades(copied, executor, again) == specs
    assert again.ran == [specs[0].id]
    assert copied.read_run()["planned"] == [*ids(*CELLS), *ids(*specs)]
    fresh = Notes()
    run_cascades(copied, executor, fresh, fresh=True)
    assert fresh.ran == [spec.id for spec in specs]


def test_a_cascade_that_fails_loses_no_other_s_work(copied):
    specs, _ = plan_cascades(copied)
    broken = next(spec for spec in specs if DEAR.id in spec.stages)
    whole = [spec for spec in specs if DEAR.id not in spec.stages]
    for path in (copied.cell_folder(DEAR.id) / "model").iterdir():
        if path.name != "saved.json":
            path.write_bytes(b"damaged")
    notes = Notes()
    run_cascades(copied, LocalExecutor(copied, run_cell_or_cascade, PRELOAD), notes)
    assert copied.read_result(broken.id).status == "failed"
    assert all(copied.read_result(spec.id).status == "ok" for spec in (*whole, *CELLS))


def test_an_end_asked_for_meanwhile_ends_the_run(copied, monkeypatch):
    """In the last cell, too."""
    outcomes = Outcomes(ok=len(plan_cascades(copied)[0]))
    outcomes.stopped = True
    monkeypatch.setattr(cascades, "sweep", lambda *arguments, **options: outcomes)
    with pytest.raises(KeyboardInterrupt):
        run_cascades(copied, None, Notes())


def test_cascades_are_kept_while_their_stages_are(copied):
    specs, _ = plan_cascades(copied)
    for spec in specs:
        copied.write_result(CellResult(spec=spec, status="ok"))
    copied.write_run(copied.read_run() | {"cascades": list(ids(*specs))})
    assert kept_cascades(copied, ids(*CELLS)) == list(ids(*specs))
    assert kept_cascades(copied, ids(CHEAP, MIDDLE)) == [spec.id for spec in specs if spec.stages[-1] == MIDDLE.id]
    assert kept_cascades(Store(copied.folder / "nowhere"), ids(*CELLS)) == []


@pytest.mark.usefixtures("one_last_stage")
def test_a_folder_of_an_earlier_run_gets_its_cascades(copied):
    output = StringIO()
    specs = run_cascades_of(copied.folder, Console(file=output, width=200))
    assert specs
    assert all(copied.read_result(spec.id).status == "ok" for spec in specs)
    assert "passed on" in output.getvalue()


def test_a_folder_without_validation_predictions_says_to_run_again(copied):
    for each in CELLS:
        (copied.cell_folder(each.id) / "validation.parquet").unlink()
    with pytest.raises(UsageError, match=r"made by an older version.*run it again with --fresh"):
        run_cascades_of(copied.folder, Console(file=StringIO()))


def test_a_folder_without_a_run_is_refused(tmp_path):
    with pytest.raises(UsageError, match=r"run\.json"):
        run_cascades_of(tmp_path, Console(file=StringIO()))
