"""Ceilings of a device, measured on it (Williams, Waterman & Patterson 2009, "Roofline").

A cell's operations per second are then a share of the machine's own ceiling, not of a data sheet's.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import cast

import torch

from benchmarks.hardware.fork_server import fork_server, one_process
from benchmarks.hardware.slots import threads
from benchmarks.hardware.thread_pools import limit_thread_pools
from benchmarks.measurement.clock import Clock, synchronizer
from benchmarks.schema.cell import CellSpec
from benchmarks.schema.measurements import Ceiling
from models.model import Device, Precision

TYPES: dict[Precision, torch.dtype] = {"fp32": torch.float32, "bf16": torch.bfloat16, "fp16": torch.float16}

SMALLEST, LARGEST = 128, 8192
"""Sizes of the square matrices: doubled from the smallest to the largest, as long as there is time."""

SECONDS = 0.25
"""Time budget of each precision, and of the bandwidth."""

COPIED: dict[Device, int] = {"cpu": 2**27, "cuda": 2**30}
"""Bytes copied at a time: more than caches hold."""

MOST_REPEATS = 1_000
"""Repeats of one product; reading the clock around small ones would fill the budget of a fast device."""


def measure_ceilings(specs: Iterable[CellSpec], preload: Sequence[str] = ()) -> list[Ceiling]:
    """Measure the ceiling of every device and precision that `specs` use, in another process.

    This process would otherwise hold a GPU's context and the memory of the largest matrices until the run ends.

    Args:
        specs: the cells.
        preload: modules that the fork server imports once; it starts here, and cells are forked from it later.

    Raises:
        RuntimeError: the device raised an error, or the process died.
    """
    wanted = sorted({(spec.device, spec.precision) for spec in specs})
    with one_process(fork_server(preload)) as pool:
        return list(pool.map(ceiling, *zip(*wanted, strict=True)))


def ceiling(device: str, precision: str) -> Ceiling:
    """Measure one device in one precision, with as many threads as a cell has; takes about twice `SECONDS`."""
    limit_thread_pools(threads())
    where = cast(Device, device)
    clock = Clock(synchronizer(where))
    rate, size = product_ceiling(where, cast(Precision, precision), clock)
    return Ceiling(
        device=device,
        precision=precision,
        flop_per_second=rate,
        size=size,
        bytes_per_second=bandwidth(where, clock),
    )


def product_ceiling(device: Device, precision: Precision, clock: Clock, budget: float = SECONDS) -> tuple[float, int]:
    """Return the operations per second of a product of two n x n matrices, the best of all repeats, and that n.

    n is doubled while the next product is expected to end within the budget, since the largest would take minutes in
    an emulated precision; the time left goes into repeats of the fastest n.

    Args:
        device: of the matrices.
        precision: of the matrices; "fp32" on a GPU is TF32, as in training.
        clock: reads the time.
        budget: seconds.
    """
    torch.set_float32_matmul_precision("high" if device == "cuda" else "highest")
    _product(SMALLEST, device, precision)()  # starts the library of a GPU, which may take longer than the budget
    began = clock.read()
    rates: dict[int, float] = {}
    size = SMALLEST
    while True:
        seconds = _fastest(_product(size, device, precision), clock, budget / 16)
        rates[size] = 2 * size**3 / seconds
        left = budget - (clock.read() - began)
        if size == LARGEST or 2 * 8 * seconds > left:  # 8 times the operations, to warm up and to be read
            break
        size *= 2
    best = max(rates, key=lambda n: rates[n])
    again = _fastest(_product(best, device, precision), clock, left) if left > 0 else float("inf")
    return max(rates[best], 2 * best**3 / again), best


def bandwidth(device: Device, clock: Clock, budget: float = SECONDS) -> float:
    """Return the bytes per second, read and written, of copying a large tensor: the best of all repeats."""
    source = torch.ones(COPIED[device] // 4, device=device)
    target = torch.zeros_like(source)
    return 2 * COPIED[device] / _fastest(lambda: target.copy_(source), clock, budget)


def _product(size: int, device: Device, precision: Precision) -> Callable[[], object]:
    a, b = (torch.randn(size, size, device=device).to(TYPES[precision]) for _ in range(2))
    out = torch.empty_like(a)
    return lambda: torch.mm(a, b, out=out)


def _fastest(call: Callable[[], object], clock: Clock, budget: float) -> float:
    """Return the seconds of the fastest of up to `MOST_REPEATS` calls within the budget, after one to warm up."""
    _, spent = clock.time(call)
    best = float("inf")
    for _ in range(MOST_REPEATS):
        _, seconds = clock.time(call)
        best, spent = min(best, seconds), spent + seconds
        if spent + best > budget:
            break
    return best
