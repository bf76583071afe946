"""The figures in the pages' tables and sentences are those of the published runs.

A section that quotes a run links to its `published/<run>/report.md`; the run's `cells.csv` lies beside that report.
"""

import json
import math
import re
from dataclasses import dataclass
from itertools import product

import pandas as pd
import pytest
from statsmodels.stats.proportion import proportion_confint

from benchmarks.hardware.origin import CHECKOUT
from benchmarks.peers import PEERS
from benchmarks.schema.performance import PeerRow
from benchmarks.store.performance import PEERS_FILE, read_rows
from reports.analysis.contest_ratio import ratio_interval
from reports.render.performance import NOTES_FILE, write_performance
from tests.reports.page_tables import page_tables

PUBLISHED = CHECKOUT / "published"
README, RESULTS, EXAMPLES = (CHECKOUT / page for page in ("README.md", "docs/results.md", "docs/how-to/add-a-model.md"))
REPORT = re.compile(r"published/(?P<run>\w+)/report\.md")
RANGE = re.compile(r"[+−]?\d+\.\d\d to [+−]?\d+\.\d\d|between [+−]\d+\.\d\d and [+−]\d+\.\d\d")


@dataclass(frozen=True)
class Section:
    """A part of a page under one heading.

    Attributes:
        text: all of it.
        run: the published run that it quotes.
        rows: the rows of its first table, header -> cell.
    """

    text: str
    run: str
    rows: tuple[dict[str, str], ...]

    @property
    def every_size(self):
        """The run's cells; models by name alone, as older reports do."""
        cells = pd.read_csv(PUBLISHED / self.run / "cells.csv")
        return cells.assign(label=cells["model"].map(plain_label))

    @property
    def cells(self):
        """The run's cells of the training size that the text names, or of the largest."""
        cells = self.every_size
        sizes = {int(size.replace(",", "")) for size in re.findall(r"([\d,]+) (?:for )?training", self.text)}
        named = sizes & set(cells["train_size"])
        return cells[cells["train_size"] == (max(named) if named else cells["train_size"].max())]

    @property
    def report(self):
        """The run's report, with one space between words."""
        return " ".join((PUBLISHED / self.run / "report.md").read_text(encoding="utf-8").split())


def plain_label(label):
    """`distilbert[minilm] (truncation=head)` -> `distilbert (truncation=head)`."""
    return re.sub(r"\[\w+\]", "", label.strip("`"))


def sections(page):
    """The sections of a page that have a table and link to a published report."""
    found = []
    for text in re.split(r"^#+ ", page.read_text(encoding="utf-8"), flags=re.MULTILINE):
        lines = re.findall(r"^\| ?(.*?) ?\|$", text, re.MULTILINE)
        link = REPORT.search(text)
        if link and len(lines) > 2:
            header, _, *rows = (line.split(" | ") for line in lines)
            found.append(Section(text, link["run"], tuple(dict(zip(header, row, strict=True)) for row in rows)))
    return found


def number(text):
    return float(text.split()[0].replace(",", "").replace("−", "-"))


QUOTED = [*sections(README), *sections(RESULTS), *sections(EXAMPLES)]
ROWS = [(section, row) for section in QUOTED for row in section.rows]


def test_the_pages_quote_these_runs():
    quoted = ["imdb", "repeats", "truncation", "crossing", "quick", "contenders", "fewshot"]
    assert [section.run for section in sections(RESULTS)] == quoted
    assert len(sections(README)) == len(sections(EXAMPLES)) == 1


@pytest.mark.parametrize("section", [*sections(RESULTS), *sections(EXAMPLES)], ids=lambda section: section.run)
def test_a_table_has_a_row_for_each_model(section):
    assert sorted(plain_label(row["model"]) for row in section.rows) == sorted(set(section.cells["label"]))


def test_the_first_table_shows_the_best_the_cheapest_and_a_cascade():
    (section,) = sections(README)
    shown = {plain_label(row["model"]) for row in section.rows}
    accuracy = section.cells.groupby("label")["accuracy"].mean()
    assert shown <= set(accuracy.index)
    assert {accuracy.idxmax(), section.cells.groupby("label")["fit_seconds"].median().idxmin()} <= shown
    assert any("->" in label for label in shown)


ACCURACY = re.compile(r"accuracy.*?(?:, (?P<size>[\d,]+) texts)?(?:, `(?P<loss>\w+)`)?$")
RATES = {
    "training (samples/s)": ("training_rate", 1),
    "text → label (reviews/s)": ("text_to_label_rate", 1),
    "labelling (texts/s)": ("text_to_label_rate", 1),
    "one review, p50 (ms)": ("single_seconds_p50", 1000),
}


@pytest.mark.parametrize(("section", "row"), ROWS, ids=lambda part: getattr(part, "run", None) or part["model"])
def test_a_row_is_what_the_cells_say(section, row):
    own = section.cells[section.cells["label"] == plain_label(row["model"])]
    for header, quoted in row.items():
        if header == "model":
            continue
        if accuracy := ACCURACY.match(header):
            values = own[own["loss"] == (accuracy["loss"] or "ce")]["accuracy"]
            if accuracy["size"]:
                cells = section.every_size[section.every_size["label"] == plain_label(row["model"])]
                values = cells[cells["train_size"] == int(accuracy["size"].replace(",", ""))]["accuracy"]
            if quoted == "–":
                assert values.empty
            else:
                assert number(quoted) == pytest.approx(100 * values.mean(), abs=0.05)
                assert quoted in section.report
        elif header.startswith("fit"):
            assert number(quoted) == pytest.approx(own[own["loss"] == "ce"]["fit_seconds"].median(), rel=0.006)
        elif header == "text → label, `ce` (reviews/s)":
            rate = own[own["loss"] == "ce"]["text_to_label_rate"].median()
            assert number(quoted) == pytest.approx(rate, rel=0.006)
        else:  # medians over the readings of all losses together
            column, factor = RATES[header]
            if quoted == "–":
                assert own[column].isna().all()
            else:
                assert factor * own[column].min() * 0.99 <= number(quoted) <= factor * own[column].max() * 1.01


def unsigned(text):
    return re.sub(r"[+−]", "", text)


@pytest.mark.parametrize("section", [*sections(README), *sections(RESULTS)], ids=lambda section: section.run)
def test_every_interval_of_the_sentences_is_in_a_report(section):
    """Ends of intervals, in the order of the report or turned round."""
    links = {link["run"] for link in REPORT.finditer(section.text)}
    reports = " ".join(unsigned((PUBLISHED / run / "report.md").read_text(encoding="utf-8")) for run in links)
    found = RANGE.findall(" ".join(section.text.split()))
    assert found
    for quoted in found:
        low, high = re.findall(r"\d+\.\d\d", quoted)
        assert any(f"{a} {word} {b}" in reports for a, b in ((low, high), (high, low)) for word in ("to", "and")), (
            quoted
        )


def one_digit(value):
    """Rounded to one significant digit."""
    power = 10 ** math.floor(math.log10(value))
    return round(value / power) * power


@pytest.mark.parametrize("page", [README, RESULTS], ids=lambda page: page.name)
def test_the_range_of_training_times_spans_every_published_fit(page):
    """Of `distilbert` over `nbsvm` on the 25,000 / 25,000 split; the runs of a group are of one machine."""
    quoted = re.search(r"(\d+) to (\d+) times", " ".join(page.read_text(encoding="utf-8").split()))
    ratios = []
    for runs in (("imdb", "repeats"), ("truncation",)):
        cells = pd.concat([pd.read_csv(PUBLISHED / run / "cells.csv") for run in runs])
        cells = cells[(cells["loss"] == "ce") & (cells["train_size"] > 20_000)]
        costly = cells[cells["model_name"] == "distilbert"]["fit_seconds"]
        cheap = cells[cells["model_name"] == "nbsvm"]["fit_seconds"]
        ratios += [one / other for one, other in product(costly, cheap)]
    assert (int(quoted[1]), int(quoted[2])) == (one_digit(min(ratios)), one_digit(max(ratios)))


def test_the_page_of_speed_is_what_was_measured(tmp_path):
    """If not, write it again: `write_performance(Path("published/performance"), Path("PERFORMANCE.md"))`."""
    folder = tmp_path / "published" / "performance"
    folder.mkdir(parents=True)
    for file in (PUBLISHED / "performance").glob("*.*"):
        (folder / file.name).write_bytes(file.read_bytes())
    page = write_performance(folder, tmp_path / "PERFORMANCE.md")
    assert (CHECKOUT / "PERFORMANCE.md").read_text(encoding="utf-8") == page.read_text(encoding="utf-8")


CONTESTS = read_rows(PUBLISHED / "performance" / PEERS_FILE, PeerRow)


def contests(peer, ours):
    """The contests of a peer with one of our models."""
    return [row for row in CONTESTS if (row.peer, row.name) == (peer, ours)]


NOTES = " ".join((PUBLISHED / "performance" / NOTES_FILE).read_text(encoding="utf-8").split())


def test_both_sides_of_every_contest_have_learnt_and_three_readings():
    assert {row.status for row in CONTESTS} == {"ok"}
    assert {(len(row.seconds), len(row.peer_seconds)) for row in CONTESTS} == {(3, 3)}
    assert {row.peer for row in CONTESTS} == set(PEERS)


@pytest.mark.parametrize(
    ("peer", "said"),
    [("sorted_loop", "transformers' network takes {} % longer"), ("onnxruntime", "ONNX Runtime, in fp32, {} %")],
)
def test_the_ratios_of_the_notes_are_what_was_measured(peer, said):
    (row,) = contests(peer, "distilbert")
    assert said.format(round(100 * (row.ratio - 1))) in NOTES


def test_openvino_and_ours_are_not_shown_to_differ():
    (row,) = contests("openvino", "distilbert")
    low, high = ratio_interval(row.seconds, row.peer_seconds)
    assert f"take {row.ratio:.2f} times our time ({low:.2f} to {high:.2f})" in NOTES
    assert low < 1 < high


def test_the_accuracies_of_the_notes_are_what_was_measured():
    (row,) = contests("tuned_trainer", "distilbert")
    ours, theirs = (f"{100 * accuracy:.1f} %" for accuracy in (row.accuracy, row.peer_accuracy))
    assert f"ours {ours}, the tuned `Trainer`'s {theirs} of {row.test_size:,} test reviews" in NOTES
    difference, discordant = row.accuracy - row.peer_accuracy, 1 - row.agreement
    margin = 1.96 * math.sqrt((discordant - difference**2) / row.test_size)
    low, high = (100 * (difference + sign * margin) for sign in (-1, 1))
    assert f"+{100 * difference:.1f} points (95 % interval −{-low:.1f} to +{high:.1f})" in NOTES
    (padded,) = contests("padded_lstm", "lstm")
    assert f"`lstm` has {100 * padded.accuracy:.0f} % and the padded loop {100 * padded.peer_accuracy:.0f} %" in NOTES


ENGINES_PAGE = (PUBLISHED / "engines" / "report.md").read_text(encoding="utf-8")
ENGINES_SAID = " ".join(RESULTS.read_text(encoding="utf-8").partition("- [Engines]")[2].partition("\n- ")[0].split())


def rows_of_engines(column):
    """The rows of the first table of the published engines that has this column."""
    return next(table for table in page_tables(ENGINES_PAGE) if column in table).to_dict("records")


@pytest.mark.parametrize(
    ("model", "engine", "said"),
    [
        ("distilbert", "torch", "`distilbert` torch labels {} texts/s"),
        ("distilbert", "openvino_bf16", "OpenVINO in bf16 labels {}, {}"),
        ("distilbert", "torch_compile", "torch.compile labels {} after"),
        ("distilbert", "onnxruntime", "ONNX Runtime in fp32 {}; all are exact"),
        ("distilbert", "openvino_int8", "In int8 OpenVINO labels {}, {}, and changes"),
        ("distilbert", "onnxruntime_int8", "classes of 2,500; ONNX Runtime {}, and"),
        ("lstm", "torch", "With `lstm` torch labels {} texts/s"),
        ("lstm", "torch_compile", "torch.compile {}, {}"),
        ("lstm", "openvino_bf16", "OpenVINO in bf16 {}, ONNX"),
        ("lstm", "onnxruntime", "ONNX Runtime in fp32 {}. Intervals"),
    ],
)
def test_the_figures_of_an_engine_are_the_published_ones(model, engine, said):
    table = rows_of_engines("times torch")
    (row,) = (row for row in table if row["engine"] == engine and row["model"].startswith(model))
    times = row["times torch"].replace(" (", " times torch's rate (")
    assert said.format(row["text → label (texts/s)"], times) in ENGINES_SAID


def test_what_is_said_of_exact_and_faster_engines_is_published():
    table = [row for row in rows_of_engines("times torch") if row["model"].startswith("distilbert")]
    by_engine = {row["engine"]: row for row in table}
    assert {by_engine[name]["verdict"] for name in ("torch", "openvino_bf16", "torch_compile", "onnxruntime")} == {
        "exact"
    }
    low, high = map(float, re.findall(r"[\d.]+", by_engine["openvino_bf16"]["times torch"])[1:])
    assert low < 1 < high
    changed = [2_500 - number(by_engine[name]["same class"]) for name in ("openvino_int8", "onnxruntime_int8")]
    assert f"changes {changed[0]:.0f} classes of 2,500" in ENGINES_SAID
    assert f"and {changed[1]:.0f}. With" in ENGINES_SAID
    assert f"after {number(by_engine['torch_compile']['of it load (s)']):.0f} s of compiling" in ENGINES_SAID


@pytest.mark.parametrize(
    ("cell", "said"),
    [("distilbert", "in OpenVINO in bf16 keeps the 99th percentile below {limit} ms up to {rate} texts/s"),
     ("lstm", "in ONNX Runtime in int8 below {limit} ms up to {rate} texts/s")],
)  # fmt: skip
def test_the_rates_under_load_are_the_published_ones(cell, said):
    (row,) = (row for row in rows_of_engines("limit of p99 (ms)") if row["cell"].startswith(f"{cell}-"))
    rate, limit = row["highest rate within it (texts/s)"], row["limit of p99 (ms)"]
    assert said.format(limit=limit, rate=rate) in ENGINES_SAID


GPU_RUNS = PUBLISHED / "gpu"
GPU_PAGE = (CHECKOUT / "docs" / "how-to" / "use-a-gpu.md").read_text(encoding="utf-8")
QUICK_ROW = re.compile(r"^\| `(?P<model>\w+)(?:\[\w+\])?` on the [CG]PU \| (?P<cells>.*) \|$", re.MULTILINE)
IMDB_ROW = re.compile(r"^\| `(?P<model>\w+)(?:\[\w+\])?`, IMDB on an H100 \| (?P<cells>.*) \|$", re.MULTILINE)


def finished(model):
    """Loss -> what the log says at the end of the model's cell."""
    events = map(json.loads, (GPU_RUNS / "imdb-gpu.jsonl").read_text().splitlines())
    return {e["loss"]: e for e in events if e["event"] == "cell_ended" and e["model"] == model}


def test_every_model_of_the_quick_suite_has_a_row_of_a_gpu():
    assert len(QUICK_ROW.findall(GPU_PAGE)) == 5
    assert len(IMDB_ROW.findall(GPU_PAGE)) == 3


@pytest.mark.parametrize("row", QUICK_ROW.finditer(GPU_PAGE), ids=lambda row: row["model"])
def test_a_row_of_the_gpu_page_is_what_the_run_printed(row):
    lines = [line.split() for line in (GPU_RUNS / "quick.txt").read_text().splitlines()]
    own = [line for line in lines if line and line[0] == row["model"] and "2,000" in line]
    printed = {word for line in own for word in line}
    assert len(own) >= 2  # accuracy, throughput
    for figure in row["cells"].replace(" | ", " ").split():
        assert figure in printed


@pytest.mark.parametrize("row", IMDB_ROW.finditer(GPU_PAGE), ids=lambda row: row["model"])
def test_a_row_of_imdb_on_the_gpu_page_is_what_the_log_says(row):
    *accuracies, fit = row["cells"].split(" | ")
    ended = finished(row["model"])
    assert ended["ce"]["outcome"].endswith(f"fit in {fit} s")
    for loss, quoted in zip(("ce", "length_weighted_ce"), accuracies, strict=True):
        accuracy = ended[loss]["metrics"]["accuracy"]
        low, high = proportion_confint(round(25_000 * accuracy), 25_000, method="wilson")
        assert quoted == f"{100 * accuracy:.1f} ({100 * low:.1f}–{100 * high:.1f})"


@pytest.mark.parametrize("report", sorted(PUBLISHED.glob("*/report.md")), ids=lambda path: path.parent.name)
def test_a_report_with_the_wording_of_earlier_code_says_so(report):
    text = report.read_text(encoding="utf-8")
    _, note, *rest = text.split("\n\n")
    if re.search("cannot be told apart|no effect larger than", "".join(rest)):
        assert note.startswith("> Made on ")
        assert "mean unsettled" in " ".join(note.replace(">", " ").split())
