"""What the sweep itself costs: so many cells that do nothing, each in a process of its own that leaves its row.

    python tests/performance/scheduler.py FOLDER CELLS

Prints seconds per cell and the peak memory of the process that sweeps, for the sweep and for one that finds all done.
"""

import io
import sys
import time
from pathlib import Path

import pandas as pd
from rich.console import Console

from benchmarks.cell import CellResult, CellSpec
from benchmarks.display import Display
from benchmarks.memory import peak_host_memory
from benchmarks.runner import LocalExecutor
from benchmarks.store import Store
from benchmarks.sweep import sweep

NOTHING = pd.DataFrame({"row": [0], "label": [0], "length": [1], "probability_0": [0.5], "probability_1": [0.5]})


def no_op(spec, store, progress):
    store.write_result(CellResult(spec=spec, status="ok", metrics={"accuracy": 0.5}), NOTHING)


def spec(seed):
    return CellSpec(
        dataset="nothing",
        data_fingerprint="0" * 64,
        train_size=1,
        valid_size=1,
        test_size=1,
        model="no_op",
        model_params={"epochs": 3, "batch_size": 32, "lr": 1e-3, "encoder": "minilm"},
        loss="ce",
        loss_params={},
        seed=seed,
        device="cpu",
        precision="fp32",
        code_version="0",
    )


def main(folder: str, cells: str) -> None:
    store, specs = Store(Path(folder)), [spec(seed) for seed in range(int(cells))]
    store.create()
    executor = LocalExecutor(store, no_op, ["benchmarks.display", "benchmarks.runner", "pandas", "pyarrow.parquet"])
    print(f"peak memory before: {peak_host_memory() / 1e6:.0f} MB")
    for what in ("run", "found done"):
        began, began_cpu = time.perf_counter(), time.process_time()
        with Display(Console(file=io.StringIO()), specs) as display:
            outcomes = sweep(specs, store, executor, display)
        each, own = ((now - then) / len(specs) * 1e3 for now, then in (
            (time.perf_counter(), began), (time.process_time(), began_cpu),
        ))  # fmt: skip
        print(f"{what}: {dict(outcomes)}; {each:.2f} ms per cell, {own:.2f} ms of it this process's own time")
        print(f"peak memory: {peak_host_memory() / 1e6:.0f} MB")


if __name__ == "__main__":
    main(*sys.argv[1:])
