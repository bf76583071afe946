"""The HTML report: whole, inert, the same bytes for the same results."""

import json
import re
from datetime import UTC, datetime
from html.parser import HTMLParser

import pandas as pd
import pytest

from reports.analysis.results import read_results
from reports.analysis.run_analysis import analyse
from reports.figures.draw import first_figures
from reports.render.html import _cell, sort_key, table, write_html
from reports.render.progress import Progress

MOMENT = datetime(2026, 11, 2, 9, 5, tzinfo=UTC)

VOID = {"meta", "link", "input", "br"}


class Page(HTMLParser):
    """Tags, attributes, text, and the text of each element that has an id."""

    def __init__(self, content):
        super().__init__()
        self.tags, self.attributes, self.text, self.open, self.ids = [], [], [], [], {}
        self.feed(content)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += [(tag, *pair) for pair in attrs]
        if tag not in VOID:
            self.open.append((tag, dict(attrs).get("id")))

    def handle_endtag(self, tag):
        while self.open and self.open.pop()[0] != tag:
            pass

    def handle_data(self, data):
        if not {"script", "style"} & {tag for tag, _ in self.open}:
            self.text.append(data)
        for _, name in self.open:
            if name:
                self.ids[name] = self.ids.get(name, "") + data


@pytest.fixture(scope="module")
def report(tmp_path_factory, write_results):
    folder = tmp_path_factory.mktemp("results")
    write_results(folder)
    return write_html(folder)


SECTIONS = {
    "difference": "Is the difference real?",
    "cost": "What does it cost?",
    "loss": "Does the loss matter?",
    "trust": "How far can I trust this run?",
    "mistakes": "What are its mistakes?",
    "repeat": "What was run, and how do I repeat it?",
}


def test_the_sections_are_the_reader_s_questions_and_closed(report):
    content = report.read_text()
    found = re.findall(r'<details class="section" id="(\w+)">\n<summary><h2>(.*?)</h2>', content)
    assert dict(found) == SECTIONS
    assert list(dict(found)) == list(SECTIONS)
    assert not re.search(r"<details[^>]* open", content)


def test_at_most_120_words_stand_before_the_first_table(report):
    before = report.read_text().split("<body>")[1].split("<table")[0]
    assert len(" ".join(Page(before).text).split()) <= 120


def test_the_first_table_has_at_most_eight_rows(tmp_path, write_results):
    shares = {(f"model_{number}", "ce"): 0.7 + 0.01 * number for number in range(12)}
    write_results(tmp_path, shares, seeds=(1,))
    content = write_html(tmp_path).read_text()
    rows = re.findall(r'<tr data-number="(\d+)" class="(\w+)"( hidden)?>', content)
    assert [int(number) for number, _, _ in rows] == list(range(12))
    assert sum(not hidden for *_, hidden in rows) == 8
    assert "Show all 12 candidates" in content
    assert "Show all" not in write_html_of(tmp_path / "few", write_results)


def write_html_of(folder, write_results):
    write_results(folder)
    return write_html(folder).read_text()


def test_the_heading_is_the_data_s_name(tmp_path, write_results):
    store = write_results(tmp_path)
    run = store.read_run()
    named = "reviews.csv (label stars, map 1,2=bad;4,5=good)"
    store.write_run(run | {"dataset": run["dataset"] | {"name": named}})
    content = write_html(tmp_path).read_text()
    assert "<h1>reviews.csv</h1>" in content
    assert named in Page(content).ids["repeat"]


def test_no_backtick_no_empty_heading_and_no_stray_dash(report):
    content = report.read_text()
    page = Page(content)
    assert "`" not in " ".join(page.text)
    assert "<p>–</p>" not in content
    assert not re.search(r"</h3>\s*(<h3|</details>)", content)
    assert "Training, epoch by epoch" not in content  # nothing was trained by epochs


def test_texts_are_not_called_reviews(report):
    assert "review" not in " ".join(Page(report.read_text()).text).lower()


def test_every_parameter_and_precision_of_a_row_is_shown(tmp_path, write_results):
    store = write_results(tmp_path, model_params={"lstm": [{"epochs": 4, "dropout": 0.25}]}, seeds=(1,))
    for cell in store.results():
        if cell.spec.model == "lstm":
            cell.fit |= {"history": [{"epoch": n, "train_loss": 0.5, "valid_loss": 0.5} for n in (1, 2, 3)]}
            cell.fit |= {"selected": 1}
            store.write_result(cell)
    shown = Page(write_html(tmp_path).read_text()).ids["repeat"]
    for said in ("epochs=4, dropout=0.25", "c=10.0, ngrams=2", "alpha=1.0, cap=512", "3 (kept: 2)", "bf16", "fp32"):
        assert said in shown


def test_the_intervals_are_in_the_page(report):
    data = json.loads(Page(report.read_text()).ids["data"])
    found = analyse(read_results(report.parent)).recommendation
    assert [one["name"] for one in data["candidates"]] == [one.name for one in found.candidates]
    assert [one["behind"] for one in data["candidates"]] == [list(one.judged.behind) for one in found.candidates]
    assert data["tolerance"] == 0.01


def test_the_same_results_give_the_same_bytes(report):
    before = report.read_bytes()
    assert write_html(report.parent).read_bytes() == before


def test_it_needs_nothing_else(report):
    page = Page(report.read_text())
    assert not {"iframe", "object", "embed", "img"} & set(page.tags)
    for tag, name, value in page.attributes:
        if name in {"src", "href", "xlink:href", "action"}:
            assert value.startswith(("#", "data:")), (tag, name, value)
    assert "@import" not in report.read_text()


def test_texts_from_data_and_users_are_inert(tmp_path, write_results):
    write_results(tmp_path, hostile=True)
    content = write_html(tmp_path).read_text()
    page = Page(content)
    assert page.tags.count("script") == 2  # the data, and the page's own
    assert not [name for _, name, _ in page.attributes if name.startswith("on") or name == "style"]
    assert "<script>alert(1)</script>" in " ".join(page.text)  # shown, not run
    assert "<script>alert" not in page.ids["data"]
    assert any("<script>alert(1)" in one["name"] for one in json.loads(page.ids["data"])["candidates"])


def test_the_policy_allows_the_page_s_own_script_and_style_only(report):
    content = report.read_text()
    assert "default-src 'none'" in content
    assert "unsafe" not in re.search(r'Content-Security-Policy" content="([^"]*)"', content)[1]


def test_only_the_report_of_a_run_that_goes_on_loads_itself_again(tmp_path, write_results):
    write_results(tmp_path, missing=[("lstm", "ce")])
    analysis = analyse(read_results(tmp_path))
    live = write_html(tmp_path, analysis, first_figures(analysis), Progress(7, 16, MOMENT)).read_text()
    assert "7 of 16 cells at 09:05 on 2026-11-02 (UTC), so far" in live
    assert 'http-equiv="refresh"' in live
    ended = write_html(tmp_path).read_text()
    assert "so far" not in ended
    assert "refresh" not in ended


def test_nothing_that_ended_ok_is_still_a_page(tmp_path, write_results):
    write_results(tmp_path, {("lstm", "ce"): 0.8}, missing=[("lstm", "ce")])
    assert "No cell ended ok: there is nothing to decide." in write_html(tmp_path).read_text()


@pytest.mark.parametrize(
    ("text", "number"),
    [("84.2 (82.0–86.1)", 84.2), ("−1.50 (−3.69 to +0.69)", -1.5), ("12,300", 12300), ("< 0.001", 0.001), ("2=", 2)],
)
def test_cells_sort_by_the_number_they_begin_with(text, number):
    assert sort_key(text) == number


@pytest.mark.parametrize("text", ["lstm", "–", "", "unsettled"])
def test_other_cells_sort_as_text(text):
    assert sort_key(text) is None


def test_a_name_may_break_before_its_weights_and_its_second_stage():
    assert _cell("frozen_encoder[minilm]") == "<td>frozen_encoder<wbr>[minilm]</td>"
    assert _cell("nbsvm->lstm") == '<td>nbsvm<wbr><span class="arrow">-&gt;</span>lstm</td>'
    assert _cell("40.4 [one process]") == '<td class="number" data-sort="40.4">40.4 <span>[one process]</span></td>'
    assert _cell("<b>[x]") == "<td>&lt;b&gt;<wbr>[x]</td>"
    assert _cell("nbsvm, 21,401 texts,ce") == "<td>nbsvm, 21,401 texts,<wbr>ce</td>"


def test_an_empty_table_is_nothing():
    assert table(pd.DataFrame(), "nothing") == ""
