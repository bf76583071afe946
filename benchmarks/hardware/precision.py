"""The precision that models compute in on a device, and what the hardware supports."""

import torch

from benchmarks.errors import UsageError
from benchmarks.hardware.processor import made_by_amd
from models.model import Device, Precision
from models.neural.onednn import computes


def resolve_precision(requested: str, device: Device) -> Precision:
    """Return the precision that "auto", "fp32", "bf16" or "fp16" means on `device`.

    "auto" is bf16 where the hardware multiplies matrices faster in it. Elsewhere it is fp16 (with a gradient scaler) on
    a GPU, where even old ones gain from it, and fp32 on a CPU.

    Raises:
        UsageError: the device does not compute in the precision, see `precisions`.
    """
    if requested == "auto":
        if gains_from_bf16(device):
            return "bf16"
        return "fp16" if device == "cuda" else "fp32"
    supported = precisions(device)
    for precision in supported:
        if precision == requested:
            return precision
    choices = ", ".join(("auto", *supported))
    raise UsageError(
        f"device {device!r} does not compute in it (choices: {choices})", option="precision", value=requested
    )


def precisions(device: Device) -> tuple[Precision, ...]:
    """Return the precisions that models compute in on `device`.

    A CPU only converts fp16; one without bf16 instructions emulates bf16 several hundred times slower than fp32, and
    oneDNN has no LSTM in it at all. A GPU without them emulates bf16 at a bearable cost.
    """
    if device == "cuda":
        return ("fp32", "bf16", "fp16")
    return ("fp32", "bf16") if has_bf16(device) else ("fp32",)


def gains_from_bf16(device: Device) -> bool:
    """Whether the device multiplies matrices faster in bfloat16 than in float32.

    CPUs with matrix tiles (AMX) do, and AMD's: AVX-512's products of bfloat16 pairs reached four times float32's rate
    on an EPYC (family 26), but half to two thirds of it on an Intel processor with its tiles switched off.
    """
    return has_bf16(device) and (device == "cuda" or bool(torch.cpu._is_amx_tile_supported()) or made_by_amd())


def has_bf16(device: Device) -> bool:
    """Whether the hardware, not an emulation, multiplies matrices in bfloat16."""
    if device == "cuda":
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    return computes(torch.bfloat16)
