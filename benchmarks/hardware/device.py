"""The device that models run on, and the runtime that cells plan with."""

import os

import torch

from benchmarks.errors import UsageError
from benchmarks.hardware.precision import resolve_precision
from benchmarks.hardware.slots import check_devices, threads
from models.model import Device, Runtime

__all__ = ["gpus", "resolve_device", "resolve_precision", "resolve_runtime"]


def resolve_runtime(device: str, precision: str, devices: int = 1) -> Runtime:
    """Return the runtime of cells on this machine.

    Args:
        device: "auto", "cpu" or "cuda".
        precision: "auto", "fp32", "bf16" or "fp16".
        devices: number of devices that share a cell's training.

    Raises:
        UsageError: this machine has no such device, or fewer of them, or the device does not compute in the precision.
    """
    resolved = resolve_device(device)
    if resolved == "cuda":
        check_devices(devices, torch.cuda.device_count(), "GPUs", "this machine")
    else:
        check_devices(devices, threads(), "processors", "this machine")
    return Runtime(resolved, resolve_precision(precision, resolved), devices=devices, threads=threads())


def gpus() -> list[str]:
    """Return the GPUs that torch sees on this machine, as `CUDA_VISIBLE_DEVICES` names them."""
    names = os.environ.get("CUDA_VISIBLE_DEVICES", "").split(",")
    return [
        names[index] if names[index:] and names[index] else str(index) for index in range(torch.cuda.device_count())
    ]


def resolve_device(requested: str) -> Device:
    """Return the device that "auto", "cpu" or "cuda" means on this machine.

    Raises:
        UsageError: "cuda" where torch sees none.
    """
    available = torch.cuda.is_available()
    if requested == "cuda" and not available:
        raise UsageError(
            "torch sees no CUDA device on this machine (choices: auto, cpu)", option="device", value="cuda"
        )
    return "cuda" if available and requested != "cpu" else "cpu"
