"""Whether oneDNN, the library of PyTorch's low-precision products on a CPU, can compute an operation directly.

Its operations cannot be traced, and are used where no gradient is wanted. Those whose names begin with an underscore
are written by PyTorch's own compiler into its code.
"""

import torch
from torch import Tensor


def computes(dtype: torch.dtype) -> bool:
    """Return whether the precision is bfloat16, and this machine's processor has instructions for it."""
    return dtype == torch.bfloat16 and bool(torch.ops.mkldnn._is_mkldnn_bf16_supported())


def takes(values: Tensor, dtype: torch.dtype) -> bool:
    """Return whether an operation on these values in this precision may be oneDNN's.

    It may where no gradient is wanted, nothing is traced, and the values are on a CPU that has the precision.
    """
    return (
        not torch.is_grad_enabled()
        and values.device.type == "cpu"
        and not torch.compiler.is_compiling()
        and not torch.jit.is_tracing()  # type: ignore[attr-defined, no-untyped-call]
        and torch.backends.mkldnn.is_available()  # type: ignore[no-untyped-call]
        and computes(dtype)
    )


def multiplies(values: Tensor) -> bool:
    """Return whether products of these values are oneDNN's in bfloat16: see `takes`, and under autocast."""
    return torch.is_autocast_enabled("cpu") and takes(values, torch.get_autocast_dtype("cpu"))
