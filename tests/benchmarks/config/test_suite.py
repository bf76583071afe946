"""Suite files."""

import pytest

from benchmarks.config.plan import Choices, combinations
from benchmarks.config.suite import read_suite, suite_names
from benchmarks.errors import UsageError
from benchmarks.registry.entries import OFF_BY_DEFAULT, names


@pytest.mark.parametrize("name", suite_names())
def test_every_suite_of_the_project_can_be_planned(name):
    suite = read_suite(name)
    assert suite.name == name
    assert suite.description
    assert combinations(suite, Choices())


def test_smoke_has_every_model_of_the_default_grid_with_both_losses():
    assert len(combinations(read_suite("smoke"), Choices())) == 2 * len(set(names("models")) - OFF_BY_DEFAULT)


def test_quick_has_one_size_common_to_all_models():
    cells = combinations(read_suite("quick"), Choices())
    models = {c.model for c in cells}
    assert {c.model for c in cells if c.train_size == 2000} == models
    assert any(c.train_size == "all" for c in cells)


def test_a_file_is_named_after_itself(tmp_path):
    path = tmp_path / "mine.toml"
    path.write_text('[[grid]]\nmodels = ["lstm"]\n')
    assert read_suite(str(path)).name == "mine"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("grid = 3", "grid=3: Input should be a valid list"),
        ("", "grid: Field required"),
        ("grid = []", r"grid=\[\]: List should have at least 1 item"),
        ("not toml", "is not TOML"),
        ("[[grid]]\nmodel = ['lstm']", "grid.0.model: Extra inputs are not permitted"),
        ("[[grid]]\ntrain_sizes = [0]", "grid.0.train_sizes.0"),
        ("[[grid]]\nseeds = [-1]", r"grid.0.seeds.0=-1: .*greater than or equal to 0"),
        ("[data]\nvalid_size = 'x'\n[[grid]]", "data.valid_size='x'"),
        ("name = '../up'\n[[grid]]", "name='../up'"),
        ("[[grid]]\nrepeats = 0", r"grid.0.repeats=0: .*greater than 0"),
        (
            "[acknowledge]\ntruncated = 'known'\n[[grid]]",
            r"there is no such audit \(choices: cached vectors, .*truncation",
        ),
        ("[acknowledge]\ntruncation = ''\n[[grid]]", "acknowledge.truncation=''"),
        ("margin = 0.5\n[[grid]]", r"margin=0.5: .*not a margin \(choices: .* such as 0.5pp"),
        ("margin = '0pp'\n[[grid]]", "margin='0pp'"),
    ],
)
def test_a_bad_file_is_one_line_with_the_place_and_the_value(tmp_path, content, message):
    path = tmp_path / "bad.toml"
    path.write_text(content)
    with pytest.raises(UsageError, match=message) as caught:
        read_suite(str(path))
    assert "\n" not in str(caught.value)
    assert str(path) in str(caught.value)


def test_an_unknown_suite_and_a_missing_file_are_named():
    with pytest.raises(UsageError, match=r"unknown suite 'quik'; did you mean 'quick'\? \(choices: FILE.toml, full, "):
        read_suite("quik")
    with pytest.raises(UsageError, match=r"suite='nowhere/x.toml': it cannot be read: No such file"):
        read_suite("nowhere/x.toml")


def test_a_suite_name_is_never_a_path_out_of_the_suites():
    with pytest.raises(UsageError, match="unknown suite"):
        read_suite("../suites/quick")


def test_a_margin_is_in_points(tmp_path):
    path = tmp_path / "margin.toml"
    path.write_text("margin = '0.5pp'\n[[grid]]\n")
    assert read_suite(str(path)).margin == 0.5
    assert read_suite("quick").margin is None


def test_a_failure_is_acknowledged_with_a_reason(tmp_path):
    path = tmp_path / "mine.toml"
    path.write_text('[acknowledge]\n"splits disjoint" = "123 test rows are known to leak"\n[[grid]]\n')
    assert read_suite(str(path)).acknowledge == {"splits disjoint": "123 test rows are known to leak"}
