"""The result of a run, as numeric data frames."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from benchmarks.inference.saved import Classifier, load_model
from reports.analysis.comparisons import Comparison
from reports.analysis.results import read_results
from reports.analysis.run_analysis import Analysis, analyse
from reports.render.cells_csv import cell_figures

if TYPE_CHECKING:
    from matplotlib.axes import Axes


@dataclass(frozen=True)
class Result:
    """A results folder.

    Attributes:
        folder: the folder, with `report.html` and `report.md`.
    """

    folder: Path

    @cached_property
    def cells(self) -> pd.DataFrame:
        """One row per cell: status, accuracy, seconds and rates, in full precision; the columns of `cells.csv`."""
        return cell_figures(self._analysis.results)

    @cached_property
    def accuracy(self) -> pd.DataFrame:
        """One row per configuration, the best first.

        Columns: model, loss, train_size, trainings, accuracy, low and high (95 % interval), covers (what the interval
        is over), may_be_best (whether no other model of its size is shown to be better; missing for other losses).
        """
        rows = [
            {
                "model": one.configuration.model,
                "loss": one.configuration.loss,
                "train_size": one.configuration.train_size,
                "trainings": len(one.configuration.cells),
                "accuracy": one.value,
                "low": one.interval.low,
                "high": one.interval.high,
                "covers": one.estimand.covers,
                "may_be_best": self._may_be_best.get(one.configuration.key),
            }
            for one in self._analysis.accuracies
        ]
        frame = pd.DataFrame(rows, columns=list(rows[0]) if rows else ["model", "accuracy", "low", "high"])
        return frame.sort_values("accuracy", ascending=False, ignore_index=True)

    @cached_property
    def comparisons(self) -> pd.DataFrame:
        """One row per comparison of two configurations on the same test rows.

        Columns: family ("primary" comparisons have simultaneous intervals and verdicts of the report, "exploratory"
        ones stand alone), train_size, first, first_loss, second, second_loss, difference (first less second, a share),
        low and high (95 % interval), verdict on the first, claim (what it is about).
        """
        columns = ["family", "train_size", "first", "first_loss", "second", "second_loss", "difference", "low", "high"]
        return pd.DataFrame(list(self._comparison_rows()), columns=[*columns, "verdict", "claim"])

    def plot(self, axes: "Axes | None" = None) -> "Axes":
        """Draw the accuracies with their intervals.

        Args:
            axes: to draw on; None makes a figure.
        """
        from matplotlib import pyplot

        frame = self.accuracy.iloc[::-1]
        if axes is None:
            _, axes = pyplot.subplots(figsize=(7, 1 + 0.4 * len(frame)), layout="constrained")
        names = [f"{row.model}, {row.loss}, {row.train_size:,}" for row in frame.itertuples()]
        sides = frame["accuracy"] - frame["low"], frame["high"] - frame["accuracy"]
        reach = [100 * side.clip(lower=0) for side in sides]  # rounding may leave -1e-16
        axes.errorbar(100 * frame["accuracy"], names, xerr=reach, fmt="o", capsize=3)
        axes.set_xlabel("accuracy on test texts (%), 95 % interval")
        axes.grid(axis="x", alpha=0.3)
        return axes

    def best(self, cells: str = "*", device: str = "auto") -> Classifier:
        """Load the model that is the best on validation, by accuracy or by the metric of the run.

        Args:
            cells: choose among the cells whose id matches this glob, such as "lstm-*".
            device: "auto", "cpu" or "cuda".

        Raises:
            UsageError: no cell ended ok, or none matches.
        """
        return load_model(self.folder, cells=cells, device=device)

    @cached_property
    def _analysis(self) -> Analysis:
        return analyse(read_results(self.folder))

    @cached_property
    def _may_be_best(self) -> dict[str, bool]:
        found: dict[str, bool] = {}
        for best in self._analysis.primary.best.values():
            candidates = {one.configuration.key for one in best.candidates} if best.learnt else set()
            found |= {key: key in candidates for key in (*best.behind, best.top.configuration.key)}
        return found

    def _comparison_rows(self) -> Iterator[dict[str, Any]]:
        primary = self._analysis.primary
        against_cheapest = (one for _, own in primary.against_cheapest.values() for one in own)
        for family, comparisons in (
            ("primary", (*against_cheapest, *primary.against_reference)),
            ("exploratory", self._analysis.exploratory),
        ):
            for one in comparisons:
                yield {"family": family} | _row(one)


def _row(one: Comparison) -> dict[str, Any]:
    return {
        "train_size": one.first.train_size,
        "first": one.first.model,
        "first_loss": one.first.loss,
        "second": one.second.model,
        "second_loss": one.second.loss,
        "difference": one.finding.value,
        "low": one.finding.interval.low,
        "high": one.finding.interval.high,
        "verdict": one.verdict.value,
        "claim": one.estimand.claim,
    }
