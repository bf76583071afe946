"""The critical-difference diagram (Demsar 2006): mean ranks on a line, and bars over those not shown to differ."""

from collections.abc import Sequence

import matplotlib as mpl
import numpy as np

from reports.analysis.rank_tests import RankTests, cliques
from reports.figures.canvas import draw, panel
from reports.figures.svg import INK, MUTED, RC, SERIES, Drawing, shortened

ROW, STEP = 18.0, 0.09
"""Points of a contender's row; distance of the bars, in rows of the line."""


def critical_difference_diagram(names: Sequence[str], tests: RankTests) -> Drawing | None:
    """The diagram of the contenders, best first; None where no critical difference is known.

    Args:
        names: of the contenders, in the order of the tests.
        tests: over the datasets.
    """
    if np.isnan(tests.critical_difference):
        return None
    bars = cliques(list(tests.ranks), tests.critical_difference)
    lines = len(names) + len(bars) + 2
    with mpl.rc_context(RC):
        axes = panel(
            f"Mean ranks over {tests.datasets} datasets",
            f"1 is the best; a bar joins contenders not shown to differ (CD {tests.critical_difference:.2f})",
            height=ROW * lines,
            left=150,
        )
        axes.set_xlim(1, len(names))
        axes.set_ylim(lines - 0.5, -0.5)
        for row, bar in enumerate(bars):
            ends = [float(tests.ranks[index]) for index in (bar[0], bar[-1])]
            axes.plot(ends, [row, row], color=INK, linewidth=4, solid_capstyle="round")
        first = len(bars) + 1
        for row, rank in enumerate(tests.ranks, start=first):
            axes.plot([1, float(rank)], [row, row], color=MUTED, linewidth=0.7)
            axes.plot([float(rank)], [row], color=SERIES[0], marker="o", linestyle="none")
            axes.annotate(f"{rank:.2f}", (float(rank), row), xytext=(6, -4), textcoords="offset points", color=INK)
        axes.set_yticks(range(first, first + len(names)), [shortened(name, 24) for name in names])
        axes.set_xlabel("mean rank")
        axes.grid(visible=False, axis="y")
        words = ", ".join(f"{name} {rank:.2f}" for name, rank in zip(names, tests.ranks, strict=True))
        groups = "; ".join(" and ".join(names[index] for index in bar) for bar in bars) or "none"
        return draw(
            axes,
            "critical-difference",
            "Critical-difference diagram",
            f"Mean ranks: {words}. Not shown to differ: {groups}.",
        )
