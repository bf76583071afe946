"""The report as one HTML file that needs nothing else: no network, no server, no library."""

import base64
import hashlib
import re
import shlex
from pathlib import Path

import pandas as pd
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from benchmarks.store.files import write_text
from reports import formats
from reports.analysis.limit import limits
from reports.analysis.mistakes import Mistakes, most_confident_mistakes
from reports.analysis.results import read_results
from reports.analysis.run_analysis import Analysis, analyse
from reports.analysis.throughput import overhead_sentence
from reports.figures.draw import Gallery, gallery
from reports.figures.svg import dark_css
from reports.render.headline import caveats, family, headlines, warnings
from reports.render.markdown import TEMPLATES, weights
from reports.render.reading import GUIDE
from reports.render.tables import tables

NUMBER = re.compile(r"[-+\u2212]?\d[\d,]*(\.\d+)?")


def write_html(folder: Path, analysis: Analysis | None = None, drawings: Gallery | None = None) -> Path:
    """Write `report.html` into a results folder; the same results give the same bytes.

    Args:
        folder: the results folder.
        analysis: of that folder, if it is made already.
        drawings: the same.

    Raises:
        StoreError: `folder` holds no results.
    """
    analysis = analysis or analyse(read_results(folder))
    path = folder / "report.html"
    mistakes = most_confident_mistakes(analysis.results)
    write_text(path, render(analysis, drawings or gallery(analysis), mistakes))
    return path


def render(analysis: Analysis, drawings: Gallery, mistakes: tuple[Mistakes, ...]) -> str:
    """The whole report as HTML; every text from data or users is escaped."""
    style = (TEMPLATES / "report.css").read_text(encoding="utf-8") + dark_css()
    script = (TEMPLATES / "report.js").read_text(encoding="utf-8")
    results = analysis.results
    return (
        environment()
        .get_template("report.html.jinja")
        .render(
            analysis=analysis,
            results=results,
            run=results.run,
            command=formats.plain(shlex.join(results.run["command"])),
            headlines=headlines(analysis),
            weights=weights(results),
            overhead=overhead_sentence(results.ok),
            misread=limits(results).sentence,
            warnings=warnings(analysis),
            caveats=caveats(analysis),
            family=family(analysis),
            not_drawn=drawings.not_drawn,
            guide=GUIDE,
            figures=drawings,
            mistakes=mistakes,
            tables=tables(analysis),
            style=Markup(style),
            script=Markup(script),
            style_hash=sha256(style),
            script_hash=sha256(script),
            svg=Markup,
        )
    )


def environment() -> Environment:
    """Of HTML templates; every text from data or users is escaped."""
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
    made.filters |= {**own, "table": table}
    return made


def table(frame: pd.DataFrame, caption: str) -> Markup:
    """A frame as a table whose columns sort by the numbers in them; a dash if it is empty."""
    if frame.empty:
        return Markup("<p>{}</p>").format(formats.NOT_MEASURED)
    head = Markup("").join(_head(str(name), frame[name]) for name in frame)
    body = Markup("").join(
        Markup("<tr>{}</tr>").format(Markup("").join(map(_cell, row))) for row in frame.itertuples(index=False)
    )
    return Markup(
        '<div class="scroll" tabindex="0" role="region" aria-label="{0}"><table><caption>{0}</caption>'
        "<thead><tr>{1}</tr></thead><tbody>{2}</tbody></table></div>"
    ).format(caption, head, body)


def sort_key(text: str) -> float | None:
    """The number that a cell begins with, if it begins with one: 84.2 of "84.2 (82.0–86.1)"."""
    found = NUMBER.match(text.removeprefix("< "))
    return float(found[0].replace(",", "").replace("\u2212", "-")) if found else None


def _head(name: str, values: pd.Series) -> Markup:
    """A column's head, above its numbers where it has some."""
    numeric = any(sort_key(formats.plain(value)) is not None for value in values)
    opening = Markup('<th scope="col" class="number">' if numeric else '<th scope="col">')
    return opening + Markup('<button type="button">{}</button></th>').format(name)


def _cell(value: object) -> Markup:
    text = formats.plain(value)
    key = sort_key(text)
    if key is None:
        return Markup("<td>{}</td>").format(text)
    return Markup('<td class="number" data-sort="{}">{}</td>').format(key, text)


def sha256(text: str) -> str:
    """As a Content-Security-Policy names what may run."""
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"
