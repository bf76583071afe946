"""The report of a run that is still going on, written again after each cell."""

from collections.abc import Callable
from pathlib import Path
from time import monotonic

from benchmarks.redaction import plain

LONGEST = 2.0
"""Seconds; a report that takes longer is written less often."""

PAUSE = 10.0
"""Times the seconds of such a report that pass before the next one, so that it takes a tenth of the run at most."""


class LiveReport:
    """Writes the report of a results folder while its cells run.

    It has the first figure only, and says how many cells have ended. Whatever goes wrong with it, the run goes on.
    """

    def __init__(self, folder: Path, planned: int, say: Callable[[str], None]) -> None:
        """Write into `folder`, for a run of `planned` cells; `say` shows a line."""
        self._folder, self._planned, self._say = folder, planned, say
        self._next = 0.0

    def __call__(self, done: int) -> None:
        """Write the report after `done` cells, unless the last one took too long and was too recent."""
        if monotonic() < self._next:
            return
        try:
            seconds = self._write(done)
        except Exception as error:  # noqa: BLE001  (a fault of the report must not end the run)
            self._say(plain(f"no report until the run has ended: {type(error).__name__}: {error}"))
            self._next = float("inf")
            return
        self._next = monotonic() + (PAUSE * seconds if seconds > LONGEST else 0.0)

    def _write(self, done: int) -> float:
        """Seconds that it took, without those of the imports, which only the first one needs."""
        from reports.analysis.results import read_results
        from reports.analysis.run_analysis import analyse
        from reports.figures.draw import first_figures, write_figures
        from reports.render.html import write_html
        from reports.render.markdown import write_markdown
        from reports.render.progress import Progress

        start = monotonic()
        progress = Progress(done, self._planned)
        analysis = analyse(read_results(self._folder))
        drawings = first_figures(analysis)
        write_figures(self._folder, drawings)
        write_markdown(self._folder, analysis, drawings, progress=progress)
        write_html(self._folder, analysis, drawings, progress)
        return monotonic() - start
