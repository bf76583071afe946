"""The report as files to read: Markdown, and every cell's figures as CSV."""

import os
import re
import unicodedata
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

import pandas as pd
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from benchmarks.store.files import write_text
from reports import formats
from reports.analysis.front import leading
from reports.analysis.results import FIGURES, Results, read_results
from reports.analysis.run_analysis import Analysis, analyse
from reports.render import blocks
from reports.render import recommendation_words as words
from reports.render.candidates import candidates_table, caption
from reports.render.cells_csv import cell_figures
from reports.render.headline import in_short, subject, title
from reports.render.progress import Progress
from reports.render.sections import sections

if TYPE_CHECKING:  # they import matplotlib, which not every command needs
    from reports.figures.draw import Gallery
    from reports.figures.svg import Drawing

TEMPLATES = Path(__file__).parent / "templates"

SPECIAL = re.compile(r"[\\`*\[\]|~$]|<(?=\S)|(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])")
"""What Markdown gives a meaning to within a line; an underscore between letters has none."""


class Markdown(str):
    """Text that is Markdown already; the template escapes any other."""

    __slots__ = ()


def write_markdown(
    folder: Path,
    analysis: Analysis | None = None,
    drawings: "Gallery | None" = None,
    page: Path | None = None,
    progress: Progress | None = None,
) -> Path:
    """Write `report.md` into a results folder; the same results give the same bytes.

    Args:
        folder: the results folder.
        analysis: of that folder, or of the one that its files are to be about, if it is worked out already.
        drawings: what is shown of the figures that `folder` holds; None shows none.
        page: the file to write instead.
        progress: of the run that is still writing results; None once it has ended.

    Raises:
        StoreError: `folder` holds no results.
    """
    page = page or folder / "report.md"
    beside = Path(os.path.relpath(folder / FIGURES, page.parent)).as_posix()
    return _write(page, render(analysis or analyse(read_results(folder)), drawings, beside, progress))


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


def render(
    analysis: Analysis, drawings: "Gallery | None" = None, beside: str = FIGURES, progress: Progress | None = None
) -> str:
    """The whole report as Markdown, with `drawings` as files in the folder `beside` it."""
    found = analysis.recommendation
    shown = leading(found) if found else []
    left = len(found.candidates) - len(shown) if found else 0
    return (
        environment()
        .get_template("report.md.jinja")
        .render(
            title=title(analysis),
            subtitle=subject(analysis),
            progress=progress,
            decision=words.decision(found) if found else "No cell ended ok: there is nothing to decide.",
            warning=in_short(analysis),
            candidates=table(candidates_table(found, shown)) if found else None,
            caption=caption(found) if found else "",
            more=f"Further candidates under Details: {left}." if left else "",
            front=images(getattr(drawings, "front", ()), beside),
            **_answers(sections(analysis, drawings), beside),
        )
    )


def _answers(found: "Iterable[blocks.Section]", beside: str) -> dict[str, object]:
    """The parts of each section that stand before the details, and those that are the details."""
    answers, details = [], []
    for section in found:
        above = [one for group in section.groups if not group.folded for one in group.blocks if _above(one)]
        answers.append((section.question, [_block(one, beside) for one in above]))
        groups = [
            (group.title, [one for one in group.blocks if group.folded or _below(one)]) for group in section.groups
        ]
        written = [(name, [_block(one, beside) for one in own]) for name, own in groups if own]
        if written:
            details.append((section.question, written))
    return {"answers": answers, "details": details}


def _above(one: blocks.Block) -> bool:
    """Whether a block stands before the details: sentences, and the few tables that say so."""
    return one.above if isinstance(one, blocks.Table) else not isinstance(one, blocks.Figures | blocks.Excerpts)


def _below(one: blocks.Block) -> bool:
    return (isinstance(one, blocks.Table) and not one.above) or (isinstance(one, blocks.Figures) and one.everywhere)


def _block(one: blocks.Block, beside: str) -> Markdown:
    """A block as Markdown.

    Raises:
        TypeError: there is no such block in Markdown.
    """
    match one:
        case blocks.Text():
            return Markdown(f"**{escape(one.text)}**") if one.warning else escape(one.text)
        case blocks.Bullets():
            lines = [[f"- {escape(item.text)}", *(f"  - {escape(line)}" for line in item.below)] for item in one.items]
            return Markdown("\n".join(line for own in lines for line in own))
        case blocks.Facts():
            return Markdown("\n".join(f"- {escape(term)}: {escape(said)}" for term, said in one.pairs))
        case blocks.Command():
            return code_block(one.text)
        case blocks.Table():
            return Markdown(f"{escape(one.caption)}:\n\n{table(one.frame)}")
        case blocks.Figures():
            return images(one.drawings, beside)
    raise TypeError(f"no Markdown for {one.kind}")


def environment() -> Environment:
    """Environment of the templates; texts that are not Markdown yet are escaped."""
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
    """Escape a text for one line of Markdown: no markup, no HTML, no end of a table cell."""
    plain = formats.plain(text).replace("&", "&amp;")
    return Markdown(SPECIAL.sub(lambda found: "&lt;" if found[0] == "<" else "\\" + found[0], plain))


def images(drawings: "Iterable[Drawing]", beside: str) -> Markdown:
    """A paragraph of figures, which lie in the folder `beside` the page."""
    shown = (f"![{escape(drawing.title)}]({quote(beside)}/{quote(drawing.name)}.svg)" for drawing in drawings)
    return Markdown("\n".join(shown))


def table(frame: pd.DataFrame) -> Markdown:
    """A frame as a Markdown table; nothing if it is empty."""
    if frame.empty:
        return Markdown("")
    escaped = frame.map(escape).rename(columns=escape)
    return Markdown(escaped.to_markdown(index=False, disable_numparse=True))


def code_block(text: str) -> Markdown:
    """Indented, so that nothing in `text` can end it."""
    lines = ["".join("\ufffd" if unicodedata.category(c)[0] == "C" else c for c in line) for line in text.split("\n")]
    return Markdown("\n".join(f"    {line}" for line in lines))


def _write(path: Path, content: str) -> Path:
    write_text(path, content)
    return path
