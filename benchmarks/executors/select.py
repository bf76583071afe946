"""The choice of an executor: this machine or a Ray cluster."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from importlib.util import find_spec

from benchmarks.errors import UsageError
from benchmarks.executors.as_planned import run_as_planned
from benchmarks.executors.executor import Executor
from benchmarks.hardware.fork_server import SERVER_ENDED, fork_server
from benchmarks.schema.cell import CellSpec
from benchmarks.schema.measurements import Ceiling
from benchmarks.store.results import Store, Stores
from models.model import Runtime

PRELOAD = (
    "benchmarks.cells.run_cell",
    "transformers.models.distilbert.modeling_distilbert",
    "sklearn.linear_model",
    "captum.attr",  # where it is installed
    "benchmarks.registry.read_ahead",  # for what the import does, see there
)
"""Imported once, by the fork server of the cells: a cell then starts in a tenth of a second, not in five."""


@dataclass(frozen=True)
class Backend:
    """This machine or a cluster, as a run uses it.

    Attributes:
        resolve: chooses the device and the precision, given those asked for and the devices of a cell.
        executor: makes the executor, given the store and the seconds after which a cell is ended (None: never).
        measure: measures the ceilings of the devices that cells use; None where machines are many.
    """

    resolve: Callable[[str, str, int], Runtime]
    executor: Callable[[Store | Stores, float | None], Executor]
    measure: Callable[[Sequence[CellSpec]], list[Ceiling]] | None = None


def start_fork_server(preload: str) -> None:
    """Start the process that cells are forked from, which imports its modules while this process prepares a run.

    Args:
        preload: a module that it imports besides `PRELOAD`.
    """
    with suppress(*SERVER_ENDED):  # the first cell to be started starts it again, and says if that fails
        fork_server((*PRELOAD, preload))


def local_backend(preload: str) -> Backend:
    """Run cells on this machine, one at a time, or one on each GPU or group of GPUs.

    Args:
        preload: a module that the processes of cells import besides those that train.
    """
    from benchmarks.executors.local import LocalExecutor
    from benchmarks.hardware.device import gpus, resolve_runtime
    from benchmarks.hardware.slots import share, threads
    from benchmarks.measurement.roofline import measure_ceilings

    imported = (*PRELOAD, preload)

    def executor(store: Store | Stores, timeout: float | None) -> Executor:
        return LocalExecutor(store, run_as_planned, imported, timeout, share(threads(), gpus()))

    return Backend(resolve_runtime, executor, partial(measure_ceilings, preload=imported))


def ray_backend(address: str | None, cpus: int | None) -> Backend:
    """Run cells on the machines of a Ray cluster, which is joined when its devices are asked for.

    Args:
        address: of the cluster; None: see `cluster.connect`.
        cpus: processors of a cell; None: see `cluster.claim`.

    Raises:
        UsageError: Ray is not installed.
    """
    check_ray()
    from benchmarks.executors.cluster import connect, resolve_runtime
    from benchmarks.executors.ray import RayExecutor

    def resolve(device: str, precision: str, devices: int) -> Runtime:
        connect(address)
        return resolve_runtime(device, precision, devices, cpus)

    def executor(store: Store | Stores, timeout: float | None) -> Executor:
        return RayExecutor(store, run_as_planned, PRELOAD, timeout, cpus)

    return Backend(resolve, executor)


def check_ray() -> None:
    """Make sure that Ray, an optional dependency, is installed.

    Raises:
        UsageError: it is not.
    """
    if find_spec("ray") is None:
        raise UsageError(
            "--executor 'ray' needs Ray, which is not installed: python -m pip install -c constraints.txt -e '.[ray]' "
            "(choices: local)"
        )
