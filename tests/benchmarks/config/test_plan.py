"""From a suite and the command line to cells."""

import numpy as np
import pytest

from benchmarks.config.plan import Choices, combinations, deep_audits, left_out, specify
from benchmarks.config.suite import Grid, Suite, read_suite
from benchmarks.errors import UsageError
from benchmarks.schema.measurements import Measure
from data.dataset import Dataset, Split
from models.model import Runtime


def suite(*grids):
    return Suite(name="test", grid=list(grids) or [Grid()])


def short(cells):
    return [(c.model, c.loss, c.train_size, c.seed) for c in cells]


def split(n):
    return Split(tuple(f"text {i}" for i in range(n)), np.arange(n) % 2, np.full(n, 2), np.arange(n), ("no", "yes"))


@pytest.fixture
def dataset():
    return Dataset("toy", split(20), split(4), split(6))


def test_a_star_is_every_model_and_every_loss_but_those_that_are_off():
    cells = combinations(suite(), Choices())
    assert {c.loss for c in cells} == {"ce", "length_weighted_ce"}
    assert {c.model for c in cells} == {"tfidf_logreg", "nbsvm", "lstm", "distilbert", "distilbert_mlp"}
    assert len(cells) == 10


def test_what_is_off_by_default_runs_when_named():
    assert {c.loss for c in combinations(suite(), Choices(losses=["length_penalty"]))} == {"length_penalty"}
    assert {c.loss for c in combinations(suite(), Choices(losses=["length*"]))} == {
        "length_penalty",
        "length_weighted_ce",
    }


def test_models_that_take_sample_weights_leave_out_losses_that_are_none():
    grids, choices = suite(Grid(models=["nbsvm", "lstm"])), Choices(losses=["ce", "focal"])
    assert [(c.model, c.loss) for c in combinations(grids, choices)] == [
        ("nbsvm", "ce"),
        ("lstm", "ce"),
        ("lstm", "focal"),
    ]
    assert left_out(grids, choices) == [("nbsvm", "focal")]


def test_a_run_of_pairs_that_are_all_left_out_is_refused():
    message = r"losses='focal': no sample weights express it, and the models .* only \(choices: lstm"
    with pytest.raises(UsageError, match=message):
        combinations(suite(Grid(models=["nbsvm"])), Choices(losses=["focal"]))


@pytest.mark.parametrize(
    ("models", "planned"),
    [
        (["transformer"], ["transformer"]),
        (["transformer", "nbsvm"], ["nbsvm", "transformer"]),
        (["*"], ["tfidf_logreg", "nbsvm", "lstm", "distilbert", "distilbert_mlp"]),
    ],
)
def test_a_model_that_is_off_by_default_runs_when_named(models, planned):
    grids = suite(Grid(losses=["ce"]), Grid(models=["nbsvm"], losses=["ce"]))
    assert [c.model for c in combinations(grids, Choices(models=models))] == planned


def test_several_grids_are_joined_and_no_cell_is_planned_twice():
    grids = suite(Grid(models=["lstm"], losses=["ce"], seeds=[1, 2]), Grid(models=["lstm", "tfidf*"], losses=["ce"]))
    assert short(combinations(grids, Choices())) == [
        ("lstm", "ce", "all", 1),
        ("lstm", "ce", "all", 2),
        ("tfidf_logreg", "ce", "all", 1),
    ]


def test_models_narrow_each_grid_and_sizes_and_seeds_replace_its_own():
    grids = suite(Grid(models=["lstm"], losses=["ce"]), Grid(models=["tfidf_logreg"], losses=["ce"], train_sizes=[5]))
    cells = combinations(grids, Choices(models=["lstm"], train_sizes=[10, "all"], seeds=[7]))
    assert short(cells) == [("lstm", "ce", 10, 7), ("lstm", "ce", "all", 7)]


def test_several_values_of_a_setting_make_an_axis_of_the_cells_that_have_it():
    cells = combinations(suite(Grid(models=["tfidf_logreg"])), Choices(set={"length_weighted_ce.alpha": ["0.5", "2"]}))
    assert [(c.loss, dict(c.loss_params).get("alpha")) for c in cells] == [
        ("ce", None),
        ("length_weighted_ce", 0.5),
        ("length_weighted_ce", 2.0),
    ]


def test_the_command_line_s_setting_wins_over_the_suite_s():
    grid = Grid(models=["lstm"], losses=["ce"], set={"lstm.epochs": 9, "lstm.max_length": 32})
    (cell,) = combinations(suite(grid), Choices(set={"lstm.epochs": ["2"]}))
    assert (dict(cell.model_params)["epochs"], dict(cell.model_params)["max_length"]) == (2, 32)


@pytest.mark.parametrize(
    ("choices", "message"),
    [
        (Choices(models=["lstn"]), "unknown model 'lstn'; did you mean 'lstm'"),
        (Choices(models=["bert*"]), r"unknown model 'bert\*'"),
        (Choices(losses=["mse"]), r"unknown loss 'mse' \(choices: ce, class_weighted_ce, .*length_weighted_ce\)"),
        (Choices(set={"lstm": ["1"]}), "set='lstm': not of the form NAME.PARAMETER=VALUE"),
        (Choices(set={"lsmt.epochs": ["1"]}), "unknown model or loss 'lsmt'; did you mean 'lstm'"),
        (Choices(set={"lstm.epoch": ["1"]}), "unknown parameter of lstm 'epoch'; did you mean 'epochs'"),
        (Choices(set={"lstm.epochs": ["many"]}), "lstm.epochs='many' is not PositiveInt"),
        (Choices(models=["tfidf_logreg"], set={"lstm.epochs": ["1"]}), "this run has no cell of it"),
    ],
)
def test_bad_choices_are_named(choices, message):
    with pytest.raises(UsageError, match=message):
        combinations(suite(), choices)


def test_models_that_leave_nothing_of_the_suite_are_an_error():
    with pytest.raises(UsageError, match="nothing of suite 'test' is left to run"):
        combinations(suite(Grid(models=["lstm"])), Choices(models=["tfidf_logreg"]))


def test_a_cell_names_every_parameter_the_rows_and_where_it_runs(dataset):
    (combination,) = combinations(suite(Grid(models=["lstm"], losses=["ce"])), Choices())
    spec = specify(combination, dataset, Runtime("cuda", "bf16"), Measure())
    assert (spec.train_size, spec.valid_size, spec.test_size) == (20, 4, 6)
    assert (spec.device, spec.precision) == ("cuda", "bf16")
    assert spec.data_fingerprint == dataset.fingerprint
    assert "epochs" in spec.model_params


@pytest.mark.parametrize("runtime", [Runtime("cuda", "bf16"), Runtime("cpu", "bf16")])
def test_a_model_of_the_cpu_is_never_said_to_run_elsewhere(dataset, runtime):
    (combination,) = combinations(suite(Grid(models=["tfidf_logreg"], losses=["ce"])), Choices())
    spec = specify(combination, dataset, runtime, Measure())
    assert (spec.device, spec.precision) == ("cpu", "fp32")


def test_more_rows_than_there_are_is_an_error(dataset):
    (combination,) = combinations(suite(Grid(models=["lstm"], losses=["ce"], train_sizes=[21])), Choices())
    with pytest.raises(UsageError, match="train_size=21: dataset 'toy' leaves only 20 training rows"):
        specify(combination, dataset, Runtime(), Measure())


@pytest.mark.parametrize(("size", "rows", "per_class"), [("4/class", 8, 4), ("10/class", 20, None), ("all", 20, None)])
def test_so_many_of_a_class_as_there_are_is_all(dataset, size, rows, per_class):
    (combination,) = combinations(suite(Grid(models=["lstm"], losses=["ce"], train_sizes=[size])), Choices())
    spec = specify(combination, dataset, Runtime(), Measure())
    assert (spec.train_size, spec.per_class) == (rows, per_class)


def test_equal_work_has_one_id_and_any_change_another(dataset):
    (combination,) = combinations(suite(Grid(models=["lstm"], losses=["ce"])), Choices())
    spec = specify(combination, dataset, Runtime(), Measure())
    assert specify(combination, dataset, Runtime(), Measure()).id == spec.id
    for change in ({"precision": "bf16"}, {"data_fingerprint": "0" * 64}, {"code_version": "9"}, {"model_params": {}}):
        assert spec.model_copy(update=change).id != spec.id


def test_deep_audits_are_of_each_model_s_cheapest_cell(dataset):
    planned = combinations(
        suite(Grid(train_sizes=[10, 5])), Choices(models=["tfidf_logreg", "lstm"], losses=["ce", "length_weighted_ce"])
    )
    found = deep_audits([specify(combination, dataset, Runtime(), Measure()) for combination in planned])
    assert [(spec.model, spec.loss, spec.train_size, spec.role) for spec in found] == [
        (model, "ce", 5, role) for model in ("tfidf_logreg", "lstm") for role in ("shuffled labels", "repeated")
    ]


def draws(grid, **choices):
    cells = combinations(suite(Grid(models=["nbsvm"], losses=["ce"], **grid)), Choices(**choices))
    return [(cell.repeat, cell.seed) for cell in cells]


@pytest.mark.parametrize(
    ("grid", "choices", "expected"),
    [
        ({}, {}, [(0, 1)]),
        ({"seeds": [4, 5]}, {}, [(0, 4), (0, 5)]),
        ({"repeats": 3}, {}, [(0, 1), (1, 2), (2, 3)]),
        ({"repeats": 2, "seeds": [7]}, {}, [(0, 7), (1, 8)]),
        ({"seeds": [4, 5]}, {"repeats": 2}, [(0, 4), (1, 5)]),
        ({"repeats": 3}, {"repeats": 1}, [(0, 1)]),
        ({"repeats": 3}, {"seeds": [4, 5]}, [(0, 4), (0, 5)]),
        ({"repeats": 3}, {"seeds": [4], "repeats": 2}, [(0, 4), (1, 5)]),
    ],
)
def test_a_repeat_has_a_seed_of_its_own(grid, choices, expected):
    """Training sample, validation rows and seed are redrawn together."""
    assert draws(grid, **choices) == expected


@pytest.mark.parametrize(
    ("grid", "choices", "message"),
    [
        ({"repeats": 2, "seeds": [1, 2]}, {}, "repeats=2 with seeds 1, 2: a repeat draws a seed, too"),
        ({}, {"repeats": 2, "seeds": [1, 2]}, "repeats=2 with seeds 1, 2"),
        ({"seeds": [2**32 - 1]}, {"repeats": 2}, "seeds go up to 4294967295"),
        ({}, {"repeats": 200_000}, "200,000 cells, but a run has at most 100,000"),
    ],
)
def test_repeats_that_cannot_be_drawn_are_refused(grid, choices, message):
    with pytest.raises(UsageError, match=message):
        draws(grid, **choices)


def test_cells_of_one_seed_and_different_repeats_are_different(dataset):
    found = combinations(suite(Grid(models=["nbsvm"], losses=["ce"], repeats=2)), Choices())
    first, second = (specify(combination, dataset, Runtime(), Measure()) for combination in found)
    assert first.model_copy(update={"repeat": 1}).id != first.id
    assert (first.repeat, second.repeat) == (0, 1)
    assert first.configuration == second.configuration


GRIDS = """
[[grid]]
models = ["lstm", "nbsvm"]
losses = ["ce"]
train_sizes = [2000]
[[grid]]
models = ["lstm"]
losses = ["ce"]
train_sizes = ["all"]
[grid.set]
"lstm.epochs" = 2
"""


@pytest.mark.parametrize(("size", "epochs"), [("all", [2]), (2000, [3]), (500, [3])])
def test_a_model_of_two_grids_runs_once_at_the_size_asked_for(tmp_path, size, epochs):
    (tmp_path / "two.toml").write_text(GRIDS)
    found = combinations(read_suite(str(tmp_path / "two.toml")), Choices(models=["lstm"], train_sizes=[size]))
    assert [dict(one.model_params)["epochs"] for one in found] == epochs


def test_grids_of_the_same_sizes_all_run_at_the_size_asked_for(tmp_path):
    (tmp_path / "two.toml").write_text(GRIDS.replace('["all"]', "[2000]"))
    found = combinations(read_suite(str(tmp_path / "two.toml")), Choices(models=["lstm"], train_sizes=["all"]))
    assert [dict(one.model_params)["epochs"] for one in found] == [3, 2]
