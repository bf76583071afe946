"""Write the exploration of a dataset as Markdown, as one HTML file and in the terminal."""

from pathlib import Path

import matplotlib as mpl
import numpy as np
import pandas as pd
from markupsafe import Markup
from rich.console import Console

from benchmarks.schema.exploration import Exploration, Lengths
from benchmarks.store.files import naming, remove_abandoned, write_text
from reports import formats
from reports.figures.canvas import Style, draw, log_axis, panel
from reports.figures.svg import RC, SERIES, Drawing, dark_css
from reports.render import html, markdown
from reports.render.terminal import print_facts, print_frame, print_sentence

DATA_FILE = "exploration.json"
PRINTED_CLASSES = 20
"""Classes that the terminal shows."""

NAMED_CLASSES = len(SERIES)
"""Classes up to which a figure has a line for each."""


def write_exploration(exploration: Exploration, folder: Path) -> list[Path]:
    """Write `exploration.json`, `.md` and `.html` into a folder; the same exploration gives the same bytes.

    Raises:
        StoreError: the folder cannot be written to.
    """
    contents = {
        DATA_FILE: exploration.model_dump_json(indent=2) + "\n",
        "exploration.md": render_markdown(exploration),
        "exploration.html": render_html(exploration),
    }
    with naming(folder):
        folder.mkdir(parents=True, exist_ok=True)
    remove_abandoned(folder)
    for name, content in contents.items():
        write_text(folder / name, content)
    return [folder / name for name in contents]


def render_markdown(exploration: Exploration) -> str:
    """All of it as Markdown; texts from the data are escaped."""
    template = markdown.environment().get_template("exploration.md.jinja")
    return template.render(
        exploration=exploration,
        sentences=sentences(exploration),
        tables={name: markdown.table(frame) for name, frame in _tables(exploration).items()},
        telling={one.of: markdown.table(telling_table(exploration, one.of)) for one in exploration.telling},
        odd={one.what: one for one in exploration.oddities},
    )


def render_html(exploration: Exploration) -> str:
    """All of it as one HTML file that needs nothing else; texts from the data are escaped."""
    style = (markdown.TEMPLATES / "report.css").read_text(encoding="utf-8") + dark_css()
    script = (markdown.TEMPLATES / "report.js").read_text(encoding="utf-8")
    return (
        html.environment()
        .get_template("exploration.html.jinja")
        .render(
            exploration=exploration,
            sentences=sentences(exploration),
            tables=_tables(exploration),
            telling={one.of: telling_table(exploration, one.of) for one in exploration.telling},
            figure=Markup(length_figure(exploration).svg),
            style=Markup(style),
            script=Markup(script),
            style_hash=html.sha256(style),
            script_hash=html.sha256(script),
        )
    )


def print_exploration(exploration: Exploration, console: Console) -> None:
    """Print facts, counts, lengths, truncation and the most telling terms, in tables of 80 columns.

    Of many classes the first ones; the files have all.
    """
    print_facts(f"data: {exploration.name}", exploration.provenance, console)
    print_frame(console, "Texts by split and class", _first(counts_table(exploration)), names=("class",))
    lengths = lengths_table(exploration)[["texts", "shortest", "median", "95 %", "longest"]]
    print_frame(console, "Lengths in words", lengths.head(PRINTED_CLASSES), names=("texts",))
    print_frame(
        console,
        f"Tokens of {exploration.token_texts:,} training texts",
        truncation_table(exploration),
        names=("model",),
    )
    for tokens in exploration.tokens:
        if tokens.note and not tokens.quantiles:
            print_sentence(console, f"{tokens.model}: {tokens.note}")
    for one in exploration.telling[:PRINTED_CLASSES]:
        terms = ", ".join(term.term for term in one.terms)
        print_sentence(console, f"most telling of {one.of}: {terms or 'nothing stands out'}")
    if len(exploration.telling) > PRINTED_CLASSES:
        print_sentence(
            console, f"Of {len(exploration.telling)} classes, {PRINTED_CLASSES} are shown; the files have all."
        )
    for sentence in sentences(exploration):
        print_sentence(console, sentence)


def _first(frame: pd.DataFrame) -> pd.DataFrame:
    """The first rows of a table of classes, and the last, which is of all of them."""
    return frame if len(frame) <= PRINTED_CLASSES else pd.concat([frame.iloc[: PRINTED_CLASSES - 1], frame.iloc[-1:]])


def truncation_table(exploration: Exploration) -> pd.DataFrame:
    """Tabulate, for each model that counts tokens, what it reads by default, and the share that it leaves out."""
    rows = []
    for one in exploration.tokens:
        cut = next((t for t in one.truncation if t.limit == one.reads), None)
        if one.quantiles:
            rows.append(
                {
                    "model": one.model,
                    "median": formats.count(one.quantiles[0]),
                    "95 %": formats.count(one.quantiles[1]),
                    "reads": formats.count(one.reads) if one.reads else "all",
                    "texts cut": formats.percent(cut.texts_cut) if cut else "none",
                    "tokens unread": formats.percent(cut.tokens_cut) if cut else "none",
                }
            )
    return pd.DataFrame(rows)


def sentences(exploration: Exploration) -> list[str]:
    """The remarks to read before training."""
    train, test = exploration.splits[0], exploration.splits[-1]
    largest = max(range(len(train.by_class)), key=lambda i: test.by_class[i])
    found = [
        f"Naming the most common class of the test texts, {exploration.classes[largest]}, would be right in "
        f"{formats.percent(test.by_class[largest] / test.texts)} of them: the accuracy to beat."
    ]
    smallest = min(train.by_class)
    if smallest * 4 < max(train.by_class):
        name = exploration.classes[train.by_class.index(smallest)]
        found.append(
            f"The classes are out of balance: {smallest:,} of the training texts are of {name}, "
            f"{max(train.by_class):,} of the largest class; look at macro-F1 beside accuracy."
        )
    found.append(f"{exploration.leaked:,} of {test.texts:,} test texts also occur in training or validation.")
    if exploration.near_duplicates is None:
        found.append("Near-duplicates were not looked for.")
    else:
        found.append(
            f"{exploration.near_duplicates:,} of {test.texts:,} test texts are near-duplicates of training or "
            "validation texts, exact ones included."
        )
    return [*found, *exploration.notes]


def counts_table(exploration: Exploration) -> pd.DataFrame:
    """Texts of each class in each split, with their share of it."""
    rows = [
        {"class": name}
        | {
            split.name: f"{split.by_class[i]:,} ({formats.percent(split.by_class[i] / split.texts)})"
            for split in exploration.splits
        }
        for i, name in enumerate(exploration.classes)
    ]
    return pd.DataFrame([*rows, {"class": "all"} | {split.name: f"{split.texts:,}" for split in exploration.splits}])


def lengths_table(exploration: Exploration) -> pd.DataFrame:
    """Quantiles of the lengths in words."""
    return pd.DataFrame([_lengths_row(one) for one in exploration.lengths])


def tokens_table(exploration: Exploration) -> pd.DataFrame:
    """For each model, tokens of a text, and what truncation leaves out: texts cut, and tokens never seen."""
    rows = []
    for one in exploration.tokens:
        row = {"model": one.model, "reads by default": formats.count(one.reads) if one.reads else "all"}
        if one.note:
            row["note"] = one.note
        else:
            row |= dict(zip(("median", "95 %", "longest"), map(formats.count, one.quantiles), strict=True))
            row |= {
                f"cut at {t.limit}: texts, tokens": f"{formats.percent(t.texts_cut)}, {formats.percent(t.tokens_cut)}"
                for t in one.truncation
            }
        rows.append(row)
    frame = pd.DataFrame(rows)
    names = [str(name) for name in frame.columns if str(name).startswith("cut at")]
    cuts = sorted(names, key=lambda name: int(name.split()[2][:-1]))
    first = [name for name in ("model", "reads by default", "median", "95 %", "longest") if name in frame]
    return frame[[*first, *cuts, *(["note"] if "note" in frame else [])]].fillna(formats.NOT_MEASURED)


def telling_table(exploration: Exploration, of: str) -> pd.DataFrame:
    """The most telling terms of a class."""
    (terms,) = (one.terms for one in exploration.telling if one.of == of)
    return pd.DataFrame(
        [
            {
                "term": term.term,
                "z": formats.decimal(term.z, 1),
                f"texts of {formats.plain(of)}": formats.count(term.inside),
                "other texts": formats.count(term.outside),
            }
            for term in terms
        ]
    )


def oddities_table(exploration: Exploration) -> pd.DataFrame:
    """Kinds of odd texts, and how many there are."""
    return pd.DataFrame(
        [{"texts with": one.what, "how many": formats.count(one.count)} for one in exploration.oddities]
    )


def length_figure(exploration: Exploration) -> Drawing:
    """Shares of the training texts by length, a line for each class where these are few."""
    histogram = exploration.histogram
    counts = np.array(histogram.by_class, dtype=np.float64)
    names = exploration.classes
    if len(names) > NAMED_CLASSES:
        counts, names = counts.sum(axis=0, keepdims=True), ["all classes"]
    looks: list[Style] = [{"color": SERIES[i], "marker": "none"} for i in range(len(names))]
    with mpl.rc_context(RC):
        axes = panel(
            "Length of the training texts",
            "percent of a class's texts, by length",
            legend=list(zip(names, looks, strict=True)),
        )
        for share, look in zip(100 * counts / np.maximum(counts.sum(axis=1, keepdims=True), 1), looks, strict=True):
            axes.stairs(share, histogram.edges, color=look["color"], linewidth=1.6)
        log_axis(axes)
        axes.set_xlabel("words")
        axes.set_ylim(bottom=0)
        words = "; ".join(
            f"{one.of.removeprefix('training, ')}: median {one.quantiles[3]:g} words" for one in exploration.lengths[3:]
        )
        return draw(axes, "lengths", "Length of the training texts", words)


def _tables(exploration: Exploration) -> dict[str, pd.DataFrame]:
    return {
        "counts": counts_table(exploration),
        "lengths": lengths_table(exploration),
        "tokens": tokens_table(exploration),
        "oddities": oddities_table(exploration),
    }


def _lengths_row(one: Lengths) -> dict[str, str]:
    names = ("shortest", "5 %", "25 %", "median", "75 %", "95 %", "99 %", "longest")
    return {
        "texts": one.of,
        **{name: formats.count(words) for name, words in zip(names, one.quantiles, strict=True)},
        "mean": formats.count(one.mean),
    }
