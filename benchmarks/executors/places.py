"""Where the cells of a run can run: on this machine, or on a Ray cluster."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from importlib.util import find_spec

from benchmarks.errors import UsageError
from benchmarks.executors.executor import Executor
from benchmarks.schema.cell import CellSpec
from benchmarks.schema.measurements import Ceiling
from benchmarks.store.results import Store
from models.model import Runtime


@dataclass(frozen=True)
class Place:
    """Where cells run.

    Attributes:
        resolve: what a device and a precision, both perhaps "auto", mean there, for cells on so many devices each.
        executor: what runs cells there, given the store and the seconds after which a cell is ended (None: never).
        measure: what the devices that cells use can do at best; None where machines are many.
    """

    resolve: Callable[[str, str, int], Runtime]
    executor: Callable[[Store, float | None], Executor]
    measure: Callable[[Sequence[CellSpec]], list[Ceiling]] | None = None


def this_machine(preload: str) -> Place:
    """Cells run one at a time, or one on each GPU, or group of GPUs.

    Args:
        preload: a module that the processes of cells import besides those that train.
    """
    from benchmarks.cells.run_cell import PRELOAD, run_cell
    from benchmarks.executors.local import LocalExecutor
    from benchmarks.hardware.device import gpus, resolve_runtime
    from benchmarks.hardware.slots import share, threads
    from benchmarks.measurement.roofline import measure_ceilings

    imported = (*PRELOAD, preload)

    def executor(store: Store, timeout: float | None) -> Executor:
        return LocalExecutor(store, run_cell, imported, timeout, share(threads(), gpus()))

    return Place(resolve_runtime, executor, partial(measure_ceilings, preload=imported))


def ray_cluster(address: str | None, cpus: int | None) -> Place:
    """Cells run on the machines of a Ray cluster, which is joined when its devices are asked for.

    Args:
        address: of the cluster; None: see `ray_executor.connect`.
        cpus: processors of a cell; None: see `ray_executor.claim`.

    Raises:
        UsageError: Ray is not installed.
    """
    check_ray()
    from benchmarks.cells.run_cell import PRELOAD
    from benchmarks.executors.ray import RayExecutor, connect, resolve_runtime, run_cell

    def resolve(device: str, precision: str, devices: int) -> Runtime:
        connect(address)
        return resolve_runtime(device, precision, devices, cpus)

    def executor(store: Store, timeout: float | None) -> Executor:
        return RayExecutor(store, run_cell, PRELOAD, timeout, cpus)

    return Place(resolve, executor)


def check_ray() -> None:
    """Make sure that Ray is installed; it is an extra.

    Raises:
        UsageError: it is not.
    """
    if find_spec("ray") is None:
        raise UsageError(
            "--executor 'ray' needs Ray, which is not installed: python -m pip install -c constraints.txt -e '.[ray]' "
            "(choices: local)"
        )
