"""What a sweep costs beside its cells: cells that do nothing, through the real scheduler, store and processes.

python tests/performance/no_op_sweep.py local 10000
python tests/performance/no_op_sweep.py ray 10000        # a cluster of two machines, both of them on this one
"""

import io
import os
import sys
import tempfile
import time
from pathlib import Path

from rich.console import Console

sys.path.insert(0, str(Path(__file__).parents[2]))
sys.path.insert(0, str(Path(__file__).parents[1] / "benchmarks"))
os.environ["PYTHONPATH"] = os.pathsep.join(sys.path[:2])

from cells_of_tests import nothing

from benchmarks.cell import CellSpec
from benchmarks.display import Display
from benchmarks.memory import peak_host_memory
from benchmarks.runner import LocalExecutor
from benchmarks.store import Store
from benchmarks.sweep import sweep


def main(executor: str, cells: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        store = Store(Path(folder))
        specs = [no_op(seed) for seed in range(cells)]
        (store.folder / "data").mkdir()
        store.data_path(specs[0].data_fingerprint).touch()
        store.data_path(specs[0].data_fingerprint).with_suffix(".json").touch()
        chosen = LocalExecutor(store, nothing) if executor == "local" else on_ray(store)
        next(chosen.run([no_op(cells)], lambda spec, done, total: None))  # what starts once is not a cell's cost
        before = peak_host_memory()
        began = time.monotonic()
        with Display(Console(file=io.StringIO()), specs) as display:
            outcomes = sweep(specs, store, chosen, display)
        seconds = time.monotonic() - began
    print(
        f"{executor}: {outcomes['ok']:,} of {cells:,} no-op cells in {seconds:.1f} s, "
        f"{1e3 * seconds / cells:.1f} ms each; "
        f"peak memory of the parent {before / 2**20:.0f} MiB at the start, {peak_host_memory() / 2**20:.0f} at the end"
    )


def no_op(seed: int) -> CellSpec:
    return CellSpec(
        dataset="none", data_fingerprint="0" * 64, train_size=1, valid_size=1, test_size=1, model="none",
        model_params={}, loss="none", loss_params={}, seed=seed, device="cpu", precision="fp32", code_version="0",
    )  # fmt: skip


def on_ray(store: Store):
    from ray.cluster_utils import Cluster

    from benchmarks.ray_executor import RayExecutor, connect

    machine = {"num_cpus": 1, "object_store_memory": 80 * 2**20, "include_dashboard": False}
    cluster = Cluster(initialize_head=True, head_node_args=machine)
    cluster.add_node(**machine)
    connect(cluster.address)
    return RayExecutor(store, nothing)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
