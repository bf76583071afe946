"""The sections of a report, one for each question of its reader."""

from typing import TYPE_CHECKING

from reports.analysis.mistakes import Mistakes
from reports.analysis.run_analysis import Analysis
from reports.render.blocks import Section
from reports.render.sections.cost import cost
from reports.render.sections.difference import difference
from reports.render.sections.loss import loss
from reports.render.sections.mistakes import mistakes_section
from reports.render.sections.repeat import repeat
from reports.render.sections.trust import trust
from reports.render.tables import tables

if TYPE_CHECKING:  # it imports matplotlib, which not every command needs
    from reports.figures.draw import Gallery


def sections(
    analysis: Analysis, drawings: "Gallery | None" = None, mistakes: tuple[Mistakes, ...] | None = None
) -> tuple[Section, ...]:
    """All sections, in the order of reading.

    Args:
        analysis: of the run.
        drawings: its figures; None shows none.
        mistakes: texts that models get wrong, none where the folder does not hold its texts; None shows no texts.
    """
    frames = tables(analysis)
    return (
        difference(analysis, frames, drawings),
        cost(analysis, frames, drawings),
        loss(analysis, frames, drawings),
        trust(analysis, frames, drawings),
        mistakes_section(mistakes, frames, drawings),
        repeat(analysis, frames, drawings),
    )
