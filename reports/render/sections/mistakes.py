"""What are its mistakes?"""

from collections.abc import Mapping
from typing import TYPE_CHECKING

import pandas as pd

from reports.analysis.mistakes import Mistakes
from reports.render.blocks import Excerpts, Figures, Section, Table, Text, group, section

if TYPE_CHECKING:
    from reports.figures.draw import Gallery


def mistakes_section(
    mistakes: tuple[Mistakes, ...] | None, tables: Mapping[str, pd.DataFrame], drawings: "Gallery | None"
) -> Section:
    """Confusions of classes, and the texts that models get most confidently wrong."""
    return section(
        "mistakes",
        "What are its mistakes?",
        [
            group("Most confidently wrong", [Text(_introduction(mistakes)), Excerpts(mistakes or ())]),
            group(
                "Confusions",
                [
                    Table("The most frequent confusions of the most accurate model", tables["pairs"]),
                    Figures(getattr(drawings, "confusion", ()), everywhere=False),
                ],
            ),
        ],
    )


def _introduction(mistakes: tuple[Mistakes, ...] | None) -> str:
    if mistakes is None:
        return (
            "The texts that each model gets most confidently wrong stand in report.html, if the run's folder holds its "
            "texts."
        )
    if not mistakes:
        return "The texts of this run are not in its folder."
    return (
        "Where a label is wrong, or a text is odd, it shows here. The end of each text is shown, and the words that "
        "drove the decision: what each adds to the log-odds of the predicted class, its occurrences together. By "
        "weights, which a linear model adds up itself; by gradients, integrated from padding to the words; by erasure, "
        "the change when a word is left out."
    )
