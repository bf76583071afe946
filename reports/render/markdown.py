"""The report as files to read: Markdown, and every cell's figures as CSV."""

import os
import re
import shlex
import unicodedata
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pandas as pd
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from benchmarks.redaction import without_folders
from benchmarks.store.files import write_text
from reports import formats
from reports.analysis.limit import limits
from reports.analysis.results import FIGURES, Results, read_results
from reports.analysis.run_analysis import Analysis, analyse
from reports.analysis.throughput import overhead_sentence
from reports.render.cells_csv import cell_figures
from reports.render.headline import caveats, family, headlines, warnings
from reports.render.reading import GUIDE
from reports.render.tables import tables

if TYPE_CHECKING:  # they import matplotlib, which not every command needs
    from reports.figures.draw import Gallery
    from reports.figures.svg import Drawing

TEMPLATES = Path(__file__).parent / "templates"

SPECIAL = re.compile(r"[\\`*\[\]|~$]|<(?=\S)|(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])")
"""What Markdown gives a meaning to within a line; an underscore between letters has none."""


SHOWN = ("training_cost", "lengths", "learning_curves", "inference_cost", "reliability")
"""Kinds of figures that the page shows; the tables say the rest, or `report.html` does."""


class Markdown(str):
    """Text that is Markdown already; the template escapes any other."""

    __slots__ = ()


def write_markdown(
    folder: Path, analysis: Analysis | None = None, drawings: "Gallery | None" = None, page: Path | None = None
) -> Path:
    """Write `report.md` into a results folder; the same results give the same bytes.

    Args:
        folder: the results folder.
        analysis: of that folder, or of the one that its files are to be about, if it is worked out already.
        drawings: what is shown of the figures that `folder` holds; None shows none.
        page: the file to write instead.

    Raises:
        StoreError: `folder` holds no results.
    """
    page = page or folder / "report.md"
    beside = Path(os.path.relpath(folder / FIGURES, page.parent)).as_posix()
    return _write(page, render(analysis or analyse(read_results(folder)), drawings, beside))


def write_cells_csv(folder: Path, results: Results | None = None) -> Path:
    """Write `cells.csv`, one row per planned cell in full precision.

    A text that a spreadsheet would take for a formula begins with an apostrophe.

    Args:
        folder: the results folder.
        results: of that folder, if they are read already.

    Raises:
        StoreError: `folder` holds no results.
    """
    frame = cell_figures(results or read_results(folder)).convert_dtypes().map(formats.inert)
    return _write(folder / "cells.csv", frame.to_csv(index=False, lineterminator="\n"))


def render(analysis: Analysis, drawings: "Gallery | None" = None, beside: str = FIGURES) -> str:
    """The whole report as Markdown, with `drawings` as files in the folder `beside` it."""
    results = analysis.results
    shown = {kind: images(getattr(drawings, kind, ()), beside) for kind in SHOWN}
    return (
        environment()
        .get_template("report.md.jinja")
        .render(
            analysis=analysis,
            run=results.run,
            results=results,
            command=code_block(shlex.join(results.run["command"])),
            weights=weights(results),
            overhead=overhead_sentence(results.ok),
            misread=limits(results).sentence,
            headlines=headlines(analysis),
            warnings=warnings(analysis),
            caveats=caveats(analysis),
            family=family(analysis),
            guide=GUIDE,
            figures=shown,
            tables={name: table(frame) for name, frame in tables(analysis).items()},
        )
    )


def environment() -> Environment:
    """The templates' environment: what is no Markdown yet is escaped."""
    own = Environment(
        loader=FileSystemLoader(TEMPLATES),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,  # that would be for HTML; `finalize` escapes for Markdown
        finalize=lambda value: value if isinstance(value, Markdown) else escape(value),
    )
    own.filters["count"] = formats.count
    return own


def escape(text: object) -> Markdown:
    """A text on one line that shows as it is: no markup, no HTML, no end of a table's cell."""
    plain = formats.plain(text).replace("&", "&amp;")
    return Markdown(SPECIAL.sub(lambda found: "&lt;" if found[0] == "<" else "\\" + found[0], plain))


def images(drawings: "Iterable[Drawing]", beside: str) -> Markdown:
    """A paragraph of figures, which lie in the folder `beside` the page."""
    shown = (f"![{escape(drawing.title)}]({quote(beside)}/{quote(drawing.name)}.svg)" for drawing in drawings)
    return Markdown("\n".join(shown))


def table(frame: pd.DataFrame) -> Markdown:
    """A frame as a Markdown table; a dash if it is empty."""
    if frame.empty:
        return Markdown(formats.NOT_MEASURED)
    escaped = frame.map(escape).rename(columns=escape)
    return Markdown(escaped.to_markdown(index=False, disable_numparse=True))


def code_block(text: str) -> Markdown:
    """Indented, so that nothing in `text` can end it."""
    lines = ["".join("\ufffd" if unicodedata.category(c)[0] == "C" else c for c in line) for line in text.split("\n")]
    return Markdown("\n".join(f"    {line}" for line in lines))


def weights(results: Results) -> list[tuple[str, Any]]:
    """Models that begin from pre-trained weights, and which."""
    with_encoder = [c for c in results.configurations if c.model_params.get("encoder")]
    return list(dict.fromkeys((c.model_name, without_folders(str(c.model_params["encoder"]))) for c in with_encoder))


def _write(path: Path, content: str) -> Path:
    write_text(path, content)
    return path
