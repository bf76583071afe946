"""The report as one HTML file that needs nothing else: no network, no server, no library."""

import base64
import hashlib
import itertools
import re
from pathlib import Path

import pandas as pd
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from benchmarks.store.files import write_text
from reports import formats
from reports.analysis.metric_figures import METRICS
from reports.analysis.mistakes import Mistakes, most_confident_mistakes
from reports.analysis.results import read_results
from reports.analysis.run_analysis import Analysis, analyse
from reports.figures.draw import Gallery, gallery
from reports.figures.svg import dark_css
from reports.render import recommendation_words as words
from reports.render.candidates import Line, caption, lines, page_data
from reports.render.headline import in_short, subject, title
from reports.render.progress import Progress
from reports.render.sections import sections

TEMPLATES = Path(__file__).parent / "templates"

SCRIPTS = ("report.js", "sections.js", "decision.js")

NUMBER = re.compile(r"[-+\u2212]?\d[\d,]*(\.\d+)?")
BRACKET = re.compile(r" (?=[(\[])")


def write_html(
    folder: Path,
    analysis: Analysis | None = None,
    drawings: Gallery | None = None,
    progress: Progress | None = None,
) -> Path:
    """Write `report.html` into a results folder; the same results give the same bytes.

    Args:
        folder: the results folder.
        analysis: of that folder, if it is made already.
        drawings: the same.
        progress: of the run that is still writing results; None once it has ended.

    Raises:
        StoreError: `folder` holds no results.
    """
    analysis = analysis or analyse(read_results(folder))
    path = folder / "report.html"
    mistakes = () if progress else most_confident_mistakes(analysis.results)
    write_text(path, render(analysis, drawings or gallery(analysis), mistakes, progress))
    return path


def render(
    analysis: Analysis, drawings: Gallery, mistakes: tuple[Mistakes, ...], progress: Progress | None = None
) -> str:
    """The whole report as HTML; every text from data or users is escaped."""
    style = (TEMPLATES / "report.css").read_text(encoding="utf-8") + dark_css()
    script = "\n".join((TEMPLATES / name).read_text(encoding="utf-8") for name in SCRIPTS)
    found = analysis.recommendation
    return (
        environment()
        .get_template("report.html.jinja")
        .render(
            title=title(analysis),
            subtitle=subject(analysis),
            progress=progress,
            decision=words.decision(found) if found else "No cell ended ok: there is nothing to decide.",
            warning=in_short(analysis),
            found=found,
            metric=METRICS[found.question.metric] if found else None,
            lines=lines(found) if found else [],
            caption=caption(found) if found else "",
            data=Markup(page_data(found) if found else "null"),
            front=drawings.front,
            sections=sections(analysis, drawings, mistakes),
            style=Markup(style),
            script=Markup(script),
            style_hash=sha256(style),
            script_hash=sha256(script),
            svg=Markup,
        )
    )


def environment() -> Environment:
    """The environment of HTML templates; it escapes every text from data or users."""
    made = Environment(
        loader=FileSystemLoader(TEMPLATES),
        undefined=StrictUndefined,
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        finalize=lambda value: value if isinstance(value, Markup) else formats.plain(value),
    )
    own = {"count": formats.count, "percent": formats.percent, "plain": formats.plain, "signed": formats.signed}
    made.filters |= {**own, "table": _Tables(), "head": _heads, "cell": _cell}
    return made


class _Tables:
    """Writes the tables of a page, each named by its caption."""

    def __init__(self) -> None:
        self._numbers = itertools.count(1)

    def __call__(self, frame: pd.DataFrame, caption: str) -> Markup:
        return table(frame, caption, f"table-{next(self._numbers)}")


def table(frame: pd.DataFrame, caption: str, name: str = "table") -> Markup:
    """A frame as a table whose columns sort by the numbers in them.

    Args:
        frame: of texts.
        caption: beside the part that scrolls, so that a narrow screen shows all of it.
        name: that no other table of the page has.
    """
    if frame.empty:
        return Markup("")
    head = Markup("").join(_head(str(column), frame[column]) for column in frame)
    body = Markup("").join(
        Markup("<tr>{}</tr>").format(Markup("").join(map(_cell, row))) for row in frame.itertuples(index=False)
    )
    return Markup(
        '<p class="caption" id="{0}">{1}</p>'
        '<div class="scroll" tabindex="0" role="region" aria-labelledby="{0}"><table aria-labelledby="{0}">'
        "<thead><tr>{2}</tr></thead><tbody>{3}</tbody></table></div>"
    ).format(name, caption, head, body)


def _heads(rows: list[Line]) -> Markup:
    """The heads of the columns of the first table."""
    return Markup("").join(_head(name, pd.Series([row.cells[name] for row in rows])) for name in rows[0].cells)


def sort_key(text: str) -> float | None:
    """The number that a cell begins with, if it begins with one: 84.2 of "84.2 (82.0–86.1)"."""
    found = NUMBER.match(text.removeprefix("< "))
    return float(found[0].replace(",", "").replace("\u2212", "-")) if found else None


def _head(name: str, values: pd.Series) -> Markup:
    """A column's head, above its numbers where it has some."""
    numeric = any(sort_key(formats.plain(value)) is not None for value in values)
    opening = Markup('<th scope="col" class="number">' if numeric else '<th scope="col">')
    return opening + Markup('<button type="button">{}</button></th>').format(name)


def _cell(value: object, label: str = "") -> Markup:
    """A cell; `label` is the column's name for screens on which rows become lists."""
    text = formats.plain(value)
    key = sort_key(text)
    if key is None:
        return Markup("<td{}>{}</td>").format(_named(label), _breakable(text))
    figure, *interval = BRACKET.split(text, maxsplit=1)
    shown = Markup("{} <span>{}</span>").format(figure, *interval) if interval else text
    return Markup('<td class="number" data-sort="{}"{}>{}</td>').format(key, _named(label), shown)


def _breakable(text: str) -> Markup:
    """Let the name of a model break between its parts; an arrow stays with what follows."""
    shown = Markup("")
    for part in formats.name_parts(text):
        between = Markup("<wbr>") if shown and not shown[-1].isspace() else Markup("")
        name = Markup('<span class="arrow">-&gt;</span>') + part[2:] if part.startswith("->") else escape(part)
        shown += between + name
    return shown


def _named(label: str) -> Markup:
    return Markup(' data-label="{}"').format(label) if label else Markup("")


def sha256(text: str) -> str:
    """Digest of a script or style, in the form that a Content-Security-Policy takes."""
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"
