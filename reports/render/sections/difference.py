"""Is the difference real?"""

from collections.abc import Mapping
from typing import TYPE_CHECKING

import pandas as pd

from reports import formats
from reports.analysis.metric_figures import METRICS
from reports.analysis.run_analysis import Analysis
from reports.render import recommendation_words as words
from reports.render.blocks import Figures, Section, Table, Text, bullets, first, group, section
from reports.render.class_tables import MOST_CLASSES, lowest_recall
from reports.render.headline import caveats, family, headlines

if TYPE_CHECKING:
    from reports.figures.draw import Gallery

MOST_REASONS = 20

BY_SIZE = (
    "The most accurate of each training size, by comparisons of its own (see below), which may leave open what the "
    "list above decides, and the reverse:"
)


def difference(analysis: Analysis, tables: Mapping[str, pd.DataFrame], drawings: "Gallery | None") -> Section:
    """Verdicts with their intervals, accuracies, and how both change with more training texts."""
    found = analysis.recommendation
    reasons = [words.reason(one, found) for one in found.candidates] if found else []
    notes = words.notes(found) if found else ["No cell ended ok: there is nothing to compare."]
    tolerance = words.amount(found, found.question.tolerated) if found else ""
    compared = analysis.primary.size > 0
    best = [headline.sentence for headline in headlines(analysis)]
    return section(
        "difference",
        "Is the difference real?",
        [
            group(
                "",
                [
                    Text(f"At a tolerance of {tolerance}:" if reasons else ""),
                    bullets(first(reasons, MOST_REASONS)),
                    Text(BY_SIZE if best and reasons else ""),
                    bullets(best),
                    Text("What these figures rest on:" if best and reasons else ""),
                    bullets([*notes, *caveats(analysis)]),
                    bullets(lowest_recall(analysis)),
                ],
            ),
            group(
                f"By {METRICS[analysis.leading.name].name}" if len(tables["metric"]) else "",
                [
                    Table(
                        "All models, with 95 % intervals; those of differences hold together (multiple comparisons "
                        "with the best)",
                        tables["metric"],
                    )
                ],
            ),
            group(
                "Accuracy",
                [
                    Table("Percent of the test texts that are right, with the 95 % interval", tables["accuracy"]),
                    Figures(getattr(drawings, "accuracy", ()), everywhere=False),
                ],
            ),
            group(
                "Against the cheapest and the best",
                [
                    Text(family(analysis) if compared else "There are no two models to compare."),
                    Table("Each model against the cheapest of its training size", tables["primary"]),
                    Table(
                        "How far each model may be behind the best of its training size, within this family; the first "
                        "table compares all candidates, by a method of its own, and decides",
                        tables["best"],
                    ),
                ],
            ),
            group(
                "All other pairs (exploratory)",
                [
                    Table(
                        "The most accurate models of a loss and training size, in pairs; each interval and p-value by "
                        "itself",
                        tables["exploratory"],
                    )
                ],
                folded=True,
            ),
            group(
                "Do more training texts change the order?",
                [
                    bullets(f"{crossing.loss}: {crossing.sentence}" for crossing in analysis.crossings),
                    Figures(getattr(drawings, "learning_curves", ())),
                ],
            ),
            group(
                "Each class",
                [
                    Table(
                        "Share of the texts of each class that each model finds, in its most accurate configuration; "
                        f"of more than {MOST_CLASSES} classes, the hardest (all are in classes.csv)",
                        tables["recall"],
                    )
                ],
            ),
            group("Other metrics", [Table("Means over trainings, on all test texts", tables["quality"])]),
            group("", [Text(_left_out(analysis))]),
        ],
    )


def _left_out(analysis: Analysis) -> str:
    """State which results of the folder are not of this run."""
    unplanned = analysis.results.unplanned
    if not unplanned:
        return ""
    results = "1 result" if unplanned == 1 else f"{formats.count(unplanned)} results"
    return f"Left out: {results} in the folder that this run does not plan (other data, settings, device or code)."
