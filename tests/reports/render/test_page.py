"""The HTML report in a browser: what is seen at first, on a phone, in the dark, by keyboard, on paper; and its rule."""

import json
import re
from itertools import product

import pytest
from chromium import CHROMIUM, browser

from reports.analysis.price import Terms
from reports.analysis.recommendation import Question, recommend
from reports.analysis.results import read_results
from reports.render import recommendation_words as words
from reports.render.html import write_html

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium here")

CE = {
    ("tfidf_logreg", "ce"): 0.88,
    ("nbsvm", "ce"): 0.896,
    ("lstm", "ce"): 0.83,
    ("distilbert", "ce"): 0.9,
    ("guessing", "ce"): 0.4,
}


@pytest.fixture(scope="module")
def report(tmp_path_factory, write_results):
    folder = tmp_path_factory.mktemp("results")
    store = write_results(folder, CE, test_rows=4_000, model_noise=0.3)
    for number, cell in enumerate(store.results()):
        for measured in cell.measurements:
            if measured.phase == "text_to_label":
                measured.seconds = [seconds * (1 + number) for seconds in measured.seconds]
        store.write_result(cell)
    return write_html(folder)


@pytest.fixture(scope="module")
def chromium(tmp_path_factory):
    with browser(tmp_path_factory.mktemp("profile")) as one:
        yield one


@pytest.fixture
def page(chromium, report):
    chromium.errors.clear()
    chromium.open(report)
    yield chromium
    assert chromium.errors == []


def bottom(page, selector):
    return page.value(f"document.querySelector({json.dumps(selector)}).getBoundingClientRect().bottom")


def test_the_first_screen_holds_decision_table_and_front(page):
    for selector in ("#decision", "#terms", "#candidates", ".first figure svg"):
        assert 0 < bottom(page, selector) <= 800, selector
    assert page.value("document.documentElement.scrollWidth <= innerWidth")
    assert page.value("document.querySelector('#candidates').offsetWidth <= "
                      "document.querySelector('#candidates').parentElement.clientWidth")  # fmt: skip
    assert page.value("[...document.querySelectorAll('details')].every((one) => !one.open)")


def test_a_first_screen_of_eight_rows_with_long_names(chromium, tmp_path, write_results):
    shares = {(model, loss): 0.8 for model in ("distilbert", "lstm", "tfidf_logreg", "distilbert_mlp", "nbsvm")
              for loss in ("ce", "length_weighted_ce")}  # fmt: skip
    write_results(tmp_path, shares, seeds=(1,))
    chromium.open(write_html(tmp_path))
    assert chromium.value("[...document.querySelectorAll('#candidates tbody tr')].filter((r) => !r.hidden).length") == 8
    assert bottom(chromium, "#candidates") <= 800
    assert bottom(chromium, ".first figure svg") <= 800


SET = """
(() => {
  for (const [id, value] of Object.entries(VALUES)) document.getElementById(id).value = value;
  document.getElementById("terms").dispatchEvent(new Event("input"));
  const rows = [...document.querySelectorAll("#candidates tbody tr")];
  return {
    decision: document.getElementById("decision").textContent,
    verdicts: rows.map((row) => row.cells[row.cells.length - 1].textContent),
    months: rows.map((row) => row.cells[row.cells.length - 2].textContent),
    hidden: rows.filter((row) => row.hidden).length,
  };
})()
"""


def ask(page, **values):
    return page.value(SET.replace("VALUES", json.dumps(values)))


def test_the_page_decides_as_python_does(page, report):
    results = read_results(report.parent)
    at_default = recommend([results], Question())
    ends = {abs(end) for one in at_default.candidates for end in one.judged.behind}
    tolerances = sorted({f"{100 * end * factor:.9g}" for end in ends for factor in (0.999, 1, 1.001)} | {
        "0", "0.125", "0.5", "1", "2.375", "100"
    })  # fmt: skip
    decisions = set()
    for tolerance, price, texts in product(tolerances, ("", "0.37", "12"), ("0", "1000000", "250000000")):
        terms = Terms(price_per_hour=float(price) if price else None, texts_per_month=float(texts))
        found = recommend_at(results, at_default, Question(tolerance=float(tolerance) / 100, terms=terms))
        shown = ask(page, tolerance=tolerance, price=price, texts=texts)
        assert shown["decision"] == words.decision(found), (tolerance, price, texts)
        assert shown["verdicts"] == [words.verdict(one, found) for one in found.candidates]
        assert shown["months"] == [words.monthly(one, found).split()[0] for one in found.candidates]
        decisions.add(shown["decision"])
    assert len({re.split(":| to be", one)[0] for one in decisions}) >= 3  # several candidates, and undecided


@pytest.mark.parametrize("metric", ["log_loss", "cost"])
def test_the_page_decides_in_the_unit_of_the_metric(chromium, tmp_path, write_results, metric):
    store = write_results(tmp_path, CE, test_rows=4_000, model_noise=0.3)
    store.write_run(store.read_run() | {"metric": metric, "costs": [[0.0, 1.0], [5.0, 0.0]]})
    chromium.open(write_html(tmp_path))
    unit = {"log_loss": "nats", "cost": "cost"}[metric]
    label = chromium.value("document.querySelector('#terms label').textContent").strip()
    assert label == f"Tolerance ({unit})"
    results = read_results(tmp_path)
    at_default = recommend([results], Question(metric))
    assert chromium.value("document.getElementById('decision').textContent") == words.decision(at_default)
    ends = {abs(end) for one in at_default.candidates for end in one.judged.behind}
    decisions = set()
    for tolerance in sorted(
        {f"{end * factor:.9g}" for end in ends for factor in (0.999, 1.001)} | {"0", "0.0625", "9"}
    ):
        found = recommend_at(results, at_default, Question(metric, tolerance=float(tolerance)))
        shown = ask(chromium, tolerance=tolerance)
        assert shown["decision"] == words.decision(found), tolerance
        assert shown["verdicts"] == [words.verdict(one, found) for one in found.candidates]
        decisions.add(shown["decision"])
    assert len(decisions) >= 3


def recommend_at(results, known, question):
    """`recommend`; the comparisons, which do not depend on the question, are those already known."""
    from dataclasses import replace

    from reports.analysis.decision import decided
    from reports.analysis.price import price
    from reports.analysis.requirements import fit_seconds, throughput

    candidates = tuple(
        replace(
            one,
            judged=replace(one.judged, standing=decided(one.judged.behind, question.tolerated)),
            price=price(
                fit_seconds(one.configuration.cells).value,
                throughput(one.configuration.cells).value,
                one.error_rate,
                question.terms,
            ),
        )
        for one in known.candidates
    )
    return replace(known, question=question, candidates=candidates)


def test_known_comparisons_decide_as_new_ones(report):
    results = read_results(report.parent)
    question = Question(tolerance=0.02, terms=Terms(price_per_hour=0.5, texts_per_month=5e6))
    known = recommend_at(results, recommend([results], Question()), question)
    new = recommend([results], question)
    assert words.decision(known) == words.decision(new)
    assert [one.judged.standing for one in known.candidates] == [one.judged.standing for one in new.candidates]


def test_what_is_no_number_changes_nothing(page):
    before = ask(page, tolerance="2")
    assert ask(page, tolerance="-1") == before
    assert ask(page, tolerance="") == before
    assert page.value("document.getElementById('tolerance').matches(':invalid')")


def test_the_tolerance_is_moved_by_keyboard(page):
    before = page.value("document.getElementById('decision').textContent")
    while page.value("document.activeElement.id") != "tolerance":
        page.press("Tab")
    page.press("ArrowUp", "ArrowUp", "ArrowUp")
    assert page.value("document.getElementById('tolerance').value") == "4"
    assert page.value("document.getElementById('decision').textContent") != before


def test_every_section_opens_by_keyboard(page):
    opened = []
    for _ in range(200):
        page.press("Tab")
        if page.value("document.activeElement.matches('.section > summary')"):
            page.press("Enter")
            opened.append(page.value("document.activeElement.parentElement.open && document.activeElement.textContent"))
        if len(opened) == 6:
            break
    assert len(opened) == 6
    assert all(opened)


def test_a_link_opens_its_section(page):
    page.value("void (location.hash = '#trust')")
    assert page.value("new Promise((d) => setTimeout(() => d(document.getElementById('trust').open), 50))")


def test_a_click_sorts_a_table(page):
    read = "[...document.querySelectorAll('#candidates tbody tr')].map((row) => row.cells[1].textContent)"
    head = "document.querySelectorAll('#candidates th button')[1]"
    before = page.value(read)
    page.value(f"{head}.click()")
    falling = [float(text.split()[0]) for text in page.value(read)]
    assert falling == sorted(falling, reverse=True)
    assert page.value(f"{head}.closest('th').getAttribute('aria-sort')") == "descending"
    page.value(f"{head}.click()")
    assert page.value(read) == page.value(read)
    assert sorted(page.value(read)) == sorted(before)
    assert [float(text.split()[0]) for text in page.value(read)] == falling[::-1]


OPEN = "document.querySelectorAll('details').forEach((one) => { one.open = true; })"

CUT = """
[...document.querySelectorAll("body *")].filter((one) => {
  const box = one.getBoundingClientRect();
  const scrolls = one.closest(".scroll, svg, .skip, .caption-hidden, #candidates thead");
  return box.width && !scrolls && (box.right > innerWidth + 0.5 || box.left < -0.5);
}).map((one) => one.outerHTML.slice(0, 80))
"""


@pytest.mark.parametrize("width", [390, 768, 1280])
def test_nothing_is_cut_on_any_screen(chromium, report, width):
    chromium.open(report, width=width, height=844)
    chromium.value(OPEN)
    assert chromium.value("document.documentElement.scrollWidth <= innerWidth")
    assert chromium.value(CUT) == []
    figures = chromium.value("[...document.querySelectorAll('figure')].map((one) => one.offsetWidth)")
    assert min(figures) >= min(width - 60, 380)


def test_a_phone_shows_the_first_table_as_lists(chromium, report):
    chromium.open(report, width=390, height=844)
    table = "document.querySelector('#candidates')"
    assert chromium.value(f"{table}.scrollWidth <= {table}.parentElement.clientWidth")
    assert (
        chromium.value(f"getComputedStyle({table}.tBodies[0].rows[0].cells[1], '::before').content") == '"accuracy %"'
    )


def contrast(first, second):
    """Of two colours, by WCAG 2."""

    def luminance(colour):
        parts = [int(part) / 255 for part in re.findall(r"\d+", colour)[:3]]
        linear = [part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    high, low = sorted((luminance(first), luminance(second)), reverse=True)
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("dark", [False, True])
def test_text_stands_out_in_light_and_in_dark(chromium, report, dark):
    chromium.open(report, dark=dark)
    paper = chromium.value("getComputedStyle(document.body).backgroundColor")
    assert (contrast(paper, "rgb(0,0,0)") < 3) == dark
    colours = chromium.value(
        "[...document.querySelectorAll('p, td, th, summary, h1, label, input, svg text')].map((one) => "
        "one instanceof SVGElement ? getComputedStyle(one).fill : getComputedStyle(one).color)"
    )
    assert min(contrast(colour, paper) for colour in set(colours)) >= 4.5


def test_paper_shows_every_section(chromium, report):
    chromium.open(report, media="print")
    chromium.value("window.dispatchEvent(new Event('beforeprint'))")
    hidden = (
        "[...document.querySelectorAll('details table, details p, details pre')].filter((one) => !one.offsetHeight)"
    )
    assert chromium.value(f"{hidden}.length") == 0
    assert chromium.value("getComputedStyle(document.getElementById('terms')).display") == "none"
    chromium.value("window.dispatchEvent(new Event('afterprint'))")
    assert chromium.value("[...document.querySelectorAll('details')].every((one) => !one.open)")


def test_hostile_names_run_nothing(chromium, tmp_path, write_results):
    write_results(tmp_path, hostile=True)
    chromium.errors.clear()
    chromium.open(write_html(tmp_path))
    assert "<script>alert(1)</script>" in ask(chromium, tolerance="5")["decision"]
    assert chromium.errors == []
