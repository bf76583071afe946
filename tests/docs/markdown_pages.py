"""The project's Markdown pages, as the tests read them."""

import re

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
