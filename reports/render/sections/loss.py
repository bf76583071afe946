"""Does the loss matter?"""

from collections.abc import Mapping
from typing import TYPE_CHECKING

import pandas as pd

from reports import formats
from reports.analysis.run_analysis import Analysis
from reports.render.blocks import Figures, Section, Table, Text, bullets, group, section

if TYPE_CHECKING:
    from reports.figures.draw import Gallery


def loss(analysis: Analysis, tables: Mapping[str, pd.DataFrame], drawings: "Gallery | None") -> Section:
    """Other losses against the reference loss, by length and by class, and accuracy by the length of the texts."""
    effects = [
        f"{effect.comparison.first.model}, {formats.count(effect.comparison.first.train_size)} training texts: "
        f"{effect.verdict}"
        for effect in analysis.length_effects
    ]
    return section(
        "loss",
        "Does the loss matter?",
        [
            group("", [bullets(effects or ["Only one loss ran, so this run does not say."])]),
            group(
                "Against cross-entropy",
                [
                    Table(
                        "Accuracy with the loss less that with cross-entropy (ce), in points, with the interval of the "
                        "family, for the same model and training texts",
                        tables["length"],
                    ),
                    Table(
                        "The same within each quartile of the training lengths; exploratory, each interval by itself",
                        tables["bucket_effects"],
                    ),
                    Table(
                        "The same within each of the ten most frequent classes: recall with the loss less that with "
                        "cross-entropy; exploratory, each interval by itself",
                        tables["class_effects"],
                    ),
                ],
            ),
            group(
                "Accuracy by length",
                [
                    bullets(one.sentence for one in analysis.unread),
                    Table("Accuracy within each bucket of length, and what was not read", tables["buckets"]),
                    Figures(getattr(drawings, "lengths", ())),
                    Text(getattr(drawings, "not_drawn", "")),
                ],
            ),
        ],
    )
