"""The reports of runs that are still going on, written again after each cell."""

from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from time import monotonic

from benchmarks.redaction import plain

LONGEST = 2.0
"""Seconds; a report that takes longer is written less often."""

PAUSE = 10.0
"""Times the seconds of such a report that pass before the next one, so that it takes a tenth of the run at most."""


class LiveReport:
    """Writes the reports of results folders while their cells run.

    They have the first figure only, and say how many cells have ended. Whatever goes wrong with them, the run goes on.
    """

    def __init__(self, planned: Mapping[Path, int], say: Callable[[str], None]) -> None:
        """Write into each results folder of `planned`, which gives its number of cells; `say` shows a line."""
        self._planned, self._say = planned, say
        self._next = 0.0

    def __call__(self, folder: Path, done: int) -> None:
        """Write the report of `folder` after `done` of its cells, unless the last one was slow and recent."""
        if monotonic() < self._next:
            return
        try:
            seconds = self._write(folder, done)
        except Exception as error:  # noqa: BLE001  (a fault of the report must not end the run)
            self._say(plain(f"no report until the run has ended: {type(error).__name__}: {error}"))
            self._next = float("inf")
            return
        self._next = monotonic() + (PAUSE * seconds if seconds > LONGEST else 0.0)

    def _write(self, folder: Path, done: int) -> float:
        """Seconds that it took, without those of the imports, which only the first one needs."""
        from reports.analysis.results import read_results
        from reports.analysis.run_analysis import analyse
        from reports.figures.draw import first_figures, write_figures
        from reports.render.html import write_html
        from reports.render.markdown import write_markdown
        from reports.render.progress import Progress

        start = monotonic()
        progress = Progress(done, self._planned[folder], datetime.now().astimezone())
        analysis = analyse(read_results(folder))
        drawings = first_figures(analysis)
        write_figures(folder, drawings)
        write_markdown(folder, analysis, drawings, progress=progress)
        write_html(folder, analysis, drawings, progress)
        return monotonic() - start
