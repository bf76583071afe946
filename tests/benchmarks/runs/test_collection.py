"""Several datasets run together: a run for each, one sweep, and what cannot be used is named."""

import io
import json

import pytest
from rich.console import Console

from benchmarks.commands.data_options import CollectionOptions
from benchmarks.config.criterion import criterion_of, read_costs
from benchmarks.config.plan import Choices
from benchmarks.config.suite import Data, Grid, Suite, read_suite, read_suites
from benchmarks.errors import UsageError
from benchmarks.runs.collection import prepare_collection
from benchmarks.runs.results_folder import titles
from benchmarks.runs.run import execute, stores_of
from benchmarks.schema.result import CellResult
from benchmarks.store.collection import gathered
from benchmarks.store.results import StoreError
from models.model import Runtime

GRID = '[[grid]]\nmodels = ["nbsvm", "tfidf_logreg"]\nlosses = ["ce"]\n'


def write_table(path, word, rows=100):
    lines = (f"{word} {n} was {'good' if n % 2 else 'bad'} indeed,{n % 2}" for n in range(rows))
    path.write_text("\n".join(["text,label", *lines, ""]))


def prepared(folder, *names, **options):
    blocks = "".join(f'[[data]]\nname = "{folder / name}"\n' for name in names)
    (folder / "many.toml").write_text(blocks + GRID)
    suites = read_suites(str(folder / "many.toml"))
    return prepare_collection(suites, Choices(), Runtime, folder / "out", ["python", "-m", "benchmarks"], **options)


class Noting:
    """An executor whose cells end at once; it notes their order."""

    def __init__(self, stores):
        self.stores, self.ran = stores, []

    def run(self, specs, progress):
        for spec in specs:
            self.ran.append(spec.data_fingerprint)
            result = CellResult(spec=spec, status="failed", reason="on purpose")
            self.stores.of(spec).write_result(result)
            yield result


def test_every_result_goes_to_its_own_folder_in_one_sweep(tmp_path):
    for name in ("films", "mails"):
        write_table(tmp_path / f"{name}.csv", name)
    collection = prepared(tmp_path, "films.csv", "mails.csv")
    runs = list(collection.runs.values())
    executor = Noting(stores_of(runs))
    told = []
    outcomes = execute(
        runs, executor, Console(file=io.StringIO()), finished=lambda folder, done: told.append((folder.name, done))
    )
    assert sorted(told) == [("films", 1), ("films", 2), ("mails", 1), ("mails", 2)]
    assert outcomes.total() == 4
    assert len(set(executor.ran)) == 2
    for title, run in collection.runs.items():
        assert run.store.folder == tmp_path / "out" / title
        found = list(run.store.results())
        assert {cell.spec.data_fingerprint for cell in found} == {run.dataset.fingerprint}
        assert len(found) == len(run.store.read_run()["planned"]) == 2


def test_one_unreadable_dataset_does_not_stop_the_others(tmp_path):
    write_table(tmp_path / "films.csv", "film")
    (tmp_path / "torn.csv").write_text("text,label\n")
    collection = prepared(tmp_path, "torn.csv", "films.csv")
    assert list(collection.runs) == ["films"]
    assert "no rows" in collection.unreadable["torn"]
    collection.write(["python", "-m", "benchmarks", "run"])
    found = gathered([tmp_path / "out"])
    assert found.folders == (tmp_path / "out" / "films",)
    assert "no rows" in found.unreadable["torn"]


def test_no_usable_dataset_is_an_error(tmp_path):
    for name in ("torn", "rent"):
        (tmp_path / f"{name}.csv").write_text("text,label\n")
    with pytest.raises(UsageError, match="no rows"):
        prepared(tmp_path, "torn.csv", "rent.csv")


def test_what_would_run_on_no_dataset_is_an_error(tmp_path):
    write_table(tmp_path / "films.csv", "film")
    write_table(tmp_path / "mails.csv", "mail")
    (tmp_path / "many.toml").write_text(f'[[data]]\nname = "{tmp_path}/films.csv"\n{GRID}')
    suite = read_suite(str(tmp_path / "many.toml"))
    with pytest.raises(UsageError, match="unknown model"):
        prepare_collection([suite, suite], Choices(models=["lstn"]), Runtime, tmp_path / "out", [])


def test_the_same_content_under_two_names_is_refused(tmp_path):
    for name in ("films", "copies"):
        write_table(tmp_path / f"{name}.csv", "film")
    with pytest.raises(UsageError, match="same texts and labels as 'films'"):
        prepared(tmp_path, "films.csv", "copies.csv")


def test_the_folder_of_a_single_run_is_refused(tmp_path):
    write_table(tmp_path / "films.csv", "film")
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "run.json").write_text("{}")
    with pytest.raises(UsageError, match="results of one dataset"):
        prepared(tmp_path, "films.csv", "films.csv")


@pytest.mark.parametrize(
    ("names", "found"),
    [
        (["data/films.csv", "data/mails.csv"], ["films", "mails"]),
        (["a/train.csv", "b/train.csv"], ["a-train", "b-train"]),
        (["hf:stanfordnlp/imdb@main", "ag.csv"], ["imdb", "ag"]),
    ],
)
def test_a_dataset_is_called_by_the_last_part_of_its_name(names, found):
    assert titles([Data(name=name) for name in names]) == found


def test_a_title_overrules_and_two_datasets_of_one_name_are_refused():
    assert titles([Data(name="a.csv", title="coarse"), Data(name="a.csv", label_column="fine")]) == ["coarse", "a"]
    with pytest.raises(UsageError, match="2 datasets have this name"):
        titles([Data(name="a.csv"), Data(name="a.csv", label_column="fine")])


def test_a_suite_of_several_datasets_is_no_suite_of_one(tmp_path):
    (tmp_path / "many.toml").write_text(f'[[data]]\nname = "a.csv"\n[[data]]\nname = "b.csv"\n{GRID}')
    assert [suite.data.name for suite in read_suites(str(tmp_path / "many.toml"))] == ["a.csv", "b.csv"]
    with pytest.raises(UsageError, match="2 datasets"):
        read_suite(str(tmp_path / "many.toml"))


@pytest.mark.parametrize("runs", [["../elsewhere"], ["/etc"], [".hidden"]])
def test_a_record_that_leads_elsewhere_is_refused(tmp_path, runs):
    content = {"schema_version": 2, "suite": "x", "runs": runs}
    (tmp_path / "collection.json").write_text(json.dumps(content))
    with pytest.raises(StoreError, match="lies elsewhere"):
        gathered([tmp_path])


def test_a_dataset_has_a_language_of_its_own(tmp_path):
    for name in ("films", "mails"):
        write_table(tmp_path / f"{name}.csv", name)
    blocks = f'[[data]]\nname = "films.csv"\nlanguage = "German"\n[[data]]\nname = "mails.csv"\n{GRID}'
    (tmp_path / "many.toml").write_text(blocks)
    own = [suite.data for suite in read_suites(str(tmp_path / "many.toml"))]
    assert [data.language for data in CollectionOptions().applied_to(own)] == ["German", None]
    assert [data.language for data in CollectionOptions(language="Latin").applied_to(own)] == ["Latin", "Latin"]
    with pytest.raises(UsageError, match="no name of a language"):
        CollectionOptions(language="<b>").applied_to(own)


def test_costs_are_read_by_name_whatever_their_order(tmp_path):
    path = tmp_path / "costs.csv"
    path.write_text("label,spam,ham\nham,1,0\nspam,0,5\n")
    assert read_costs(path, ("ham", "spam")) == ((0.0, 1.0), (5.0, 0.0))


def test_each_dataset_may_have_costs_of_its_own(tmp_path):
    for name, classes in (("own", "ham,spam"), ("common", "no,yes")):
        first, second = classes.split(",")
        (tmp_path / f"{name}.csv").write_text(f"label,{classes}\n{first},0,1\n{second},2,0\n")
    block = {"name": "mails.csv", "cost_matrix": str(tmp_path / "own.csv")}
    suite = Suite(name="x", grid=[Grid()], metric="cost", cost_matrix=str(tmp_path / "common.csv"), data=block)
    assert criterion_of(suite, ("ham", "spam")).costs == ((0.0, 1.0), (2.0, 0.0))
    others = suite.model_copy(update={"data": Data(name="films.csv")})
    assert criterion_of(others, ("no", "yes")).costs == ((0.0, 1.0), (2.0, 0.0))
    with pytest.raises(UsageError, match="its columns are not the 2 classes"):
        criterion_of(others, ("ham", "spam"))


def test_costs_are_read_by_name_whichever_way_its_accents_are_written(tmp_path):
    path = tmp_path / "costs.csv"
    path.write_text("label,tea,cafe\u0301\ntea,0,1\ncafe\u0301,5,0\n", encoding="utf-8")
    assert read_costs(path, ("caf\u00e9", "tea")) == ((0.0, 5.0), (1.0, 0.0))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("label,spam\nspam,0\n", "1 x 1: its columns are not the 2 classes"),
        ("label,ham,spam\nham,0,1\n", "1 x 2: its rows are not the 2 classes"),
        ("label,ham,spam\nham,0,1\nspam,5\n", "row 'spam' holds other than a number"),
        ("label,ham,spam\nham,0,1\nspam,5,nan\n", "row 'spam' holds other than a number"),
        ("label,ham,spam\nham,0,1\nspam,5,-2\n", "row 'spam' holds -2, and costs are 0 or more"),
        ("", "no CSV table"),
    ],
)
def test_a_cost_matrix_of_the_wrong_shape_is_one_line(tmp_path, content, message):
    path = tmp_path / "costs.csv"
    path.write_text(content)
    with pytest.raises(UsageError, match=message) as caught:
        read_costs(path, ("ham", "spam"))
    assert "\n" not in str(caught.value)


def test_a_metric_is_part_of_a_cell_s_identity_unless_it_is_accuracy(tmp_path):
    write_table(tmp_path / "films.csv", "film")
    write_table(tmp_path / "mails.csv", "mail")
    plain = prepared(tmp_path, "films.csv", "mails.csv").specs
    by_name = {
        metric: [s.model_copy(update={"metric": metric}).id for s in plain] for metric in ("accuracy", "macro_f1")
    }
    assert by_name["accuracy"] == [spec.id for spec in plain]
    assert not set(by_name["macro_f1"]) & set(by_name["accuracy"])
