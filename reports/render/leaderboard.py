"""A leaderboard as Markdown, as one HTML file and as CSV; names and reasons from users are escaped."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pandas as pd
from markupsafe import Markup

from benchmarks.store.files import naming, remove_abandoned, write_text
from reports import formats
from reports.analysis.leaderboard import Board, Leaderboard, Place, Score, stratified_gap_closed
from reports.analysis.metric_figures import METRICS
from reports.analysis.standings import Bounded, Standing
from reports.analysis.traits import Traits
from reports.figures.critical_difference import critical_difference_diagram
from reports.figures.svg import Drawing, dark_css, standalone
from reports.render import html, markdown
from reports.render.accuracy_tables import MAJORITY, STRATIFIED
from reports.render.headline import listed
from reports.render.leaderboard_words import cautions, difference, limits, practical, value, verdicts

TRAITS = (
    "texts",
    "classes",
    "language",
    "words a text",
    "characters a text",
    "largest class",
    "smallest class",
    "script",
    "labels in doubt",
)
DIAGRAM_FILE = "critical-difference.svg"


def write(board: Leaderboard, folder: Path) -> list[Path]:
    """Write `leaderboard.md`, `.html`, `.csv` and the diagram into a folder; the same board gives the same bytes.

    Raises:
        WriteError: the folder cannot be written to.
    """
    diagram = critical_difference_diagram([place.contender for place in board.places], board.tests)
    contents = {
        "leaderboard.md": render_markdown(board, diagram),
        "leaderboard.html": render_html(board, diagram),
        "leaderboard.csv": csv_frame(board).map(formats.inert).to_csv(index=False, lineterminator="\n"),
    }
    if diagram is not None:
        contents[DIAGRAM_FILE] = standalone(diagram.svg)
    with naming(folder):
        folder.mkdir(parents=True, exist_ok=True)
    remove_abandoned(folder)
    for name, content in contents.items():
        write_text(folder / name, content)
    return [folder / name for name in contents]


def render_markdown(board: Leaderboard, diagram: Drawing | None) -> str:
    """All of it as Markdown."""
    template = markdown.environment().get_template("leaderboard.md.jinja")
    return template.render(
        **_sentences(board),
        tables={name: markdown.table(frame) for name, frame in tables(board).items()},
        diagram=None if diagram is None else markdown.Markdown(f"![{diagram.title}]({DIAGRAM_FILE})"),
    )


def render_html(board: Leaderboard, diagram: Drawing | None) -> str:
    """All of it as one HTML file that needs nothing else."""
    style = (markdown.TEMPLATES / "report.css").read_text(encoding="utf-8") + dark_css()
    script = (markdown.TEMPLATES / "report.js").read_text(encoding="utf-8")
    template = html.environment().get_template("leaderboard.html.jinja")
    return template.render(
        **_sentences(board),
        tables=tables(board),
        diagram=None if diagram is None else Markup(diagram.svg),
        style=Markup(style),
        script=Markup(script),
        style_hash=html.sha256(style),
        script_hash=html.sha256(script),
    )


def tables(board: Leaderboard) -> dict[str, pd.DataFrame]:
    """Name -> frame of text."""
    return {
        "overall": overall_table(board),
        "datasets": datasets_table(board),
        "ranks": ranks_table(board),
        "pairs": pairs_table(board),
        "traits": traits_table(board),
    }


def overall_table(board: Leaderboard) -> pd.DataFrame:
    """One row for each ranked contender, best mean rank first; then the baselines, which close no gap."""
    rows = [_place(place) for place in board.places]
    nothing = dict.fromkeys(rows[0], formats.NOT_MEASURED)
    closed = {MAJORITY: 0.0, STRATIFIED: stratified_gap_closed(board.boards)}
    rows += [
        nothing | {"contender": name, "gap closed %": formats.decimal(100 * gap, 1)} for name, gap in closed.items()
    ]
    return pd.DataFrame(rows, dtype=str)


def datasets_table(board: Leaderboard) -> pd.DataFrame:
    """The metric of every contender on every dataset, the baselines beside it, and the winner; or why there is none."""
    names = [place.contender for place in board.places] + list(board.partial)
    rows = [_dataset(board, one, names) for one in board.boards]
    rows += [
        dict.fromkeys(rows[0], formats.NOT_MEASURED) | {"dataset": name, "winner": f"could not be used: {reason}"}
        for name, reason in board.unreadable.items()
    ]
    return pd.DataFrame(rows, dtype=str)


def ranks_table(board: Leaderboard) -> pd.DataFrame:
    """The rank of every contender on every dataset."""
    names = [place.contender for place in board.places] + list(board.partial)
    return pd.DataFrame([{"dataset": one.name} | _ranks(one.scores, names) for one in board.boards], dtype=str)


def pairs_table(board: Leaderboard) -> pd.DataFrame:
    """All pairs of contenders over the datasets: the signed-rank test, and probabilities of a practical difference."""
    names = [place.contender for place in board.places]
    return pd.DataFrame(
        [
            {
                "first": names[pair.first],
                "second": names[pair.second],
                "p (Wilcoxon, Holm)": formats.p_value(pair.p_adjusted),
                "first is better": formats.decimal(pair.better, 2),
                "practically equal": formats.decimal(pair.same, 2),
                "second is better": formats.decimal(pair.worse, 2),
            }
            for pair in board.tests.pairs
        ],
        dtype=str,
    )


def traits_table(board: Leaderboard) -> pd.DataFrame:
    """The traits of every dataset beside its winner."""
    return pd.DataFrame(
        [{"dataset": one.name, "winner": _winner(one)} | _traits(one.traits) for one in board.boards], dtype=str
    )


def csv_frame(board: Leaderboard) -> pd.DataFrame:
    """One row for each contender on each dataset, and one for each contender over all, in full precision."""
    rows: list[dict[str, object]] = [
        {
            "dataset": one.name,
            "contender": name,
            "metric": board.metric,
            "value": score.value,
            "low": score.interval.low,
            "high": score.interval.high,
            "majority_baseline": one.baselines.majority,
            "stratified_baseline": one.baselines.stratified,
            **_bounded_columns(score.standing),
            "winner": name == one.winner,
            **_lead(one, name),
            "train_size": score.train_size,
            "trainings": score.trainings,
            "test_rows": one.rows,
            "fit_seconds": score.fit_seconds,
            "text_to_label_rate": score.rate,
            "time_in_doubt": name in one.busy,
            "accuracy_misleads": one.misleads,
            **({} if one.traits is None else asdict(one.traits)),
        }
        for one in board.boards
        for name, score in one.scores.items()
    ]
    rows += [
        {
            "dataset": "(all)",
            "contender": place.contender,
            "metric": board.metric,
            **_bounded_columns(place.standing),
            "fit_multiple": place.fit_multiple,
            "label_multiple": place.label_multiple,
            "time_in_doubt": place.in_doubt,
            "on_front": place.on_front,
        }
        for place in board.places
    ]
    return pd.DataFrame(rows)


def _bounded_columns(standing: Standing) -> dict[str, float]:
    """Columns of each figure and of the ends of its interval."""
    found: dict[str, float] = {}
    for name in ("rank", "win_rate", "gap_closed", "improvability"):
        own: Bounded = getattr(standing, name)
        found |= {name: own.value, f"{name}_low": own.interval.low, f"{name}_high": own.interval.high}
    return found


def _sentences(board: Leaderboard) -> dict[str, object]:
    return {
        "metric": METRICS[board.metric].name,
        "pairs": practical(board),
        "datasets": len(board.boards),
        "verdicts": [*cautions(board), *verdicts(board)],
        "limits": limits(board),
    }


def _place(place: Place) -> dict[str, str]:
    doubt = ", in doubt" if place.in_doubt else ""
    return {
        "contender": place.contender,
        "mean rank": _bounded(place.standing.rank, 1.0, 2),
        "win rate %": _bounded(place.standing.win_rate, 100.0, 0),
        "gap closed %": _bounded(place.standing.gap_closed, 100.0, 1),
        "improvability %": _bounded(place.standing.improvability, 100.0, 1),
        "training time, times the cheapest": formats.significant(place.fit_multiple) + doubt,
        "time a text, times the cheapest": formats.significant(place.label_multiple) + doubt,
        "on the front": "yes" if place.on_front else "no",
    }


def _traits(own: Traits | None) -> dict[str, str]:
    if own is None:
        return dict.fromkeys(TRAITS, "not kept")
    doubtful = "not estimated" if np.isnan(own.doubtful_labels) else formats.percent(own.doubtful_labels)
    values = (
        formats.count(own.texts),
        formats.count(own.classes),
        own.language or "not stated",
        formats.significant(own.words),
        formats.significant(own.characters),
        formats.percent(own.largest),
        formats.percent(own.smallest),
        own.script or formats.NOT_MEASURED,
        doubtful,
    )
    return dict(zip(TRAITS, values, strict=True))


def _lead(one: Board, name: str) -> dict[str, float]:
    """The winner's lead on the second; empty cells for the others."""
    if one.lead is None or name != one.winner:
        return dict.fromkeys(("lead", "lead_low", "lead_high"), np.nan)
    return {"lead": one.lead.value, "lead_low": one.lead.interval.low, "lead_high": one.lead.interval.high}


def _winner(one: Board) -> str:
    if not one.winner:
        return "none shown"
    return one.winner if one.lead is None or one.lead_shown else f"{one.winner} (lead not shown)"


def _no_winner(one: Board) -> str:
    if not one.above:
        return "none is shown to beat the baselines"
    best = max(one.scores, key=lambda name: one.scores[name].value)
    verb = "is" if len(one.above) == 1 else "are"
    return f"none: {best} has the best figure and is not shown to beat the baselines; {listed(one.above)} {verb}"


def _ranks(scores: Mapping[str, Score], names: Sequence[str]) -> dict[str, str]:
    return {
        name: _bounded(scores[name].standing.rank, 1.0, 1) if name in scores else formats.NOT_MEASURED for name in names
    }


def _dataset(board: Leaderboard, one: Board, names: list[str]) -> dict[str, str]:
    metric = board.metric
    row = {"dataset": one.name, "test texts": formats.count(one.rows)}
    for name in names:
        score = one.scores.get(name)
        row[name] = formats.NOT_MEASURED if score is None else _scored(metric, score.value, *score.interval)
    row[MAJORITY] = value(metric, one.baselines.majority)
    row[STRATIFIED] = value(metric, one.baselines.stratified)
    row["winner"] = one.winner or _no_winner(one)
    if one.lead is not None and one.winner:
        low, high = one.lead.interval
        lead = f"{difference(metric, one.lead.value)} ({difference(metric, low)} to {difference(metric, high)})"
        of_second = "over some of the others not shown" if low > 0 else "not shown"
        row["ahead of the second by"] = lead if one.lead_shown else f"{lead}, {of_second}"
    else:
        row["ahead of the second by"] = formats.NOT_MEASURED
    return row


def _scored(metric: str, number: float, low: float, high: float) -> str:
    ends = sorted((value(metric, low), value(metric, high)), key=float)
    return f"{value(metric, number)} ({ends[0]}–{ends[1]})"


def _bounded(own: Bounded, scale: float, digits: int) -> str:
    if np.isnan(own.value):
        return formats.NOT_MEASURED
    low, high = (formats.decimal(scale * end, digits) for end in own.interval)
    return f"{formats.decimal(scale * own.value, digits)} ({low}–{high})"
