"""A Ray cluster: join it, list its machines' resources, compute the claim of a cell.

Only a command that is told to use Ray imports this module.
"""

import logging
import os
import socket
import subprocess
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

import ray
from ray.exceptions import GetTimeoutError, RayTaskError

from benchmarks.errors import UsageError
from benchmarks.hardware.origin import CHECKOUT, PACKAGES
from benchmarks.hardware.slots import check_devices
from models.model import Runtime

log = logging.getLogger(__package__)

CONNECT_SECONDS = 10.0
HEALTH_SECONDS = 30.0
"""Time for the head of a cluster to answer; Ray itself would wait for ten minutes without a word."""

PATIENCE_SECONDS = 20.0
"""Seconds between two lines about waiting."""

Machine = Mapping[str, float]
"""Resources of a machine of the cluster: "CPU", "GPU"."""


def connect(address: str | None) -> None:
    """Join the cluster at `address`; None: at `RAY_ADDRESS`, else this machine's, else one started for this run.

    Raises:
        UsageError: no cluster answers there.
    """
    check_answers(address or os.environ.get("RAY_ADDRESS", ""))
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    code = [str(CHECKOUT / package) for package in PACKAGES]
    try:
        ray.init(
            address,
            runtime_env={"py_modules": code},
            include_dashboard=False,
            log_to_driver=False,
            logging_level=logging.ERROR,
        )
    except (ConnectionError, RuntimeError, ValueError) as error:
        reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        raise UsageError(reason, option="ray_address", value=address or "auto") from None


def check_answers(address: str) -> None:
    """Find out within seconds whether a cluster answers.

    Ray reaches a head by its machine's own address, even where it was named by 127.0.0.1: a head that is bound to
    loopback alone accepts the connection, and never answers.

    Raises:
        UsageError: it does not.
    """
    host, colon, port = address.removeprefix("ray://").rpartition(":")
    if not colon or not port.isdecimal():
        return  # "auto", "local": found on this machine
    try:
        socket.create_connection((host.strip("[]"), int(port)), timeout=CONNECT_SECONDS).close()
    except (OSError, OverflowError) as error:
        raise UsageError(f"nothing answers there ({error})", option="ray_address", value=address) from None
    if not address.startswith("ray://"):
        _check_health(address)


def _check_health(address: str) -> None:
    """Ask the head itself, as `ray health-check` does, in a process that can be ended."""
    command = [sys.executable, "-m", "ray.scripts.scripts", "health-check", "--address", address]
    try:
        done = subprocess.run(command, capture_output=True, timeout=HEALTH_SECONDS, check=False)
    except subprocess.TimeoutExpired:
        done = None
    if done is None or done.returncode:
        raise UsageError(
            "no head of a Ray cluster answers there; start it with --node-ip-address of a network that this machine "
            "and the others reach, not 127.0.0.1, and with the same version of Ray",
            option="ray_address",
            value=address,
        )


def resolve_runtime(device: str, precision: str, devices: int = 1, cpus: int | None = None) -> Runtime:
    """Choose the device and the precision for "auto", as the cluster has them: a GPU, if any of its machines has one.

    Args:
        device: "auto", "cpu" or "cuda".
        precision: "auto", "fp32", "bf16" or "fp16".
        devices: of a cell, all in one machine.
        cpus: processors of a cell; None: see `claim`.

    Raises:
        UsageError: the cluster has no such device, no machine has as many, or the device no such precision.
    """
    gpu = device != "cpu" and any(machine.get("GPU", 0) >= 1 for machine in alive_machines())
    if device == "cuda" and not gpu:
        raise UsageError("no machine of the Ray cluster has a GPU (choices: auto, cpu)", option="device", value="cuda")
    if gpu:
        most = max(int(machine.get("GPU", 0)) for machine in alive_machines())
        check_devices(devices, most, "GPUs", "the largest machine of the Ray cluster")
    else:
        check_devices(devices, claim("cpu", alive_machines(), cpus)["num_cpus"], "processors", "the Ray cluster")
    task = ray.remote(_resolve_here).options(num_cpus=0 if gpu else 1, num_gpus=int(gpu))
    reference = task.remote("cuda" if gpu else "cpu", precision)
    while True:
        try:
            resolved: Runtime = ray.get(reference, timeout=PATIENCE_SECONDS)
        except GetTimeoutError:
            log.info("waiting for a free %s of the Ray cluster", "GPU" if gpu else "processor")
        except RayTaskError as error:
            if isinstance(error.cause, UsageError):
                raise error.cause from None
            raise
        else:
            return replace(resolved, devices=devices)


def claim(device: str, machines: Sequence[Machine], cpus: int | None = None, devices: int = 1) -> dict[str, int]:
    """Return the resources that a cell claims, as Ray names them; every machine with the device has room for it.

    Without `cpus`, these are all processors of the smallest machine, or its share of them for each GPU: on machines
    that are alike, no cell is measured beside another on the same processors.

    Args:
        device: "cpu" or "cuda".
        machines: the cluster's.
        cpus: processors of a cell.
        devices: GPUs of a cell, all of one machine.
    """
    if device == "cuda":
        found = [machine for machine in machines if machine.get("GPU", 0) >= devices]
        shares = [int(machine.get("CPU", 0) * devices // machine["GPU"]) for machine in found]
        return {"num_cpus": min(shares, default=1) if cpus is None else cpus, "num_gpus": devices}
    sizes = [int(machine["CPU"]) for machine in machines if machine.get("CPU", 0) >= 1]
    return {"num_cpus": min(sizes, default=1) if cpus is None else cpus, "num_gpus": 0}


def capacity(claimed: Mapping[str, int], machines: Iterable[Machine]) -> int:
    """Return how many cells with such a claim run at once."""
    wanted = [(claimed["num_cpus"], "CPU"), (claimed["num_gpus"], "GPU")]
    return sum(
        min(int(machine.get(resource, 0) // number) for number, resource in wanted if number) for machine in machines
    )


def alive_machines() -> list[Machine]:
    """Return everything that each machine of the cluster has."""
    return [node["Resources"] for node in ray.nodes() if node["Alive"]]


def _resolve_here(device: str, precision: str) -> Runtime:
    from benchmarks.hardware import device as this_machine

    return this_machine.resolve_runtime(device, precision)
