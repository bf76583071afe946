"""What is known of a run before it begins, and what is kept of it beside its cells."""

import io
import shlex
from contextlib import nullcontext
from pathlib import Path

import pytest
from rich.console import Console

from benchmarks.config.plan import Choices
from benchmarks.config.suite import Suite
from benchmarks.errors import UsageError
from benchmarks.registry.entries import add_plugin
from benchmarks.runs.run import execute, prepare_run
from benchmarks.schema.measurements import Ceiling
from benchmarks.schema.result import CellResult
from models.model import Runtime

ROWS = 100

PLUGIN = (Path(__file__).parents[1] / "word_counts.py").read_text()


@pytest.fixture
def prepared(tmp_path):
    texts = (f"film {n} was {'good' if n % 2 else 'bad'} indeed,{n % 2}" for n in range(ROWS))
    (tmp_path / "reviews.csv").write_text("\n".join(["text,label", *texts, ""]))

    def prepare(*train_sizes, model="nbsvm"):
        suite = Suite(
            name="small",
            data={"name": str(tmp_path / "reviews.csv"), "valid_size": 20, "test_size": 20},
            grid=[{"models": [model], "losses": ["ce"], "train_sizes": train_sizes}],
        )
        return prepare_run(suite, Choices(), Runtime, tmp_path / "out", ["python", "-m", "benchmarks", "run"])

    return prepare


def test_a_suite_s_size_that_the_data_does_not_have_is_said_and_becomes_all(prepared):
    run = prepared(50, 2_000)
    assert [spec.train_size for spec in run.specs] == [50, 60]
    (said,) = (value for key, value in run.dataset.provenance.items() if "do not reach" in key)
    assert said == "2,000 (there are 60 rows)"


def test_two_samples_of_one_size_are_refused(prepared):
    """Eight texts in proportion and four of each class would have one name in every table."""
    assert [spec.per_class for spec in prepared("4/class", 10).specs] == [4, None]
    with pytest.raises(UsageError, match="4/class is 8 texts, and 8 are asked for as well"):
        prepared("4/class", 8)


def test_sizes_that_the_data_has_need_no_word(prepared):
    assert not any("do not reach" in key for key in prepared(50, "all").dataset.provenance)


def test_a_second_run_in_a_process_has_the_code_of_then(tmp_path, monkeypatch, prepared, forgetful):
    """In a notebook, where a module beside a plug-in is edited between two runs."""
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "a_plugin.py").write_text(f"import edited_between_runs\n{PLUGIN}")
    add_plugin(tmp_path / "a_plugin.py")
    versions = []
    for width in (1, 2):
        (tmp_path / "edited_between_runs.py").write_text(f"WIDTH = {width}\n")
        (spec,) = prepared(50, model="word_counts").specs
        versions.append(spec.code_version)
    assert versions[0] != versions[1]


class Failing:
    """An executor whose cells fail at once."""

    def __init__(self, store):
        self.store = store

    def run(self, specs, progress):
        for spec in specs:
            result = CellResult(spec=spec, status="failed")
            self.store.write_result(result)
            yield result


def ceilings_after(run, *readings):
    """What is kept of a run whose device shows these (operations, bytes) a second, one reading after the other."""
    shown = iter(readings)

    def measure(specs):
        flops, copied = next(shown)
        return [
            Ceiling(device="cpu", precision="fp32", flop_per_second=flops, size=int(flops), bytes_per_second=copied)
        ]

    execute([run], Failing(run.store), Console(file=io.StringIO()), measure=measure)
    assert next(shown, None) is None
    (kept,) = run.store.read_run()["ceilings"]
    return kept["flop_per_second"], kept["size"], kept["bytes_per_second"]


def test_of_the_ceilings_before_and_after_the_cells_the_better_is_kept(prepared):
    assert ceilings_after(prepared(50), (100.0, 9.0), (150.0, 7.0)) == (150.0, 150, 9.0)
    assert ceilings_after(prepared(50), (200.0, 3.0), (150.0, 7.0)) == (200.0, 200, 7.0)


def test_after_an_end_was_asked_for_in_the_last_cell_nothing_more_is_measured(prepared, monkeypatch):
    run, measured = prepared(50), []
    asked = nullcontext(lambda: run.store.read_result(run.specs[0].id) is not None)
    monkeypatch.setattr("benchmarks.runs.sweep.interruptible", lambda notice: asked)
    monkeypatch.setattr("benchmarks.runs.run.measure_engines", lambda *given: measured.append("engines"))
    outcomes = execute(
        [run],
        Failing(run.store),
        Console(file=io.StringIO()),
        measure=lambda specs: measured.append("ceiling") or [],
    )
    assert (outcomes.stopped, measured) == (True, ["ceiling"])  # that before the cells


def test_the_command_is_kept_with_its_paths_ready_to_be_pasted(prepared):
    run = prepared(50)
    execute([run], Failing(run.store), Console(file=io.StringIO()))
    kept = (run.store.folder / "command.sh").read_text()
    assert kept == f"cd {shlex.quote(str(Path.cwd()))} && {shlex.join(run.command)}\n"


def test_whoever_wants_to_know_is_told_of_each_cell_that_ended(prepared):
    run, counted = prepared(50, "all"), []
    execute([run], Failing(run.store), Console(file=io.StringIO()), finished=lambda *told: counted.append(told))
    assert counted == [(run.store.folder, 1), (run.store.folder, 2)]
