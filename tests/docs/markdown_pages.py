"""The project's Markdown pages, as the tests read them."""

import re

import pandas as pd

from benchmarks.hardware.origin import CHECKOUT

PAGES = sorted(
    [*CHECKOUT.glob("*.md"), *(CHECKOUT / "docs").rglob("*.md"), *(CHECKOUT / ".github").rglob("*.md")],
)
BLOCK = re.compile(r"^```(?P<language>\w*)\n(?P<content>.*?)^```$", re.MULTILINE | re.DOTALL)


def blocks(path, language):
    """The code blocks of a page in a language."""
    text = path.read_text(encoding="utf-8")
    return [block["content"] for block in BLOCK.finditer(text) if block["language"] == language]


def prose(path):
    """A page without its code blocks."""
    return BLOCK.sub("", path.read_text(encoding="utf-8"))


def slug(heading):
    """The anchor of a heading, as GitHub and MkDocs make it."""
    words = re.sub(r"[`*]", "", heading.lower())
    return re.sub(r"[^\w\- ]", "", words).strip().replace(" ", "-")


def rows(path, heading):
    """The cells of the first table below a heading."""
    below = path.read_text(encoding="utf-8").split(f"## {heading}\n", 1)[1].split("\n## ")[0]
    lines = [line for line in below.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


def undescribed_columns(cells):
    """The columns of a `cells.csv` that the reference of files does not name."""
    named = " ".join(row[0] for row in rows(CHECKOUT / "docs" / "reference" / "files.md", "cells.csv"))
    patterns = [name.replace("*", r"\w+") for name in re.findall(r"`([\w*]+)`", named)]
    known = re.compile("|".join([*patterns, r"single_seconds_p\d+", r"accuracy_length_\d+"]))
    return [column for column in pd.read_csv(cells, nrows=1).columns if not known.fullmatch(column)]
