"""What does it cost?"""

from collections.abc import Mapping
from typing import TYPE_CHECKING

import pandas as pd

from benchmarks.schema.engines import TIE
from reports.analysis.cascades import cascades
from reports.analysis.cost import Ladder
from reports.analysis.limit import limits
from reports.analysis.run_analysis import Analysis
from reports.render.blocks import Bullets, Figures, Item, Section, Table, Text, bullets, first, group, section
from reports.render.engine_tables import ARRIVALS, BATCHES, SUMMARY

if TYPE_CHECKING:
    from reports.figures.draw import Gallery

MOST_STEPS = 20


def cost(analysis: Analysis, tables: Mapping[str, pd.DataFrame], drawings: "Gallery | None") -> Section:
    """Training and labelling times, memory, size, energy and price, and this machine's own limit."""
    results = analysis.results
    price = results.price_per_hour
    prices = "" if price is None else f", and prices of a machine that costs {price} an hour"
    return section(
        "cost",
        "What does it cost?",
        [
            group("", [Bullets(tuple(map(_item, analysis.ladders)))]),
            group("Cascades", [bullets(one.sentence for one in cascades(analysis.evidence))]),
            group(
                "Training and labelling",
                [
                    Figures(
                        (*getattr(drawings, "training_cost", ()), *getattr(drawings, "inference_cost", ())),
                    ),
                    Table(
                        "Medians of raw readings, training times with their range; a rank is the range of places that "
                        "the intervals of all ratios leave",
                        tables["throughput"],
                    ),
                ],
            ),
            group(
                "Memory, energy and price",
                [
                    Table(f"Memory, size and energy{prices}", tables["size"]),
                    bullets(f"Energy: {source}" for source in results.energy_sources),
                ],
            ),
            group(
                "Engines and load tests",
                [
                    Table(
                        "Exported networks beside the same ones in torch. Exact: torch's class on every row but those "
                        f"whose two likeliest classes are less than {TIE:g} apart; such an engine stands in the "
                        "first table with torch's accuracy. Times torch: the ratio to torch's rate from text to label "
                        "within a turn; geometric mean over turns with its 95 % interval",
                        tables["engines"],
                    ),
                    Table(SUMMARY, tables["load"]),
                ],
            ),
            group(
                "Trials of the load tests",
                [Table(BATCHES, tables["load_batches"]), Table(ARRIVALS, tables["load_arrivals"])],
                folded=True,
            ),
            group(
                "Against this machine's own limit",
                [
                    Text(limits(results).sentence, warning=True),
                    Table(
                        "Best matrix product and memory bandwidth that this machine gave before or after the cells",
                        tables["ceilings"],
                    ),
                    Table("Tokens, padding, and the share of that matrix product", tables["limit"]),
                ],
                folded=True,
            ),
        ],
    )


def _item(ladder: Ladder) -> Item:
    return Item(ladder.sentence, tuple(first([step.sentence for step in ladder.steps], MOST_STEPS)))
