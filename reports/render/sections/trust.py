"""How far can I trust this run?"""

from collections.abc import Mapping
from typing import TYPE_CHECKING

import pandas as pd

from reports.analysis.run_analysis import Analysis
from reports.analysis.throughput import overhead_sentence
from reports.render.blocks import Block, Figures, Section, Table, Text, bullets, group, section
from reports.render.headline import warnings
from reports.render.reading import GUIDE

if TYPE_CHECKING:
    from reports.figures.draw import Gallery


def trust(analysis: Analysis, tables: Mapping[str, pd.DataFrame], drawings: "Gallery | None") -> Section:
    """Warnings, audits, failures, noise, and whether probabilities mean what they say."""
    cautions: list[Block] = [Text(sentence, warning=True) for _, sentence in warnings(analysis)]
    return section(
        "trust",
        "How far can I trust this run?",
        [
            group("", [*cautions, bullets([_ended(analysis), _resumed(analysis)])]),
            group("Cells that did not end ok", [Table("Failed, timed out, interrupted or not run", tables["not_ok"])]),
            group(
                "Audits",
                [
                    Table("Checks that run on every cell", tables["audits"]),
                    Table("What they found", tables["findings"]),
                ],
            ),
            group(
                "How much of the times is noise?",
                [
                    bullets([analysis.noise.sentence, overhead_sentence(analysis.results.ok)]),
                    Table("The same work timed twice, or two halves of the test texts", tables["noise"]),
                ],
            ),
            group(
                "Do the probabilities mean what they say?",
                [
                    Table(
                        "Temperature scaling fitted on validation: the model's own probabilities and the calibrated "
                        "ones, on test",
                        tables["calibration"],
                    ),
                    Figures(getattr(drawings, "reliability", ())),
                ],
            ),
            group(
                "How much can be labelled without a person?",
                [
                    Table(
                        "Answering only the texts that a model is surest of; thresholds are chosen on validation, "
                        'shares and accuracies are those on test, and "at least" is a 95 % lower bound. None: no '
                        "threshold is shown on validation to reach the accuracy",
                        tables["selective"],
                    ),
                    Figures(getattr(drawings, "risk_coverage", ())),
                ],
            ),
            group("What the words mean", [bullets(f"{term}: {said}" for term, said in GUIDE.items())], folded=True),
        ],
    )


def _ended(analysis: Analysis) -> str:
    ok, planned = len(analysis.results.ok), len(analysis.results.run["planned"])
    rest = "." if ok == planned else "; the others are listed below."
    return f"{ok} of {planned} planned cells ended ok{rest}"


def _resumed(analysis: Analysis) -> str:
    if not analysis.results.resumed:
        return ""
    return (
        f"Cells whose training was interrupted and went on from a checkpoint: {analysis.results.resumed}. Their "
        "seconds to fit are the sum of the parts, without what was lost; their memory is that of the last part."
    )
