"""The processes that train one cell together, each on a device of its own; accelerate makes a group of them."""

import multiprocessing
import os
import signal
import socket
import sys
import time
import traceback
from collections.abc import Callable, Sequence
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess

import torch
from accelerate.state import PartialState
from accelerate.utils import reduce
from torch.distributed import TCPStore  # type: ignore[attr-defined]  # documented, but not in `__all__`

from benchmarks.hardware.process_group import end_with

HOST = "127.0.0.1"

ECHO_SECONDS = 1.0
"""From the first failure seen to the verdict: when a process dies, the others fail, too, and may be seen first."""


class RankError(RuntimeError):
    """One of the processes failed."""


def launch(count: int, work: Callable[[int], None]) -> None:
    """Run `work(rank)` in `count` processes, and wait for them; rank 0 is the main one.

    They find each other as those do that `accelerate launch` starts: an `Accelerator` made in one of them knows all.
    That command itself would put them into sessions of their own, where no timeout reaches them, and starts a single
    one on a CPU without MPI. These are forked: they begin at once, and end with this process's group. Nothing in this
    process may have used a GPU.

    Raises:
        RankError: one of them raised an exception, or ended early; the others are ended. Where one was killed, this
            process ends itself by the same signal.
    """
    # The port is the system's choice, and never free in between: other cells may begin at this moment.
    store = TCPStore(HOST, 0, is_master=True, wait_for_workers=False)
    shared = {
        "MASTER_ADDR": HOST,
        "MASTER_PORT": str(store.port),
        "TORCHELASTIC_USE_AGENT_STORE": "True",  # what torch calls a store that none of the processes serves
        "WORLD_SIZE": str(count),
        "LOCAL_WORLD_SIZE": str(count),
        # By the host's name, gloo may look for the others outside of this machine.
        "GLOO_SOCKET_IFNAME": next(name for _, name in socket.if_nameindex() if name.startswith("lo")),
    }
    context = multiprocessing.get_context("fork")
    receiver, sender = context.Pipe(duplex=False)
    ranks = [context.Process(target=_rank, args=(rank, shared, work, sender)) for rank in range(count)]
    try:
        for process in ranks:
            process.start()
        _wait_for(ranks, receiver)
    finally:
        for process in ranks:
            if process.pid is not None:
                process.kill()
                process.join()


def add_up(value: float) -> float:
    """The sum of all processes' values; each has to ask for it."""
    total: float = reduce(torch.tensor(value, dtype=torch.float64, device=PartialState().device)).item()
    return total


def part() -> None:
    """End the group: from here on, each process works for itself."""
    PartialState().destroy_process_group()


def _rank(rank: int, shared: dict[str, str], work: Callable[[int], None], sender: Connection) -> None:
    """The whole life of one of the processes."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        end_with(parent)
    os.environ.update(shared, RANK=str(rank), LOCAL_RANK=str(rank))
    try:
        work(rank)
    except Exception as error:  # noqa: BLE001  (whatever it is, the cell is to say it)
        sender.send_bytes(f"process {rank}: {type(error).__name__}: {error}".encode())
        traceback.print_exc()
        sys.exit(1)


def _wait_for(ranks: Sequence[BaseProcess], receiver: Connection) -> None:
    """Wait until all have ended well, or one has not."""
    # One look at all of them decides: who has ended before it is not waited for, who ends after it wakes the wait.
    while None in (codes := [process.exitcode for process in ranks]) and not any(codes):
        wait([process.sentinel for process, code in zip(ranks, codes, strict=True) if code is None])
    if not any(codes):
        return
    time.sleep(ECHO_SECONDS)
    codes = [process.exitcode for process in ranks]
    for rank, code in enumerate(codes):
        if code is not None and code < 0:
            print(f"process {rank} was killed by {signal.Signals(-code).name}", file=sys.stderr, flush=True)
            os.kill(os.getpid(), -code)
    raise RankError(receiver.recv_bytes().decode() if receiver.poll() else f"they ended with the statuses {codes}")
