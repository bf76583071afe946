"""The tables of a page in Markdown."""

import re

import pandas as pd


def page_tables(text):
    """The tables of a page, in their order, every cell as text."""
    blocks = re.findall(r"(?:^\|.*\|\n)+", f"{text}\n", re.MULTILINE)
    split = [[[cell.strip() for cell in line.strip("|").split("|")] for line in b.splitlines()] for b in blocks]
    return tuple(pd.DataFrame(rows[2:], columns=rows[0]) for rows in split)
