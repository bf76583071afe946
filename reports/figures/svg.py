"""Style figures and render them as SVG: the same bytes for the same data, legible on light and dark pages."""

import io
import re
import warnings
from dataclasses import dataclass
from typing import Any
from xml.etree import ElementTree

import matplotlib as mpl
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure

from reports import formats

INK, MUTED, GRID, PAPER = "#1c2024", "#60656f", "#d8dbe0", "#fefefe"
SERIES = ("#0072b2", "#c64f00", "#00795a", "#a3468a", "#8a6100", "#4a5b8c", "#5b6470", "#882255")
"""Told apart by readers who cannot see all colours: after Okabe & Ito (2008), dark enough for lines on white."""

DARK = {
    INK: "#e9ebee",
    MUTED: "#a3a9b3",
    GRID: "#363b43",
    PAPER: "#14171a",
    **dict(
        zip(
            SERIES,
            ("#56b4e9", "#ff8f4a", "#3ccf9f", "#e795cd", "#e5b340", "#a3b3ee", "#b4bdc8", "#f58bb0"),
            strict=True,
        )
    ),
}
"""What each colour becomes on dark paper."""

MARKERS = "osD^vPXp*"
"""Nine markers and eight colours: 72 series before two look the same."""

RC: dict[Any, Any] = {
    "svg.fonttype": "none",
    "text.parse_math": False,  # a dollar sign in a class name is a dollar sign
    "font.size": 11,
    "axes.titlesize": 12,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.labelsize": 11,
    "axes.labelcolor": MUTED,
    "axes.edgecolor": MUTED,
    "axes.linewidth": 0.7,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "axes.grid": True,
    "grid.color": GRID,
    "grid.linewidth": 0.7,
    "text.color": INK,
    "xtick.color": MUTED,
    "ytick.color": MUTED,
    "xtick.labelsize": 10,
    "ytick.labelsize": 10,
    "xtick.major.size": 0,
    "ytick.major.size": 0,
    "xtick.minor.size": 0,
    "legend.frameon": False,
    "legend.fontsize": 10.5,
    "lines.linewidth": 1.6,
    "lines.markersize": 7,
    "lines.markeredgewidth": 1.6,
}

SVG = "http://www.w3.org/2000/svg"
XLINK_HREF = "{http://www.w3.org/1999/xlink}href"


@dataclass(frozen=True)
class Drawing:
    """One figure.

    Attributes:
        name: its file name, without ".svg".
        title, description: in words, for those who do not see it.
        svg: an SVG element.
    """

    name: str
    title: str
    description: str
    svg: str


def shortened(text: object, length: int) -> str:
    """A text from data or users on one line of at most `length` characters."""
    line = formats.plain(text)
    return line if len(line) <= length else f"{line[: length - 1]}…"


def render(figure: Figure, name: str, title: str, description: str) -> Drawing:
    """A figure as SVG: scalable, on a transparent background, without a line of CSS.

    Styles become presentation attributes, so that a page may forbid inline styles, and colours stay plain, so that any
    program can show them; `dark_css` turns them where paper is dark.

    Args:
        figure: drawn with the colours of this module, within `matplotlib.rc_context(RC)`.
        name: letters, digits and dashes; its ids begin with it, so that several figures share a page.
        title: read out by a screen reader.
        description: the same, after the title.
    """
    FigureCanvasSVG(figure)
    content = io.BytesIO()
    with mpl.rc_context({"svg.hashsalt": name}), warnings.catch_warnings():
        # The reader's browser has the fonts of the world; matplotlib only measures with the one it brings.
        warnings.filterwarnings("ignore", message="Glyph .* missing from font")
        metadata = dict.fromkeys(("Creator", "Date", "Format", "Type"))
        figure.savefig(content, format="svg", transparent=True, metadata=metadata)
    root = ElementTree.fromstring(content.getvalue())
    _simplify(root)
    _prefix_ids(root, name)
    for tag, text in (("desc", description), ("title", title)):
        element = ElementTree.Element(f"{{{SVG}}}{tag}", {"id": f"{name}-{tag}"})
        element.text = formats.plain(text)
        root.insert(0, element)
    root.attrib |= {"role": "img", "aria-labelledby": f"{name}-title {name}-desc"}
    del root.attrib["width"], root.attrib["height"]
    ElementTree.register_namespace("", SVG)
    return Drawing(name, title, description, ElementTree.tostring(root, encoding="unicode"))


def standalone(svg: str) -> str:
    """`svg` as a file of its own, which turns with the reader's light or dark mode."""
    css = f"svg{{font-family:system-ui,sans-serif}}{dark_css()}"
    start = svg.index(">") + 1
    return f"{svg[:start]}<style>{css}</style>{svg[start:]}\n"


def dark_css() -> str:
    """The rules that turn figures' colours on dark screens."""
    rules = (
        f'[{attribute}="{light}"]{{{attribute}:{dark}}}'
        for light, dark in DARK.items()
        for attribute in ("fill", "stroke")
    )
    return f"@media screen and (prefers-color-scheme:dark){{{''.join(rules)}}}"


def _simplify(root: ElementTree.Element) -> None:
    """Styles as presentation attributes; the page's font; no white space that only indents."""
    for defs in root.findall(f"{{{SVG}}}defs"):
        for style in defs.findall(f"{{{SVG}}}style"):
            defs.remove(style)
    for element in root.iter():
        element.tail = None
        if not element.tag.endswith("}text"):
            element.text = None
        for declaration in filter(None, element.attrib.pop("style", "").split(";")):
            key, value = (part.strip() for part in declaration.split(":", 1))
            if key != "font-family":
                element.set(key, value)
        if XLINK_HREF in element.attrib:
            element.set("href", element.attrib.pop(XLINK_HREF))
        if "d" in element.attrib:
            element.set("d", " ".join(element.attrib["d"].split()))
    root.attrib |= {"stroke-linejoin": "round", "stroke-linecap": "butt"}


def _prefix_ids(root: ElementTree.Element, name: str) -> None:
    """Keep the ids that are referred to, and make them this figure's own."""
    referred = set(
        re.findall(r"#(\w+)", " ".join(v for e in root.iter() for k, v in e.items() if k in {"href", "clip-path"}))
    )
    for element in root.iter():
        if element.get("id") in referred:
            element.set("id", f"{name}-{element.get('id')}")
        else:
            element.attrib.pop("id", None)
        for key in {"href", "clip-path"} & set(element.keys()):
            element.set(key, element.attrib[key].replace("#", f"#{name}-", 1))
