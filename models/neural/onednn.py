"""Whether oneDNN, the library of PyTorch's low-precision products on a CPU, can compute an operation directly.

Its operations cannot be traced, and are used where no gradient is wanted. Those whose names begin with an underscore
are written by PyTorch's own compiler into its code.
"""

import torch
from torch import Tensor


def eager_on_cpu(values: Tensor) -> bool:
    """Return whether an operation on these values may be oneDNN's: they are on a CPU, and nothing is traced."""
    return (
        values.device.type == "cpu"
        and not torch.compiler.is_compiling()
        and not torch.jit.is_tracing()  # type: ignore[attr-defined, no-untyped-call]
        and torch.backends.mkldnn.is_available()  # type: ignore[no-untyped-call]
    )


def computes(dtype: torch.dtype) -> bool:
    """Return whether the precision is bfloat16, and this machine's processor has instructions for it."""
    return dtype == torch.bfloat16 and bool(torch.ops.mkldnn._is_mkldnn_bf16_supported())


def multiplies(values: Tensor) -> bool:
    """Return whether products of these values are oneDNN's in bfloat16: without gradients, on a CPU, under autocast."""
    return (
        not torch.is_grad_enabled()
        and torch.is_autocast_enabled("cpu")
        and eager_on_cpu(values)
        and computes(torch.get_autocast_dtype("cpu"))
    )
