"""The HTML report: whole, inert, the same bytes for the same results; and alive in a browser."""

import json
import re
import shutil
import subprocess
from html.parser import HTMLParser

import pytest

from reports.render.html import sort_key, table, write_html
from reports.render.markdown import TEMPLATES


class Page(HTMLParser):
    """Tags, attributes and text."""

    def __init__(self, content):
        super().__init__()
        self.tags, self.attributes, self.text = [], [], []
        self.feed(content)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += [(tag, *pair) for pair in attrs]

    def handle_data(self, data):
        self.text.append(data)


@pytest.fixture(scope="module")
def report(tmp_path_factory, write_results):
    folder = tmp_path_factory.mktemp("results")
    write_results(folder)
    return write_html(folder)


def test_every_section_is_there(report):
    text = " ".join(Page(report.read_text()).text)
    for heading in (
        "In short", "Accuracy", "Against the cheapest and the best", "All pairs (exploratory)", "What it costs",
        "Does another loss", "Most confidently wrong", "Audits", "What was run", "How to read it",
    ):  # fmt: skip
        assert heading in text


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
    page = Page(write_html(tmp_path).read_text())
    assert page.tags.count("script") == 1
    assert not [name for _, name, _ in page.attributes if name.startswith("on") or name == "style"]
    assert "<script>alert(1)</script>" in " ".join(page.text)  # shown, not run


def test_the_policy_allows_the_page_s_own_script_and_style_only(report):
    content = report.read_text()
    assert "default-src 'none'" in content
    assert "unsafe" not in re.search(r'Content-Security-Policy" content="([^"]*)"', content)[1]


@pytest.mark.parametrize(
    ("text", "number"),
    [("84.2 (82.0–86.1)", 84.2), ("−1.50 (−3.69 to +0.69)", -1.5), ("12,300", 12300), ("< 0.001", 0.001), ("2=", 2)],
)
def test_cells_sort_by_the_number_they_begin_with(text, number):
    assert sort_key(text) == number


@pytest.mark.parametrize("text", ["lstm", "–", "", "unsettled"])
def test_other_cells_sort_as_text(text):
    assert sort_key(text) is None


def test_an_empty_table_is_a_dash():
    import pandas as pd

    assert "–" in table(pd.DataFrame(), "nothing")


PROBE = """
const wait = new Promise((done) => window.addEventListener("load", done));
wait.then(() => {
  const head = [...document.querySelectorAll("#accuracy th button")].find((b) => b.textContent === "ce: accuracy %");
  const column = [...head.closest("tr").cells].indexOf(head.closest("th"));
  const read = () => [...head.closest("table").tBodies[0].rows].map((row) => row.cells[column].textContent);
  const seen = {errors: window.__errors, before: read()};
  head.click(); seen.once = read(); seen.sorted = head.closest("th").getAttribute("aria-sort");
  head.click(); seen.twice = read();
  document.title = JSON.stringify(seen);
});
"""


def test_a_browser_sorts_a_table_without_any_error(tmp_path, write_results, monkeypatch):
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if chromium is None:
        pytest.skip("there is no Chromium here")
    # A probe joins the page's own script, so that the policy names its hash as it does the script's.
    templates = tmp_path / "templates"
    shutil.copytree(TEMPLATES, templates)
    script = templates / "report.js"
    listen = (
        "window.__errors = [];\n"
        "window.addEventListener('error', (e) => window.__errors.push(String(e.message)));\n"
        "document.addEventListener('securitypolicyviolation', (e) => window.__errors.push(e.violatedDirective));\n"
    )
    script.write_text(script.read_text().replace('"use strict";', f'"use strict";\n{listen}', 1) + PROBE)
    monkeypatch.setattr("reports.render.html.TEMPLATES", templates)
    write_results(tmp_path)
    page = write_html(tmp_path)
    picture = tmp_path / "report.png"
    arguments = [chromium, "--headless", "--no-sandbox", "--disable-gpu", "--virtual-time-budget=5000"]
    dumped = subprocess.run(
        [*arguments, "--enable-logging=stderr", "--dump-dom", page.as_uri()],
        capture_output=True, text=True, timeout=120, check=True,
    )  # fmt: skip
    seen = json.loads(re.search(r"<title>(.*?)</title>", dumped.stdout)[1].replace("&amp;", "&"))
    assert seen["errors"] == []
    assert "CONSOLE" not in dumped.stderr
    assert seen["sorted"] == "descending"
    numbers = [float(text.split()[0]) for text in seen["once"]]
    assert numbers == sorted(numbers, reverse=True)
    assert seen["twice"] == seen["once"][::-1]
    assert sorted(seen["before"]) == sorted(seen["once"])
    subprocess.run(
        [*arguments, f"--screenshot={picture}", "--window-size=1280,2000", page.as_uri()],
        capture_output=True, timeout=120, check=True,
    )  # fmt: skip
    assert picture.stat().st_size > 20_000
