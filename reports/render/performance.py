"""PERFORMANCE.md: what `peers` and `scaling` measured, with the machine and the commands."""

import os
import statistics
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
import pandas as pd

from benchmarks.schema.performance import PeerRow, Row, ScalingRow
from benchmarks.store.files import make_folder, naming, remove_abandoned, write_text
from benchmarks.store.performance import PEERS_FILE, SCALING_FILE, commands, read_rows
from reports import formats
from reports.analysis.contest_ratio import ratio_interval
from reports.analysis.growth import LEAST_SIZES, exponent
from reports.analysis.results import FIGURES
from reports.figures.canvas import Style, draw, log_axis, panel
from reports.figures.svg import MARKERS, RC, SERIES, Drawing, standalone
from reports.render.markdown import Markdown, code_block, environment, table
from reports.render.rows import doubt

PAGE = "PERFORMANCE.md"
NOTES_FILE = "notes.md"
"""Remarks on the measurements, written by hand and kept beside them; the page shows them after its introduction."""


@dataclass(frozen=True)
class Quantity:
    """Something that grows."""

    name: str
    unit: str
    of: Callable[[ScalingRow], float]


@dataclass(frozen=True)
class Growth:
    """What something grows with.

    Attributes:
        name: of it, to show.
        file: the beginning of its figures' names.
        of: its number in a row.
        has: whether a row is of this kind.
    """

    name: str
    file: str
    of: Callable[[ScalingRow], int]
    has: Callable[[ScalingRow], bool]


QUANTITIES = (
    Quantity("fit", "seconds", lambda row: row.fit_seconds or np.nan),
    Quantity("inference", "seconds", lambda row: row.score_seconds or np.nan),
    Quantity("memory", "peak, GB", lambda row: (row.memory or np.nan) / 1e9),
)


TEXTS = Growth("texts", "scaling", lambda row: row.size, lambda row: row.classes is None)
CLASSES = Growth("classes", "classes", lambda row: row.classes or 0, lambda row: row.classes is not None)


def write_performance(folder: Path, page: Path) -> Path:
    """Write the figures into `folder` and the page, whose links lead there.

    Args:
        folder: where `peers.jsonl` and `scaling.jsonl` lie, or one of them; and `notes.md`, if there are remarks.
        page: the file to write.

    Raises:
        StoreError: a line of these files cannot be read.
        WriteError: a file cannot be written.
    """
    peers = sorted(read_rows(folder / PEERS_FILE, PeerRow), key=lambda row: (row.name, row.peer))
    scaling = read_rows(folder / SCALING_FILE, ScalingRow)
    kinds = {growth: [row for row in _sorted(scaling) if growth.has(row)] for growth in (TEXTS, CLASSES)}
    figures = {growth: scaling_figures(rows, growth) for growth, rows in kinds.items()}
    with naming(folder):
        folder.mkdir(parents=True, exist_ok=True)
        page.parent.mkdir(parents=True, exist_ok=True)
    make_folder(folder / FIGURES, folder)
    remove_abandoned(folder / FIGURES)
    for figure in (figure for own in figures.values() for figure in own):
        write_text(folder / FIGURES / f"{figure.name}.svg", standalone(figure.svg))
    known = machines([*peers, *scaling])
    beside = Path(os.path.relpath(folder / FIGURES, page.parent)).as_posix()
    notes = folder / NOTES_FILE
    content = (
        environment()
        .get_template("performance.md.jinja")
        .render(
            notes=Markdown(notes.read_text(encoding="utf-8").strip()) if notes.exists() else "",
            peers=table(with_machines(peers_table(peers), peers, known)),
            growths={
                growth.name: {
                    "rows": table(with_machines(scaling_table(rows, growth), rows, known)),
                    "exponents": table(exponents_table(rows, growth)),
                    "figures": [(figure.title, Markdown(f"{beside}/{figure.name}.svg")) for figure in figures[growth]],
                }
                for growth, rows in kinds.items()
                if rows
            },
            made=any(row.made for row in scaling),
            machines=known,
            commands=code_block("\n".join(commands([*peers, *scaling]))),
        )
    )
    remove_abandoned(page.parent, page.name)
    write_text(page, content)
    return page


def peers_table(rows: Sequence[PeerRow]) -> pd.DataFrame:
    """One row per contest and machine."""
    return pd.DataFrame([_contest(row) for row in rows])


def _contest(row: PeerRow) -> dict[str, str]:
    batches = " / ".join(filter(None, [row.batches, row.peer_batches]))
    facts = {
        "model": f"{row.name}[{row.encoder}]" if row.encoder else row.name,
        "peer": row.peer,
        "what is timed": f"{row.work}; batches: {batches}" if batches else row.work,
        "texts (train / test)": f"{row.train_size:,} / {row.test_size:,}",
        "precision": " / ".join(filter(None, [row.precision, row.peer_precision])),
    }
    if row.ratio is None or row.accuracy is None or row.peer_accuracy is None or row.agreement is None:
        return facts | {"times faster": f"{row.status}: {row.reason}"} | dict.fromkeys(FIGURES_OF_A_CONTEST, "–")
    figures = (
        _reading(row.seconds),
        _reading(row.peer_seconds),
        f"{100 * row.accuracy:.1f}",
        f"{100 * row.peer_accuracy:.1f}",
        f"{100 * row.agreement:.1f}",
    )
    return (
        facts | {"times faster": _times_faster(row, row.ratio)} | dict(zip(FIGURES_OF_A_CONTEST, figures, strict=True))
    )


def _times_faster(row: PeerRow, ratio: float) -> str:
    """The mean ratio with its 95 % interval over the turns, marked where it is in doubt."""
    interval = ratio_interval(row.seconds, row.peer_seconds)
    said = formats.ratio_interval(ratio, interval, "one reading")
    return said if np.isnan(interval.low) else f"{said}{doubt(row.load)}"


FIGURES_OF_A_CONTEST = ("seconds", "peer's seconds", "accuracy %", "peer's accuracy %", "same class %")


def _reading(seconds: Sequence[float]) -> str:
    """The median and the extremes, as in "2.31 (2.25–2.40)"."""
    median = formats.significant(statistics.median(seconds))
    if len(seconds) == 1:
        return median
    return f"{median} ({formats.significant(min(seconds))}–{formats.significant(max(seconds))})"


def scaling_table(rows: Iterable[ScalingRow], growth: Growth) -> pd.DataFrame:
    """One row per model and number."""
    return pd.DataFrame(
        [
            {
                "model": row.model,
                **({"classes": f"{row.classes:,}"} if growth is CLASSES else {}),
                "texts": f"{row.size:,}{'*' if row.made else ''}",
                "precision": row.precision,
                "fit (s)": (
                    formats.significant(row.fit_seconds) + doubt(row.load)
                    if row.fit_seconds
                    else f"failed: {row.reason}"
                ),
                "inference on as many (s)": formats.significant(row.score_seconds or np.nan),
                "peak memory (GB)": formats.significant((row.memory or np.nan) / 1e9),
                "of it before the fit": formats.significant((row.memory_start or np.nan) / 1e9),
            }
            for row in rows
        ]
    )


def exponents_table(rows: Iterable[ScalingRow], growth: Growth) -> pd.DataFrame:
    """B of `quantity = a number^b` with its 95 % interval, for each curve of enough numbers."""
    return pd.DataFrame(
        [
            {"model": name, **{quantity.name: _exponent(own, quantity, growth) for quantity in QUANTITIES}}
            for name, own in _curves(rows).items()
            if len(own) >= LEAST_SIZES
        ]
    )


def _exponent(rows: Sequence[ScalingRow], quantity: Quantity, growth: Growth) -> str:
    fitted = exponent([growth.of(row) for row in rows], [quantity.of(row) for row in rows])
    return f"{fitted.value:.2f} ({fitted.interval.low:.2f}–{fitted.interval.high:.2f})"


def scaling_figures(rows: Sequence[ScalingRow], growth: Growth) -> list[Drawing]:
    """A figure for each quantity, both axes logarithmic."""
    curves = _curves(rows)
    if not curves:
        return []
    with mpl.rc_context(RC):
        return [_growth_panel(quantity, growth, curves) for quantity in QUANTITIES]


def _growth_panel(quantity: Quantity, growth: Growth, curves: dict[str, list[ScalingRow]]) -> Drawing:
    styles: dict[str, Style] = {
        name: {"color": SERIES[n % len(SERIES)], "marker": MARKERS[n % len(MARKERS)]} for n, name in enumerate(curves)
    }
    title = f"Growth: {quantity.name}, with the number of {growth.name}"
    axes = panel(title, quantity.unit, legend=list(styles.items()))
    words = []
    for name, own in curves.items():
        values = [quantity.of(row) for row in own]
        axes.plot([growth.of(row) for row in own], values, **styles[name])
        words.append(f"{name} from {formats.significant(values[0])} to {formats.significant(values[-1])}")
    axes.set_yscale("log")
    axes.yaxis.set_major_formatter(lambda value, _: f"{value:g}")
    axes.minorticks_off()
    axes.set_xlabel(growth.name)
    log_axis(axes)
    return draw(axes, f"{growth.file}-{quantity.name}", title, f"{quantity.unit}: {'; '.join(words)}.")


def machines(rows: Iterable[Row]) -> list[str]:
    """Every machine and set of versions that the rows come from."""
    return list(dict.fromkeys(_machine(row) for row in rows))


def with_machines(frame: pd.DataFrame, rows: Sequence[Row], known: Sequence[str]) -> pd.DataFrame:
    """The table, with the device of each row where one is not the CPU, and its machine where there are several."""
    if any(row.device != "cpu" for row in rows):
        frame = frame.assign(device=[row.device or "not kept" for row in rows])
    return frame.assign(machine=[str(known.index(_machine(row)) + 1) for row in rows]) if len(known) > 1 else frame


def _machine(row: Row) -> str:
    own = row.environment
    packages = ", ".join(f"{name} {version}" for name, version in own["packages"].items())
    accelerator = own["accelerator"] or "no accelerator"
    return f"{own['processor']}, {own['threads']} processors, {accelerator}; Python {own['python']}, {packages}"


def _curves(rows: Iterable[ScalingRow]) -> dict[str, list[ScalingRow]]:
    """Curve -> its rows that ended ok, smallest first; it is named by its model and the facts that tell it from others.

    Rows of different data, devices, precisions, machines, encoders or code never make one curve.
    """
    groups: dict[tuple[Any, ...], list[ScalingRow]] = {}
    for row in _sorted(rows):
        if row.status == "ok":
            groups.setdefault(row.curve, []).append(row)
    facts = {curve: _facts(own[0]) for curve, own in groups.items()}
    found = {}
    for curve, own in groups.items():
        others = [facts[other] for other in groups if groups[other][0].model == own[0].model]
        telling = [fact for place, fact in enumerate(facts[curve]) if len({each[place] for each in others}) > 1]
        found[f"{own[0].model} ({', '.join(telling)})" if telling else own[0].model] = own
    return found


def _facts(row: ScalingRow) -> tuple[str, ...]:
    """The facts of a curve, to show."""
    processor, accelerator, threads = row.machine
    return (
        row.dataset if not row.data_fingerprint else f"{row.dataset}, data {row.data_fingerprint[:6]}",
        f"computed on {row.device or 'a device that was not kept'}",
        row.precision,
        f"{processor}, {threads} threads",
        f"on {accelerator or 'no accelerator'}",
        row.encoder or "no encoder",
        f"code {row.code or 'unknown'}",
    )


def _sorted(rows: Iterable[ScalingRow]) -> list[ScalingRow]:
    return sorted(rows, key=lambda row: (row.model, row.size, row.classes or 0))
