"""Worker processes that train one cell together, each on its own device, as a process group of accelerate."""

import json
import logging
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

from benchmarks.errors import BenchmarkError, is_out_of_memory, publishable
from benchmarks.hardware.process_group import end_group_with_parent

log = logging.getLogger(__package__)

HOST = "127.0.0.1"

ECHO_SECONDS = 1.0
"""Wait between the first failure and the verdict: the others fail because of it, and may be seen to fail first."""


class RankError(BenchmarkError, RuntimeError):
    """One of the processes failed.

    Attributes:
        out_of_memory: whether its memory ran out.
    """

    def __init__(self, message: str, *, out_of_memory: bool = False) -> None:
        super().__init__(message)
        self.out_of_memory = out_of_memory


def launch(count: int, work: Callable[[int], None]) -> None:
    """Run `work(rank)` in `count` processes and wait for them; rank 0 is the main one.

    They find each other as processes of `accelerate launch` do: an `Accelerator` made in one of them knows all. That
    command itself would put them into sessions of their own, where no timeout reaches them, and starts a single process
    on a CPU without MPI. These are forked: they begin at once and end with this process's group. Nothing in this
    process may have used a GPU.

    Raises:
        RankError: one of them raised an exception or ended early; the others are killed. Where one was killed by a
            signal, this process kills itself by the same one.
    """
    # The system chooses the port, and it stays taken: other cells may begin at this moment.
    store = TCPStore(HOST, 0, is_master=True, wait_for_workers=False)
    shared = {
        "MASTER_ADDR": HOST,
        "MASTER_PORT": str(store.port),
        "TORCHELASTIC_USE_AGENT_STORE": "True",  # torch's name for a store that none of the ranks serves
        "WORLD_SIZE": str(count),
        "LOCAL_WORLD_SIZE": str(count),
        # By the host's name, gloo may look for the others outside of this machine.
        "GLOO_SOCKET_IFNAME": next(name for _, name in socket.if_nameindex() if name.startswith("lo")),
    }
    context = multiprocessing.get_context("fork")
    receiver, sender = context.Pipe(duplex=False)
    ranks = [context.Process(target=_rank_process, args=(rank, shared, work, sender)) for rank in range(count)]
    try:
        for process in ranks:
            process.start()
        _wait_for(ranks, receiver)
    finally:
        for process in ranks:
            if process.pid is not None:
                process.kill()
                process.join()


def sum_over_ranks(value: float) -> float:
    """Return the sum of all ranks' values; every rank must call it."""
    total: float = reduce(torch.tensor(value, dtype=torch.float64, device=PartialState().device)).item()
    return total


def leave_group(devices: int, own: float) -> float:
    """Sum `own` over the ranks and end the group, if there is one: afterwards, each process works alone.

    Args:
        devices: ranks of the cell.
        own: CPU seconds of this rank; the main one gives 0.
    """
    if devices == 1:
        return 0.0
    workers = sum_over_ranks(own)
    PartialState().destroy_process_group()
    return workers


def _rank_process(rank: int, shared: dict[str, str], work: Callable[[int], None], sender: Connection) -> None:
    """Run one rank, from its first line to its last."""
    end_group_with_parent()
    os.environ.update(shared, RANK=str(rank), LOCAL_RANK=str(rank))
    try:
        work(rank)
    except Exception as error:  # noqa: BLE001  (the cell reports it, whatever it is)
        sender.send_bytes(json.dumps([f"process {rank}: {publishable(error)}", is_out_of_memory(error)]).encode())
        traceback.print_exc()
        sys.exit(1)


def _wait_for(ranks: Sequence[BaseProcess], receiver: Connection) -> None:
    """Wait until all have ended well, or one has not."""
    # All exit codes are read at once: ranks that ended before are not waited for, one that ends later wakes the wait.
    while None in (codes := [process.exitcode for process in ranks]) and not any(codes):
        wait([process.sentinel for process, code in zip(ranks, codes, strict=True) if code is None])
    if not any(codes):
        return
    time.sleep(ECHO_SECONDS)
    codes = [process.exitcode for process in ranks]
    for rank, code in enumerate(codes):
        if code is not None and code < 0:
            log.error("process %d was killed by %s", rank, signal.Signals(-code).name)
            os.kill(os.getpid(), -code)
    if not receiver.poll():
        raise RankError(f"they ended with the statuses {codes}")
    message, out_of_memory = json.loads(receiver.recv_bytes())
    raise RankError(message, out_of_memory=out_of_memory)
