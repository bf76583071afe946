"""A run of many cells takes no more memory than one of few."""

import gc
import tracemalloc

import psutil
from rich.console import Console

from benchmarks.executors.local import LocalExecutor
from benchmarks.executors.select import PRELOAD
from benchmarks.runs.display import Display
from benchmarks.runs.sweep import sweep
from benchmarks.schema.measurements import Measurement
from benchmarks.schema.result import CellResult


class Instant:
    """An executor whose cells are done at once, with a result of some 100 kB."""

    def run(self, specs, progress):
        for spec in specs:
            progress(spec, 1, 1)
            readings = [float(number) for number in range(1, 2_001)]
            measurement = Measurement(phase="fit", examples=[1] * 2_000, tokens=[], seconds=readings)
            yield CellResult(spec=spec, status="failed", measurements=[measurement])


def test_results_are_not_kept(store, make_spec, tmp_path):
    held = []
    for cells in (10, 200):
        specs = [make_spec(seed=seed) for seed in range(cells)]
        with (tmp_path / "log").open("w") as file, Display(Console(file=file), specs) as display:
            tracemalloc.start()
            before = tracemalloc.get_traced_memory()[0]
            assert sweep(specs, store, Instant(), display) == {"failed": cells}
            gc.collect()
            held.append(tracemalloc.get_traced_memory()[0] - before)
            tracemalloc.stop()
    assert held[1] - held[0] < 1_000_000  # kept, 190 results would take 20 MB


def test_cells_leave_nothing_in_the_process_that_starts_them(store, make_spec):
    """Processes that do nothing at all: what grows is what this one would keep of each."""
    executor = LocalExecutor(store, print, PRELOAD)
    this = psutil.Process()
    sizes, files = [], []
    for cells in (5, 30):
        for seed in range(cells):
            (result,) = executor.run([make_spec(seed=seed)], lambda spec, done, total: None)
            assert result.status == "crashed"
        gc.collect()
        sizes.append(this.memory_info().rss)
        files.append(this.num_fds())
    assert sizes[1] - sizes[0] < 3_000_000
    assert files[1] <= files[0]
