"""The report that a run leaves after each cell, and the one at its end."""

import io
import re

from rich.console import Console

from benchmarks.commands.live_report import LiveReport
from benchmarks.commands.report import write_reports


def test_after_a_cell_the_report_says_how_far_the_run_is_and_at_its_end_no_more(write_results, tmp_path):
    write_results(tmp_path, seeds=(1,), missing=[("distilbert", "ce"), ("distilbert", "length_weighted_ce")])
    said = []
    LiveReport({tmp_path: 6}, said.append)(tmp_path, 4)
    assert said == []
    assert re.search(r"\*\*4 of 6 cells at \d\d:\d\d on .*\*\*, so far", (tmp_path / "report.md").read_text())
    assert "| tfidf_logreg, ce " in (tmp_path / "report.md").read_text()
    assert 'http-equiv="refresh"' in (tmp_path / "report.html").read_text()
    assert [path.name for path in (tmp_path / "figures").iterdir()] == ["front-1.svg"]
    write_reports(tmp_path, Console(file=io.StringIO()))
    for name in ("report.md", "report.html"):
        text = (tmp_path / name).read_text()
        assert "so far" not in text
        assert "refresh" not in text
    assert len(list((tmp_path / "figures").iterdir())) > 10


def test_a_live_report_without_any_good_cell_is_a_report(write_results, tmp_path):
    write_results(tmp_path, {("lstm", "ce"): 0.8}, seeds=(1,), failed={("lstm", "ce"): ("timeout", "too long")})
    said = []
    LiveReport({tmp_path: 2}, said.append)(tmp_path, 1)
    assert said == []
    assert "No cell ended ok" in (tmp_path / "report.md").read_text()
