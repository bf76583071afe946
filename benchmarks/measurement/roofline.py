"""What a device can do at best, measured on it (Williams, Waterman & Patterson 2009, "Roofline").

A cell's operations a second are then a share of the machine's own ceiling, not of a data sheet's.
"""

import multiprocessing
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from typing import cast

import torch

from benchmarks.hardware.slots import threads
from benchmarks.measurement.clock import Clock, synchronizer
from benchmarks.schema.cell import CellSpec
from benchmarks.schema.measurements import Ceiling
from models.model import Device, Precision

TYPES: dict[Precision, torch.dtype] = {"fp32": torch.float32, "bf16": torch.bfloat16, "fp16": torch.float16}

SMALLEST, LARGEST = 128, 8192
"""Sizes of the square matrices: doubled from the one to the other, as long as there is time."""

SECONDS = 0.25
"""For each precision, and for the bandwidth."""

COPIED: dict[Device, int] = {"cpu": 2**27, "cuda": 2**30}
"""Bytes copied at a time: more than caches hold."""


MOST_REPEATS = 1_000
"""Of one product: on a fast device a small one takes microseconds, and reading the clock would fill the budget."""


def measure_ceilings(specs: Iterable[CellSpec], preload: Sequence[str] = ()) -> list[Ceiling]:
    """The ceiling of every device and precision that `specs` use, in a process of its own.

    This process would otherwise hold a GPU's context, and the largest matrices' memory, for as long as the run takes.

    Args:
        specs: the cells.
        preload: modules imported once, by the process that this one and cells are forked from: it starts here.

    Raises:
        RuntimeError: the device refused, or the process died.
    """
    wanted = sorted({(spec.device, spec.precision) for spec in specs})
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(list(preload))
    with ProcessPoolExecutor(max_workers=1, mp_context=context) as pool:
        return list(pool.map(ceiling, *zip(*wanted, strict=True)))


def ceiling(device: str, precision: str) -> Ceiling:
    """One device in one precision, with all the threads that a cell has; about twice `SECONDS`."""
    torch.set_num_threads(threads())
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
    """Operations a second of a product of two n x n matrices, the best of all repeats, and that n.

    n is doubled while the next product promises to end within the budget, since where a precision is emulated the
    largest would take minutes; what time is left goes into repeats of the fastest n.

    Args:
        device: where.
        precision: of the matrices; "fp32" on a GPU is TF32, as in training.
        clock: the clock.
        budget: seconds.
    """
    torch.set_float32_matmul_precision("high" if device == "cuda" else "highest")
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
    """Bytes a second, those read and those written together, of copying a large tensor: the best of all repeats."""
    source = torch.ones(COPIED[device] // 4, device=device)
    target = torch.zeros_like(source)
    return 2 * COPIED[device] / _fastest(lambda: target.copy_(source), clock, budget)


def _product(size: int, device: Device, precision: Precision) -> Callable[[], object]:
    a, b = (torch.randn(size, size, device=device).to(TYPES[precision]) for _ in range(2))
    out = torch.empty_like(a)
    return lambda: torch.mm(a, b, out=out)


def _fastest(call: Callable[[], object], clock: Clock, budget: float) -> float:
    """Seconds of the fastest call: one at least, and up to `MOST_REPEATS` within the budget, after one to warm up."""
    _, spent = clock.time(call)
    best = float("inf")
    for _ in range(MOST_REPEATS):
        _, seconds = clock.time(call)
        best, spent = min(best, seconds), spent + seconds
        if spent + best > budget:
            break
    return best
