import csv
import io
import re
import time
from datetime import UTC, datetime
from urllib.parse import unquote

import pandas as pd
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from rich.console import Console

from benchmarks.commands.report import write_reports
from benchmarks.redaction import FORMULA_STARTS
from benchmarks.store.results import Store, StoreError
from reports import formats
from reports.render.markdown import escape, table, write_cells_csv, write_markdown
from reports.render.progress import Progress

parser = MarkdownIt("commonmark").enable(["table", "strikethrough"])


def shown(markdown):
    """The text a reader sees, of every inline token; a link, an image or HTML would be a token of another type."""
    inline = [child for token in parser.parse(markdown) if token.type == "inline" for child in token.children]
    assert {child.type for child in inline} <= {"text"}
    return "".join(child.content for child in inline)


@given(st.text(st.characters(exclude_categories=("Cs",)) | st.sampled_from("\\`*_[]()<>|~$&!#\n;"), max_size=30))
@example("<script>alert(1)</script>")
@example("a|b\\|c\\\\|d")
@example("\\<")
@example("&lt;b&gt; &amp;amp;")
@example("![x](http://example.org/x.png) [y](javascript:1) <http://example.org>")
@settings(max_examples=300, deadline=None)
def test_any_text_shows_as_it_is(text):
    rendered = table(pd.DataFrame({"column": [f"x {text} x"], "next": ["cell"]}))
    assert shown(str(rendered)) == "columnnext" + formats.plain(f"x {text} x") + "cell"


def test_names_with_underscores_stay_readable():
    assert escape("tfidf_logreg < 0.001") == "tfidf_logreg < 0.001"


QUESTIONS = [
    "Is the difference real?",
    "What does it cost?",
    "Does the loss matter?",
    "How far can I trust this run?",
    "What are its mistakes?",
    "What was run, and how do I repeat it?",
]


def test_the_order_is_that_of_the_page_with_few_tables_before_the_details(write_results, tmp_path):
    write_results(tmp_path, train_sizes=(500, 2000))
    report = write_markdown(tmp_path).read_text(encoding="utf-8")
    above, details = report.split("\n## Details\n")
    assert re.findall(r"^## (.*)$", above, re.MULTILINE) == QUESTIONS
    assert [one for one in QUESTIONS if one in re.findall(r"^### (.*)$", details, re.MULTILINE)] == [
        one for one in QUESTIONS if f"### {one}" in details
    ]
    assert 1 <= len(re.findall(r"^\|:?-", above, re.MULTILINE)) <= 3
    assert len(above.split("\n| ")[0].split()) <= 120


def test_no_table_is_empty_and_no_heading_has_nothing_below(write_results, tmp_path):
    write_results(tmp_path, {("lstm", "ce"): 0.8}, seeds=(1,))
    report = write_markdown(tmp_path).read_text(encoding="utf-8")
    assert not re.search(r"^–$", report, re.MULTILINE)
    assert not re.search(r"^#+ .*\n+#{1,4} (?!#)", report.split("## Details")[0], re.MULTILINE)
    assert not re.search(r"^#### .*\n+#", report, re.MULTILINE)


def test_a_running_run_says_how_far_it_is(write_results, tmp_path):
    write_results(tmp_path)
    progress = Progress(7, 16, datetime(2026, 11, 2, 9, 5, tzinfo=UTC))
    shown = write_markdown(tmp_path, progress=progress).read_text()
    assert "**7 of 16 cells at 09:05 on 2026-11-02 (UTC)**, so far." in shown
    assert "so far" not in write_markdown(tmp_path).read_text()


def test_the_report_says_which_trainings_were_interrupted(write_results, tmp_path):
    store = write_results(tmp_path, seeds=(1,))
    said = "went on from a checkpoint: 1."
    assert said not in write_markdown(tmp_path).read_text(encoding="utf-8")
    result = next(store.results())
    result.fit_parts = [1.0, 2.0]
    store.write_result(result)
    assert said in write_markdown(tmp_path).read_text(encoding="utf-8")


def test_the_report_says_what_was_run(write_results, tmp_path):
    write_results(tmp_path, train_sizes=(500, 2000))
    path = write_markdown(tmp_path)
    report = path.read_text(encoding="utf-8")
    assert path == tmp_path / "report.md"
    for said in (
        "# imdb-packaged",
        "36 of 36 planned cells ended ok.",
        "origin: a made-up file",
        "Weights of distilbert: minilm",
        "Device: cpu",
        "Test CPU (avx2), 2 cores, 2 threads used, 8.6 GB memory; Linux 6.1",
        "84.0 (81.6–86.1)",
        "The verdicts rest on",
        "#### All other pairs (exploratory)",
        "nsettled for these training rows, over seeds",
        "    python -m benchmarks run --dataset imdb-packaged",
        "torch 2.13.0",
        "ab" * 32,
    ):
        assert said in report


def test_the_report_says_how_many_devices_shared_a_training(write_results, tmp_path):
    said = "4 devices share a training"
    write_results(tmp_path / "one")
    assert said not in write_markdown(tmp_path / "one").read_text(encoding="utf-8")
    write_results(tmp_path / "four", devices=4)
    report = write_markdown(tmp_path / "four").read_text(encoding="utf-8")
    assert said in report
    assert "lstm (devices=4)" in report


def test_failures_audits_and_strangers_are_announced_at_the_top(write_results, tmp_path):
    store = write_results(tmp_path, failed={("lstm", "ce"): ("timeout", "took longer than 10 s")})
    store.write_run(store.read_run() | {"planned": store.read_run()["planned"][:-1]})
    result = next(store.results())
    store.write_result(result.model_copy(update={"environment": {"processor": "another"}}))
    report = write_markdown(tmp_path).read_text()
    top = report.split("| candidate")[0]
    assert "Before you rely on a figure: audits failed (truncation); cells ran in different environments." in top
    assert "14 of 17 planned cells ended ok; the others are listed below." in report
    assert "Audits that failed and raise an alarm: truncation in 8 of 14 cells." in report
    assert "not all run in the same environment" in report
    assert "Left out: 1 result in the folder that this run does not plan" in report


def test_every_failed_cell_is_listed(write_results, tmp_path):
    write_results(tmp_path, failed={("lstm", "ce"): ("timeout", "longer than 10 s")}, missing=[("distilbert", "ce")])
    section = write_markdown(tmp_path).read_text().split("#### Cells that did not end ok")[1].split("##")[0]
    assert section.count("| timeout ") == section.count("| not run ") == 3
    assert "longer than 10 s" in section


def test_hostile_texts_stay_texts(write_results, tmp_path, hostile_text):
    write_results(tmp_path, hostile=True, failed={("lstm", "ce"): ("failed", "")})
    report = write_markdown(tmp_path).read_text(encoding="utf-8")
    assert "<script" not in report.split("## What was run, and how do I repeat it?")[0]
    assert "\x1b" not in report
    tokens = parser.parse(report)
    links = [t for token in tokens for t in token.children or [] if t.type in {"link_open", "image", "html_inline"}]
    assert [link.attrs["href"] for link in links] == ["#how-far-can-i-trust-this-run"]
    assert not [token for token in tokens if token.type == "html_block"]
    headings = [tokens[i + 1] for i, token in enumerate(tokens) if token.type == "heading_open"]
    assert shown(headings[0].content) == formats.plain(hostile_text)
    (block,) = [token for token in tokens if token.type == "code_block"]
    assert "<script>" in block.content


def images(page):
    tokens = [child for token in parser.parse(page.read_text(encoding="utf-8")) for child in token.children or []]
    return [unquote(token.attrs["src"]) for token in tokens if token.type == "image"]


def test_a_page_elsewhere_shows_the_figures_beside_the_other_files(write_results, tmp_path):
    write_results(tmp_path / "run", hostile=True)
    before = sorted(tmp_path.joinpath("run").rglob("*"))
    out, page = tmp_path / "published" / "a run", tmp_path / "RESULTS.md"
    write_reports(tmp_path / "run", Console(file=io.StringIO()), None, out, page)
    assert sorted(tmp_path.joinpath("run").rglob("*")) == before
    assert {path.name for path in out.iterdir()} == {"cells.csv", "classes.csv", "report.html", "figures"}
    shown_figures = images(page)
    assert len(shown_figures) >= 10
    assert all(source.startswith("published/a run/figures/") for source in shown_figures)
    assert all((tmp_path / source).is_file() for source in shown_figures)


def test_a_report_shows_its_figures(write_results, tmp_path):
    write_results(tmp_path)
    write_reports(tmp_path, Console(file=io.StringIO()))
    report = tmp_path / "report.md"
    assert all((tmp_path / source).is_file() for source in images(report))
    kinds = {source.split("/")[1].rsplit("-", 1)[0] for source in images(report)}
    assert kinds == {"front", "training-cost", "reliability", "risk-coverage", "lengths", "inference-cost"}


def test_the_same_results_give_the_same_bytes(write_results, tmp_path):
    write_results(tmp_path, leaked=3)
    first = [write_markdown(tmp_path).read_bytes(), write_cells_csv(tmp_path).read_bytes()]
    assert [write_markdown(tmp_path).read_bytes(), write_cells_csv(tmp_path).read_bytes()] == first
    write_results(tmp_path / "again", leaked=3)
    assert write_markdown(tmp_path / "again").read_bytes() == first[0]


def test_nothing_that_ended_ok_is_still_a_report(write_results, tmp_path):
    write_results(tmp_path, {("lstm", "ce"): 0.8}, missing=[("lstm", "ce")])
    report = write_markdown(tmp_path).read_text()
    assert "0 of 3 planned cells ended ok" in report
    assert "No cell ended ok: there is nothing to decide." in report
    assert "nan" not in report.lower().split()


def test_an_empty_plan_is_still_a_report(tmp_path, write_results):
    store = write_results(tmp_path, {("lstm", "ce"): 0.8}, missing=[("lstm", "ce")])
    store.write_run(store.read_run() | {"planned": []})
    assert "0 of 0 planned cells ended ok" in write_markdown(tmp_path).read_text()
    assert write_cells_csv(tmp_path).read_text().startswith("cell,model,loss")


def test_one_model_has_nobody_to_tie_with(write_results, tmp_path):
    write_results(tmp_path, {("lstm", "ce"): 0.8})
    report = write_markdown(tmp_path).read_text()
    assert "There are no two models to compare." in report
    assert "nan" not in report


@pytest.mark.parametrize("write", [write_markdown, write_cells_csv])
def test_a_folder_without_results_is_an_error(write, tmp_path):
    with pytest.raises(StoreError, match="no results in"):
        write(tmp_path)


def test_a_spreadsheet_takes_no_text_for_a_formula(write_results, tmp_path, hostile_text):
    write_results(tmp_path, hostile=True, failed={("lstm", "ce"): ("failed", "")})
    with write_cells_csv(tmp_path).open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 18
    assert {row["dataset"] for row in rows} == {"'" + formats.plain(hostile_text)}
    assert not [value for row in rows for value in row.values() if value.startswith(FORMULA_STARTS)]


def test_a_negative_number_stays_a_number(write_results, tmp_path):
    store: Store = write_results(tmp_path, {("lstm", "ce"): 0.8}, seeds=(1,))
    result = next(store.results())
    store.write_result(result.model_copy(update={"metrics": result.metrics | {"log_loss": -0.5}}))
    assert pd.read_csv(write_cells_csv(tmp_path))["log_loss"].tolist() == [-0.5]


def test_whole_numbers_stay_whole(write_results, tmp_path):
    write_results(tmp_path, seeds=(1,), missing=[("lstm", "ce")])
    frame = pd.read_csv(write_cells_csv(tmp_path), dtype=str)
    assert set(frame["test_size"].dropna()) == {"1000"}
    assert set(frame["parameters"].dropna()) == {"12345"}


def test_a_report_of_many_predictions_is_quick(write_results, tmp_path):
    """Ten cells of 10,000 predictions; a hundred of 25,000 take 1.5 s on two cores."""
    write_results(tmp_path, test_rows=10_000, seeds=(1, 2))
    start = time.perf_counter()
    write_markdown(tmp_path)
    assert time.perf_counter() - start < 8
