"""Published reports follow from the `cells.csv` beside them; the check that says so finds any changed figure."""

import io
import re
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pytest
from rich.console import Console
from scipy.stats import gmean

from benchmarks.commands.report import write_reports
from benchmarks.hardware.origin import CHECKOUT
from reports.render.accuracy_tables import MAJORITY, STRATIFIED
from tests.reports.page_tables import page_tables

NUMBER = re.compile(r"[-+−]?\d[\d,]*(?:\.\d+)?")
INTERVAL = re.compile(r"\((?P<low>[-+−]?[\d.,]+)(?:–| to )(?P<high>[-+−]?[\d.,]+)\)")

MEANS = {
    "accuracy on all rows": ("accuracy", 100),
    "accuracy without leaked rows": ("accuracy_without_leaks", 100),
    "calibration error, ECE % (debiased)": ("calibration_error_debiased", 100),
    "macro-F1": ("macro_f1", 100),
    "log loss (nats)": ("log_loss", 1),
    "calibration error (ECE)": ("expected_calibration_error", 100),
    "ECE % (debiased): own": ("calibration_error_debiased", 100),
    "Brier score: own": ("brier_score", 1),
    "log loss (nats): own": ("log_loss", 1),
    "Brier score": ("brier_score", 1),
    "texts cut": ("texts_cut", 100),
    "tokens never read": ("tokens_cut", 100),
}
"""Columns that show the mean over seeds: the column of `cells.csv`, and its unit."""

BETWEEN = {
    "training (samples/s)": ("training_rate", 1),
    "text → label (texts/s)": ("text_to_label_rate", 1),
    "encoded → scores (texts/s)": ("encoded_to_scores_rate", 1),
    "one text p50 (ms)": ("single_seconds_p50", 1000),
    "p95 (ms)": ("single_seconds_p95", 1000),
    "p99 (ms)": ("single_seconds_p99", 1000),
    "training (tokens/s)": ("training_tokens_rate", 1),
    "training: padding efficiency": ("training_padding_efficiency", 100),
    "training (GFLOP/s)": ("training_flop_rate", 1e-9),
    "training: share of the ceiling": ("training_share_of_ceiling", 100),
    "scoring (tokens/s)": ("scoring_tokens_rate", 1),
    "scoring: padding efficiency": ("scoring_padding_efficiency", 100),
    "scoring (GFLOP/s)": ("scoring_flop_rate", 1e-9),
    "scoring: share of the ceiling": ("scoring_share_of_ceiling", 100),
    "peak memory, host (MB)": ("host_bytes", 1e-6),
    "of it before the cell (MB)": ("host_start_bytes", 1e-6),
    "peak memory, device (MB)": ("device_bytes", 1e-6),
    "parameters": ("parameters", 1),
    "saved model (MB)": ("model_bytes", 1e-6),
}
"""Columns that show a median over the raw readings of several cells: it lies between the cells' own medians."""

LEAKS_LEFT_OUT = "Accuracies, verdicts and effects leave them out."

PERCENTILE_SLACK = 0.02
"""High percentiles of all readings are interpolated between others than those of a cell's."""

ALONE = re.compile(r"its accuracy less that of .+ alone is between .+ points")
"""What a cascade gains on its last stage, which no table shows."""

BUCKETS = ("shortest", "bucket 2", "bucket 3", "longest")

NO_FIGURES_OF_CELLS = re.compile(
    r"model|training texts|device|precision|seeds|loss|first|second|better|energy .*|buckets end at \(words\)|.*rank"
    r"|interval covers|trainings|against the cheapest|may be the best|p|first is|holds for|verdict"
    r"|(?:cells|processes) timed"
    r"|behind the best by at most \(points\)|ECE % if perfectly calibrated"
    r"|temperature|.*: calibrated|log loss gained \(nats\)"
    r"|risk-coverage area %|errors in the surest .*|automatic at .*"
    r"|epochs run|parameters of the .*"
    r"|p \(Holm\)|p of that \(Holm\)|p over seeds alone|smallest detectable"  # of earlier reports
)
"""Names, and what statistics make of the single predictions, or of all readings, which `cells.csv` has not."""

NO_TABLES_OF_CELLS = (
    "matrix product (GFLOP/s)",
    "A/A pairs",
    "status",
    "finding",
    "class",
    "taken for",
    "engine",
    "trials",
)

EARLIER = {
    "training reviews": "training texts",
    "reviews/s": "texts/s",
    "one review p50": "one text p50",
    "1,000 reviews": "1,000 texts",
}
"""Words of reports by earlier code -> those of today."""


@dataclass(frozen=True)
class Page:
    """A report in Markdown.

    Attributes:
        text: the page.
        tables: each of its tables, as texts.
    """

    text: str
    tables: tuple[pd.DataFrame, ...]


def read_page(text: str) -> Page:
    """A page and its tables; brackets in names as they show."""
    text = re.sub(r"\\([\[\]])", r"\1", text)
    for earlier, today in EARLIER.items():
        text = text.replace(earlier, today)
    return Page(text, page_tables(text))


def faults(page: Page, cells: pd.DataFrame) -> list[str]:
    """Each figure of the page's tables that does not follow from the cells, and each column that is not known here."""
    cells = cells[(cells["status"] == "ok") & (cells["role"] == "result")]
    cells = cells.assign(leaks_left_out=LEAKS_LEFT_OUT in " ".join(page.text.split()))
    found = []
    for table in page.tables:
        if any(name in table for name in NO_TABLES_OF_CELLS):
            continue
        for row in table.to_dict("records"):
            if row.get("model") in (MAJORITY, STRATIFIED):
                continue  # of the labels, which the cells' figures do not have
            check = _audit_faults if "audit" in row else _candidate_faults if "candidate" in row else _row_faults
            found += check(row, cells)
    return found + _sentence_faults(page, cells)


def _candidate_faults(row: dict[str, str], cells: pd.DataFrame) -> list[str]:
    """The first table's accuracies, costs and differences, of each model on the most training texts that it had."""
    cells = cells[cells["train_size"] == cells.groupby("model_name")["train_size"].transform("max")]
    names = cells["model"] + (
        cells["train_size"].map(", {:,} texts".format) if cells["train_size"].nunique() > 1 else ""
    )
    if cells.assign(name=names).groupby("name")["loss"].nunique().max() > 1:
        names += ", " + cells["loss"]
    means = cells.groupby(names)[["accuracy", "accuracy_without_leaks", "fit_seconds", "text_to_label_rate"]].agg(
        {"accuracy": "mean", "accuracy_without_leaks": "mean", "fit_seconds": "median", "text_to_label_rate": gmean}
    )
    own = means.loc[row["candidate"]]
    share = "accuracy_without_leaks" if cells["leaks_left_out"].any() else "accuracy"
    expected = {
        "accuracy %": (100 * own[share], 0.0),
        "difference to the best (points)": (100 * (own[share] - means[share].max()), 0.0),
        "training cost (× cheapest)": (own["fit_seconds"] / means["fit_seconds"].min(), 0.2),
        "labelling cost (× cheapest)": (means["text_to_label_rate"].max() / own["text_to_label_rate"], 0.2),
        "machine hours a month": ((own["fit_seconds"] + 1e6 / own["text_to_label_rate"]) / 3600, 0.2),
    }
    if unknown := set(row) - set(expected) - {"candidate", "price a month", "verdict"}:
        raise KeyError(unknown)
    return [
        f"{name} of {row['candidate']}: {row[name]} is not {value}"
        for name, (value, slack) in expected.items()
        if name in row
        if not _follows(row[name], (value * (1 - slack), value * (1 + slack)))
    ]


def _row_faults(row: dict[str, str], cells: pd.DataFrame) -> list[str]:
    own = cells[cells["train_size"] == number(row["training texts"])]
    if "model" in row:
        own = own[own["model"] == row["model"]]
    for name in ("device", "precision"):
        own = own[own[name] == row[name]] if name in row else own
    return [
        f"{name} of {row.get('model', row.get('first'))}, {row['training texts']}: {shown} is not in {expected}"
        for name, shown in row.items()
        if not NO_FIGURES_OF_CELLS.fullmatch(name)
        if not _follows(shown, expected := _expected(name, row, own))
    ]


def _expected(name: str, row: dict[str, str], own: pd.DataFrame) -> tuple[float, float] | None:
    """The least and the greatest that the column may show; None: the cells have nothing to show."""
    loss = own[own["loss"] == row["loss"]] if "loss" in row else own
    reference = own[own["loss"] == "ce"]
    if name.endswith(": accuracy %"):
        column = "accuracy_without_leaks" if own["leaks_left_out"].any() else "accuracy"
        return _mean(own[own["loss"] == name.removesuffix(": accuracy %")], column, 100)
    if found := re.fullmatch(r"fit, (\w+) \(s\)", name):
        seconds = own[own["loss"] == found[1]]["fit_seconds"].median()
        return None if np.isnan(seconds) else (seconds, seconds)
    if name == "first less second (points)":
        return _gain(loss[loss["model"] == row["first"]], loss[loss["model"] == row["second"]], "accuracy")
    if name == "all rows (points)":
        return _gain(loss, reference, "accuracy")
    if name.startswith("longest less shortest (points"):
        last, first = (_gain(loss, reference, f"accuracy_length_{bucket}") for bucket in (len(BUCKETS), 1))
        return (last[0] - first[0],) * 2
    if name in BUCKETS:
        column = f"accuracy_length_{BUCKETS.index(name) + 1}"
        # Each draw of the training rows has buckets of its own, the report one for all.
        if "repeat" in own and own["repeat"].nunique() > 1:
            return 100 * loss[column].min(), 100 * loss[column].max()
        return _mean(loss, column, 100) if "buckets end at (words)" in row else _gain(loss, reference, column)
    if name in MEANS:
        return _mean(loss, *MEANS[name])
    column, unit = BETWEEN[name]
    values = own[column].dropna() * unit
    slack = PERCENTILE_SLACK if name in ("p95 (ms)", "p99 (ms)") else 0.0
    return (values.min() * (1 - slack), values.max() * (1 + slack)) if len(values) else None


def _audit_faults(row: dict[str, str], cells: pd.DataFrame) -> list[str]:
    found = []
    told = [number(row[name]) for name in ("cells", "passed", "failed")]
    counts = {"failed": "audits_failed", "of these, alarms": "audits_alarming"}
    for name, column in counts.items():
        if name in row and number(row[name]) != cells[column].fillna("").str.contains(row["audit"], regex=False).sum():
            found.append(f"audit {row['audit']}: {name} {row[name]}")
    return found if told[0] == told[1] + told[2] else [*found, f"audit {row['audit']}: {told} does not add up"]


def _sentence_faults(page: Page, cells: pd.DataFrame) -> list[str]:
    """What the summary says that the tables, or the cells' seconds to fit, do not."""
    shown = {cell for table in page.tables for column in table for cell in table[column]}
    summary = ALONE.sub("", _summary(page.text))
    found = [
        f"{said} % is in no table" for said in re.findall(r"([\d.]+ \([\d.]+–[\d.]+\)) %", summary) if said not in shown
    ]
    for value, low, high in re.findall(r"([+−][\d.]+) points, 95 % interval ([+−][\d.]+) to ([+−][\d.]+)", summary):
        turned = f"{_negated(value)} ({_negated(high)} to {_negated(low)})"
        if not {f"{value} ({low} to {high})", turned} & shown:
            found.append(f"{value} ({low} to {high}) is in no table")
    for low, high in re.findall(r"between ([+−][\d.]+) and ([+−][\d.]+) points", summary):
        ends = {f"({low} to {high})", f"({_negated(high)} to {_negated(low)})"}
        if not any(shown_end in cell for cell in shown for shown_end in ends):
            found.append(f"between {low} and {high} is in no table")
    for sentence in re.findall(r"never read .* of the shortest", summary):
        found += [f"{said} is in no table" for said in re.findall(r"[\d.]+ %", sentence) if said not in shown]
    fits = cells[cells["loss"] == "ce"].groupby(["train_size", "model"])["fit_seconds"]
    for part in re.split(r"With (?=[\d,]+ training texts, .+ is the cheapest)", summary)[1:]:
        found += _fit_faults(part, {model: own for (size, model), own in fits if size == number(part)})
    return found


def _summary(text: str) -> str:
    """The sentences before the details; those of earlier reports stand under "In short"."""
    if "## In short" in text:
        return text.split("## In short")[1].split("##", maxsplit=1)[0]
    return text.split("\n## Details\n", maxsplit=1)[0]


def _fit_faults(part: str, fits: dict[str, pd.Series]) -> list[str]:
    """What the summary of one training size says of seconds to fit that the cells do not."""
    found = []
    for model, seconds in re.findall(
        r"texts, (.+?) is the cheapest(?: as measured)?: .* in ([\d.,]+) s of training", part
    ):
        if not _follows(seconds, (fits[model].median(),) * 2):
            found.append(f"{model} does not take {seconds} s")
    for model, times, cheaper in re.findall(
        r"- (.+) takes (?:about )?([\d.,]+) times .*?the training time of (.+?)(?: and| \(in doubt|\.)", part
    ):
        ratio = fits[model].median() / fits[cheaper].median()
        if not _follows(times, (ratio, ratio)):
            found.append(f"{model} takes {ratio} times the time of {cheaper}, not {times}")
    for model, low, high, counts, cheaper in re.findall(
        r"- (.+) takes ([\d.,]+) to ([\d.,]+) times \(range(.*?)\).*?the training time of (.+?)(?: \(in doubt|\.)", part
    ):
        least, most = fits[model].min() / fits[cheaper].max(), fits[model].max() / fits[cheaper].min()
        readings = [int(count) for count in re.findall(r"\d+", counts)]
        if readings and readings != [len(fits[model]), len(fits[cheaper])]:  # the cells show the median of several
            if not number(low) * 0.995 <= least <= most <= number(high) * 1.005:
                found.append(f"{model} takes {least} to {most} times the time of {cheaper}, beyond {low} to {high}")
        elif not (_follows(low, (least, least)) and _follows(high, (most, most))):
            found.append(f"{model} takes {least} to {most} times the time of {cheaper}, not {low} to {high}")
    return found


def _negated(points: str) -> str:
    return points if float(points.replace("−", "-")) == 0 else points.translate({ord("+"): "−", ord("−"): "+"})


def _mean(cells: pd.DataFrame, column: str, unit: float) -> tuple[float, float] | None:
    mean = unit * cells[column].mean()
    return None if np.isnan(mean) else (mean, mean)


def _gain(first: pd.DataFrame, second: pd.DataFrame, column: str) -> tuple[float, float]:
    gain = 100 * (first[column].mean() - second[column].mean())
    return (gain, gain)


def _follows(shown: str, expected: tuple[float, float] | None) -> bool:
    """Whether a figure, as exact as it is shown, lies where it should, and its interval around it."""
    if expected is None or not NUMBER.match(shown):
        return (expected is None and shown == "–") or shown.startswith("needs ")
    value, least = number(shown), _last_place(shown)
    interval = INTERVAL.search(shown)
    around = not interval or number(interval["low"]) - least <= value <= number(interval["high"]) + least
    return around and expected[0] - 0.51 * least <= value <= expected[1] + 0.51 * least


def number(text: str) -> float:
    """The number that a text begins with."""
    found = NUMBER.match(text)
    assert found, text
    return float(found[0].replace(",", "").replace("−", "-"))


def _last_place(text: str) -> float:
    """What one unit of the last digit is worth; quantities have three digits that count, so that 12,300 is of 100."""
    found = NUMBER.match(text)
    assert found
    digits = found[0].lstrip("+-−").replace(",", "")
    return 10.0 ** -len(digits.partition(".")[2]) if "." in digits else 10.0 ** max(0, len(digits) - 3)


PUBLISHED = {
    "published/imdb/report.md": "published/imdb",
    "published/crossing/report.md": "published/crossing",
    "published/quick/report.md": "published/quick",
    "published/contenders/report.md": "published/contenders",
    "published/tuning/report.md": "published/tuning",
    "published/tuning_encoders/report.md": "published/tuning_encoders",
    "published/truncation/report.md": "published/truncation",
    "published/examples/report.md": "published/examples",
}


@pytest.mark.parametrize(("page", "folder"), PUBLISHED.items())
def test_what_is_published_follows_from_the_cells_beside_it(page, folder):
    text = (CHECKOUT / page).read_text(encoding="utf-8")
    assert faults(read_page(text), pd.read_csv(CHECKOUT / folder / "cells.csv")) == []
    figures = re.findall(r"^!\[.*\]\((.*)\)$", text, re.MULTILINE)
    assert figures
    assert all((CHECKOUT / page).parent.joinpath(figure).is_file() for figure in figures)


@pytest.fixture(scope="module")
def report(write_results, tmp_path_factory):
    folder = tmp_path_factory.mktemp("run")
    write_results(folder, train_sizes=(500, 2000), leaked=3)
    write_reports(folder, Console(file=io.StringIO()))
    return (folder / "report.md").read_text(encoding="utf-8"), pd.read_csv(folder / "cells.csv")


def test_a_report_that_was_just_made_follows_from_its_cells(report):
    text, cells = report
    assert faults(read_page(text), cells) == []


def test_every_changed_figure_is_found(report):
    text, cells = report
    page = read_page(text)
    changed = 0
    for table in page.tables:
        if any(name in table for name in NO_TABLES_OF_CELLS):
            continue
        for name in table:
            if not NUMBER.match(table[name].iloc[0]) or NO_FIGURES_OF_CELLS.fullmatch(name):
                continue
            kept = table[name].iloc[0]
            table.loc[0, name] = re.sub(r"\d", lambda digit: str((int(digit[0]) + 5) % 10), kept, count=1)
            assert faults(page, cells), f"{name}: {kept} became {table.loc[0, name]}"
            table.loc[0, name] = kept
            changed += 1
    assert changed > 20
    assert faults(page, cells) == []


IN_SENTENCES = (
    r"takes \d",
    r"takes [\d.]+ to \d",
    r"cheapest as measured: \d",
    r"% in \d",
    r"between [+−]\d",
    r"between [+−][\d.]+ and [+−]\d",
    r"\(\d(?=[\d.]+–[\d.]+\) %)",
)


@pytest.mark.parametrize("said", IN_SENTENCES)
def test_every_changed_figure_of_the_summary_is_found(report, said):
    text, cells = report
    summary, details = text.split("\n## Details\n")
    changed, times = re.subn(
        rf"({said})", lambda found: f"{found[0][:-1]}{(int(found[0][-1]) + 5) % 10}", summary, count=1
    )
    assert times
    assert faults(read_page(f"{changed}\n## Details\n{details}"), cells)


def test_a_column_nobody_checks_is_an_error(report):
    text, cells = report
    page = read_page(text)
    page.tables[0]["new (s)"] = "1.0"
    with pytest.raises(KeyError):
        faults(page, cells)
