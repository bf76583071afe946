"""Exit statuses of the gate: it never passes on nothing."""

import sys

import pytest

from benchmarks.cli import main
from benchmarks.store.results import RUN_KEYS, Store, StoreError


@pytest.fixture
def compared(tmp_path, monkeypatch, capsys):
    """Compare two folders, of which each is a run or missing: exit status, output and errors."""

    def compared(*arguments, comparison=None, problems=(), missing=()):
        def compare_runs(base, new, match):
            if isinstance(comparison, Exception):
                raise comparison
            return comparison

        monkeypatch.setattr("reports.analysis.run_comparison.compare_runs", compare_runs)
        monkeypatch.setattr("reports.render.compare.render", lambda *_, wide: "a wide table\n" if wide else "a table\n")
        monkeypatch.setattr("reports.render.compare.problems", lambda *_: list(problems))
        for name in {"base", "new"} - set(missing):
            (tmp_path / name).mkdir(exist_ok=True)
            Store(tmp_path / name).write_run(dict.fromkeys(RUN_KEYS, "toy") | {"planned": [], "dataset": {}})
        folders = [str(tmp_path / name) for name in ("base", "new")]
        monkeypatch.setattr(sys, "argv", ["benchmarks", "compare", *folders, *arguments])
        with pytest.raises(SystemExit) as caught:
            main()
        return int(caught.value.code), *capsys.readouterr()

    return compared


def test_no_problem_passes(compared):
    assert compared() == (0, "a table\n", "")


def test_a_problem_fails_and_the_table_is_printed(compared):
    assert compared("--fail-on", "accuracy:1pp", problems=["a loss"])[:2] == (1, "a table\n")


def test_the_wide_table_is_printed_on_demand(compared):
    assert compared("--wide", "--match", "exact") == (0, "a wide table\n", "")
    status, _, errors = compared("--match", "nearly")
    assert (status, "'model', 'exact'" in errors) == (2, True)


def test_runs_that_do_not_compare_fail(compared):
    status, output, errors = compared(comparison=StoreError("the runs are of different data"))
    assert (status, output, errors) == (1, "", "error: nothing was compared: the runs are of different data\n")


@pytest.mark.parametrize("missing", ["base", "new"])
def test_a_folder_without_a_run_is_wrong_usage(compared, missing):
    status, _, errors = compared(missing=[missing])
    assert (status, "no results in" in errors) == (2, True)
