"""Which device, and which precision on it."""

import os

import torch

from benchmarks.errors import UsageError
from benchmarks.hardware.processor import made_by_amd
from benchmarks.hardware.slots import check_devices, threads
from models.model import Device, Precision, Runtime


def resolve_runtime(device: str, precision: str, devices: int = 1) -> Runtime:
    """What a device and a precision, both perhaps "auto", mean on this machine, for cells on so many devices each.

    Raises:
        UsageError: it has no such device, or not so many, or the device no such precision.
    """
    resolved = resolve_device(device)
    if resolved == "cuda":
        check_devices(devices, torch.cuda.device_count(), "GPUs", "this machine")
    else:
        check_devices(devices, threads(), "processors", "this machine")
    return Runtime(resolved, resolve_precision(precision, resolved), devices=devices)


def gpus() -> list[str]:
    """The GPUs that torch sees on this machine, as `CUDA_VISIBLE_DEVICES` names them."""
    names = os.environ.get("CUDA_VISIBLE_DEVICES", "").split(",")
    return [
        names[index] if names[index:] and names[index] else str(index) for index in range(torch.cuda.device_count())
    ]


def resolve_device(requested: str) -> Device:
    """The device that "auto", "cpu" or "cuda" means on this machine.

    Raises:
        UsageError: "cuda" where there is none.
    """
    available = torch.cuda.is_available()
    if requested == "cuda" and not available:
        raise UsageError("--device 'cuda': torch sees no CUDA device on this machine (choices: auto, cpu)")
    return "cuda" if available and requested != "cpu" else "cpu"


def resolve_precision(requested: str, device: Device) -> Precision:
    """The precision that "auto", "fp32", "bf16" or "fp16" means on `device`.

    "auto" is bf16 where the hardware multiplies matrices faster in it; else fp16 (with a gradient scaler) on a GPU,
    where even old ones gain from it, and fp32 on a CPU.

    Raises:
        UsageError: the device does not run in it, see `precisions`.
    """
    if requested == "auto":
        if gains_from_bf16(device):
            return "bf16"
        return "fp16" if device == "cuda" else "fp32"
    runs = precisions(device)
    for precision in runs:
        if precision == requested:
            return precision
    choices = ", ".join(("auto", *runs))
    raise UsageError(f"--precision {requested!r} does not run on device {device!r} (choices: {choices})")


def precisions(device: Device) -> tuple[Precision, ...]:
    """What models run in on `device`.

    A CPU only converts fp16; one without bf16 instructions emulates bf16 several hundred times slower than fp32, and
    oneDNN has no LSTM in it at all. A GPU without them emulates bf16 at a bearable cost.
    """
    if device == "cuda":
        return ("fp32", "bf16", "fp16")
    return ("fp32", "bf16") if has_bf16(device) else ("fp32",)


def gains_from_bf16(device: Device) -> bool:
    """Whether the device multiplies matrices faster in bfloat16 than in float32.

    Of CPUs those with matrix tiles (AMX) do, and AMD's: AVX-512's products of bfloat16 pairs reached four times
    float32's rate on an EPYC (family 26), but half to two thirds of it on an Intel processor whose tiles were switched
    off.
    """
    return has_bf16(device) and (device == "cuda" or bool(torch.cpu._is_amx_tile_supported()) or made_by_amd())


def has_bf16(device: Device) -> bool:
    """Whether the hardware, not an emulation, multiplies matrices in bfloat16."""
    if device == "cuda":
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    return bool(torch.ops.mkldnn._is_mkldnn_bf16_supported())
