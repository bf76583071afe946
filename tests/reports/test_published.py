"""The figures in the README's tables, and in docs/gpu.md, are those of the published runs."""

import json
import re

import pandas as pd
import pytest
from statsmodels.stats.proportion import proportion_confint

from benchmarks.hardware.origin import CHECKOUT
from benchmarks.schema.performance import PeerRow
from benchmarks.store.performance import PEERS_FILE, read_rows
from reports.formats import significant

ROW = re.compile(r"^\| `(?P<model>[^`]+)`(?P<mark>, IMDB(?: again)?)? \| (?P<cells>[^a-z]*) \|$", re.MULTILINE)
README = (CHECKOUT / "README.md").read_text()
ROWS = list(ROW.finditer(README))
RUNS = {None: "crossing", ", IMDB": "imdb", ", IMDB again": "truncation"}


def number(text):
    return float(text.split()[0].replace(",", ""))


def run_of(mark):
    """The cells of the run that a row with this mark quotes, of all its training texts."""
    cells = pd.read_csv(CHECKOUT / "published" / RUNS[mark] / "cells.csv")
    return cells[cells["train_size"] == cells["train_size"].max()]


@pytest.mark.parametrize("mark", RUNS)
def test_the_readme_has_a_row_for_each_model(mark):
    assert sorted(row["model"] for row in ROWS if row["mark"] == mark) == sorted(set(run_of(mark)["model"]))


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["model"] + (row["mark"] or ""))
def test_a_row_of_the_readme_is_what_the_cells_say(row):
    cells = run_of(row["mark"])
    own = cells[cells["model"] == row["model"]]
    ce, weighted, fit, *rates = row["cells"].split(" | ")
    for loss, quoted in (("ce", ce), ("length_weighted_ce", weighted)):
        accuracies = own[own["loss"] == loss]["accuracy"]
        if quoted == "–":
            assert accuracies.empty
        else:
            assert number(quoted) == pytest.approx(100 * accuracies.mean(), abs=0.05)
    assert number(fit) == pytest.approx(own[own["loss"] == "ce"]["fit_seconds"].median(), rel=0.006)
    # rates and latencies are medians over the readings of both losses together
    columns = {"text_to_label_rate": 1} if row["mark"] else {
        "training_rate": 1, "text_to_label_rate": 1, "single_seconds_p50": 1000,
    }  # fmt: skip
    for quoted, (column, factor) in zip(rates, columns.items(), strict=True):
        if quoted == "–":
            assert own[column].isna().all()
        else:
            assert factor * own[column].min() * 0.99 <= number(quoted) <= factor * own[column].max() * 1.01


CONTEST = re.compile(r"^\| `(?P<peer>\w+)` \| `(?P<ours>\w+)`, .* \| (?P<ratio>[\d.]+) \|$", re.MULTILINE)
CONTESTS = list(CONTEST.finditer(README))
EPYC = "AMD EPYC (avx2, avx512_bf16, avx512f)"


def contests():
    """(peer, ours, processor) -> what was measured."""
    rows = read_rows(CHECKOUT / "published" / "performance" / PEERS_FILE, PeerRow)
    return {(row.peer, row.name, row.processor): row for row in rows}


def test_the_readme_has_contests():
    assert len(CONTESTS) == 7


@pytest.mark.parametrize("quoted", CONTESTS, ids=lambda row: f"{row['ours']} {row['peer']}")
def test_a_contest_of_the_readme_is_what_was_measured(quoted):
    row = contests()[quoted["peer"], quoted["ours"], EPYC]
    assert quoted["ratio"] == significant(row.ratio)
    assert row.precision == ("fp32" if quoted["ours"] in ("nbsvm", "tfidf_logreg") else "bf16")


def test_the_readme_s_span_of_ratios_in_fp32_is_what_was_measured():
    networks = {(row["peer"], row["ours"]) for row in CONTESTS if row["ours"] in ("distilbert", "lstm")}
    rows = [row for key, row in contests().items() if key[:2] in networks and row.processor.startswith("Intel")]
    assert {row.precision for row in rows} == {"fp32"}
    ratios = [row.ratio for row in rows]
    assert f"they are {min(ratios):.1f} to {max(ratios):.1f} times as fast" in README


def test_the_accuracies_that_the_readme_sets_beside_the_ratios_are_what_was_measured():
    readme = " ".join(README.split())
    trainer, pipeline = (contests()[peer, "distilbert", EPYC] for peer in ("trainer", "pipeline"))
    assert f"on {trainer.train_size:,} reviews the `Trainer` came to {100 * trainer.peer_accuracy:.1f} % of " in readme
    assert f"{trainer.test_size:,} test reviews, ours to {100 * trainer.accuracy:.1f} %;" in readme
    assert pipeline.agreement == 1


GPU_RUNS = CHECKOUT / "published" / "gpu"
GPU_PAGE = (CHECKOUT / "docs" / "gpu.md").read_text()
QUICK_ROW = re.compile(r"^\| `(?P<model>\w+)` on the [CG]PU \| (?P<cells>.*) \|$", re.MULTILINE)
IMDB_ROW = re.compile(r"^\| `(?P<model>\w+)`, IMDB on an H100 \| (?P<cells>.*) \|$", re.MULTILINE)


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
