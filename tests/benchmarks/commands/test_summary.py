"""The end of a run: what failed, in red, and an exit status that agrees with it."""

import io

import pytest
from rich.console import Console
from rich.text import Text

from benchmarks.commands.exit_status import ExitStatus
from benchmarks.commands.summary import MOST_LINES, print_summary
from benchmarks.schema.audits import Audit
from benchmarks.schema.result import CellResult
from reports.analysis.results import Results

WIDTH = 160
RED, GREEN = "\x1b[31m", "\x1b[32m"


def unwrapped(output):
    """The text of an output without colours and line breaks."""
    return " ".join(Text.from_ansi(output).plain.split())


@pytest.fixture
def summary(tmp_path):
    def summary(cells, planned=None, chosen=None):
        planned = [cell.spec.id for cell in cells] if planned is None else planned
        results = Results(tmp_path, {"planned": planned}, tuple(cells), (), 0)
        console = Console(file=io.StringIO(), width=WIDTH, force_terminal=True, color_system="standard")
        status = print_summary(console, results, chosen)
        assert max(len(Text.from_ansi(line)) for line in console.file.getvalue().splitlines()) <= WIDTH
        return status, console.file.getvalue()

    return summary


def test_good_cells_are_counted_in_green(summary, make_spec):
    status, output = summary([CellResult(spec=make_spec(), status="ok")])
    assert (status, output) == (ExitStatus.OK, f"{GREEN}1 of 1 cell ended ok\x1b[0m\n")


def test_a_failed_cell_is_red_with_its_log(summary, make_spec, tmp_path):
    spec = make_spec(seed=2)
    log = tmp_path / "cells" / spec.id / "log.txt"
    log.parent.mkdir(parents=True)
    log.write_text("traceback")
    failed = CellResult(spec=spec, status="failed", reason="ValueError: no\x1b[2J good [red]")
    status, output = summary([CellResult(spec=make_spec(), status="ok"), failed])
    assert status == ExitStatus.INCOMPLETE
    assert f"failed: {spec.id}: ValueError: no [2J good [red]; log: {log}" in unwrapped(output)
    assert output.startswith(RED)
    assert f"{RED}1 of 2 cells ended ok" in output


def test_audits_that_failed_are_red_unless_acknowledged(summary, make_spec):
    def cell(seed, **fields):
        audits = [Audit(name="leaks", passed=False, reason="3 rows", **fields), Audit(name="x", passed=True, reason="")]
        return CellResult(spec=make_spec(seed=seed), status="ok", audits=audits)

    status, output = summary([cell(1), cell(2)])
    assert status == ExitStatus.OK  # the cells have ended well; their audits are the report's matter
    assert f"{RED}audit failed: leaks: 3 rows" in output
    assert "and in 1 other cell" in unwrapped(output)
    assert "leaks" not in summary([cell(1, acknowledged="known"), cell(2, severity="note")])[1]


def test_only_the_cells_of_this_command_decide(summary, make_spec):
    good, bad = CellResult(spec=make_spec(), status="ok"), CellResult(spec=make_spec(seed=2), status="timeout")
    assert summary([good, bad], chosen=[good.spec.id])[0] == ExitStatus.OK
    assert summary([good, bad])[0] == ExitStatus.INCOMPLETE


def test_a_cell_without_a_result_is_named(summary, make_spec):
    missing = make_spec(seed=3).id
    status, output = summary([], planned=[missing])
    assert (status, f"{RED}no result: {missing}" in output) == (ExitStatus.INCOMPLETE, True)


def test_a_long_list_is_cut(summary, make_spec):
    cells = [CellResult(spec=make_spec(seed=seed), status="crashed") for seed in range(MOST_LINES + 5)]
    output = summary(cells)[1]
    assert output.count("crashed: ") == MOST_LINES
    assert "and 5 more" in output
