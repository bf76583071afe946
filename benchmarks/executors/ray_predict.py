"""Labels the texts in a folder of Parquet files on the machines of a Ray cluster that share its file system."""

import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import ray
import ray.data

from benchmarks.executors.cluster import alive_machines, capacity, claim
from benchmarks.inference.folder import Job, Outcome
from benchmarks.inference.saved import Found, Saved
from benchmarks.store.packing import Files
from models.model import Runtime


def label_on_ray(job: Job, names: Sequence[str], found: Found, runtime: Runtime) -> Iterator[Outcome]:
    """Stream file names through Ray Data to labellers that hold the model, one on each machine, or on each GPU.

    Only names and outcomes move; texts are read and labels written by the labellers, a block at a time. A file whose
    machine is lost goes to another one.

    Args:
        job: the folder; all machines see it at the same path.
        names: files of it.
        found: the model.
        runtime: device and precision.
    """
    claimed = claim(runtime.device, alive_machines())
    most = max(1, min(len(names), capacity(claimed, alive_machines())))
    paths = [path for path in found.folder.rglob("*") if path.is_file()]
    model = {path.relative_to(found.folder).as_posix(): path.read_bytes() for path in paths}
    ray.data.DataContext.get_current().enable_progress_bars = False
    files = ray.data.from_items([{"name": name} for name in names], override_num_blocks=len(names))
    labeller: Any = Labeller  # Ray makes the objects; its types know functions only
    outcomes = files.map(
        labeller,
        fn_constructor_args=(job, ray.put(model), found.saved, runtime),
        compute=ray.data.ActorPoolStrategy(min_size=1, max_size=most, max_tasks_in_flight_per_actor=1),
        num_cpus=claimed["num_cpus"],
        num_gpus=claimed["num_gpus"],
    )
    for row in outcomes.iter_rows():
        yield Outcome(**row)


class Labeller:
    """Holds the model on one machine."""

    def __init__(self, job: Job, model: "ray.ObjectRef[Files]", saved: Saved, runtime: Runtime) -> None:
        self._job = job
        with tempfile.TemporaryDirectory(prefix="benchmarks-") as folder:
            for name, content in ray.get(model).items():
                (Path(folder) / name).parent.mkdir(parents=True, exist_ok=True)
                (Path(folder) / name).write_bytes(content)
            self._classifier = Found(Path(folder), saved, "sent").load(runtime.device, runtime.precision)

    def __call__(self, row: dict[str, str]) -> dict[str, str | int]:
        """Label one file."""
        outcome = self._job.label(row["name"], self._classifier)
        return {"name": outcome.name, "rows": outcome.rows, "error": outcome.error}
