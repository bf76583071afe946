"""What a sweep costs beside its cells: cells that do nothing, through the real scheduler, store and processes.

    python tests/performance/no_op_sweep.py local 10000
    python tests/performance/no_op_sweep.py ray 10000        # a cluster of two machines, both of them on this one

Prints seconds per cell and the peak memory of the process that sweeps, for the sweep and for one that finds all done.
"""

import io
import os
import sys
import tempfile
import time
from pathlib import Path

import pandas as pd
from rich.console import Console

sys.path.insert(0, str(Path(__file__).parents[2]))
os.environ["PYTHONPATH"] = os.pathsep.join(sys.path[:2])  # and this folder: Ray's processes import this file, too

from benchmarks.executors.local import LocalExecutor
from benchmarks.measurement.memory import peak_host_memory
from benchmarks.runs.display import Display
from benchmarks.runs.sweep import sweep
from benchmarks.schema.cell import CellSpec
from benchmarks.schema.result import CellResult
from benchmarks.store.results import Store

FINGERPRINT = "0" * 64
PREDICTIONS = {"row": [0], "label": [0], "length": [1], "probability_0": [0.5], "probability_1": [0.5]}
PRELOAD = ["benchmarks.runs.display", "benchmarks.executors.local", "no_op_sweep", "pandas", "pyarrow.parquet"]


def no_op(spec, store, progress):
    store.write_result(CellResult(spec=spec, status="ok", metrics={"accuracy": 0.5}), pd.DataFrame(PREDICTIONS))


def no_op_spec(seed: int) -> CellSpec:
    params = {"epochs": 3, "batch_size": 32, "lr": 1e-3, "encoder": "minilm"}
    return CellSpec(
        dataset="none", data_fingerprint=FINGERPRINT, train_size=1, valid_size=1, test_size=1, model="no_op",
        model_params=params, loss="none", loss_params={}, seed=seed, device="cpu", precision="fp32", code_version="0",
    )  # fmt: skip


def main(where: str, cells: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        store, specs = Store(Path(folder)), [no_op_spec(seed) for seed in range(int(cells))]
        store.create()
        data = store.data_path(FINGERPRINT)
        data.parent.mkdir()
        data.touch()
        data.with_suffix(".json").touch()
        executor = LocalExecutor(store, no_op, PRELOAD) if where == "local" else on_ray(store)
        for _ in executor.run([no_op_spec(len(specs))], lambda spec, done, total: None):
            pass  # what starts once is not a cell's cost
        print(f"peak memory before: {peak_host_memory() / 1e6:.0f} MB", flush=True)
        for what in ("run", "found done"):
            began, began_own = time.monotonic(), time.process_time()
            with Display(Console(file=io.StringIO()), specs) as display:
                outcomes = sweep(specs, store, executor, display)
            each, own = ((now - then) / len(specs) * 1e3 for now, then in (
                (time.monotonic(), began), (time.process_time(), began_own),
            ))  # fmt: skip
            print(
                f"{where}, {what}: {dict(outcomes)}; {each:.1f} ms per cell, {own:.1f} ms of it this process's own; "
                f"peak memory {peak_host_memory() / 1e6:.0f} MB",
                flush=True,
            )


def on_ray(store: Store):
    from ray.cluster_utils import Cluster

    from benchmarks.executors.cluster import connect
    from benchmarks.executors.ray import RayExecutor

    machine = {"num_cpus": 1, "object_store_memory": 80 * 2**20, "include_dashboard": False}
    cluster = Cluster(initialize_head=True, head_node_args=machine)
    cluster.add_node(**machine)
    connect(cluster.address)
    return RayExecutor(store, no_op, PRELOAD)


if __name__ == "__main__":
    from no_op_sweep import main as sweep_no_ops  # by its name: the cells' processes import it so

    sweep_no_ops(*sys.argv[1:])
