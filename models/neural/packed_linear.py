"""Linear layers of networks that score in bfloat16 on a CPU: weights packed once, GELU within the product."""

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import gelu

from models.neural.autocast import lowered
from models.neural.onednn import computes, eager_on_cpu


@dataclass(frozen=True)
class Packed:
    """A layer's parameters in the layout that oneDNN multiplies, and the weight and its version they were made from."""

    weight: Tensor
    bias: Tensor | None
    made_from: Tensor
    version: int

    def is_of(self, weight: Tensor) -> bool:
        """Return whether they were made from this weight as it is now."""
        return self.made_from is weight and self.version == weight._version


class PackedLinear(nn.Linear):
    """A linear layer, with a GELU (Hendrycks & Gimpel 2016, arXiv:1606.08415) after it if `with_gelu`.

    Without gradients, in bfloat16 on a CPU, product, bias and GELU are one operation of oneDNN, and the weight is cast
    and packed once. PyTorch's own layer casts and packs the weight for every batch, and takes a pass over the output
    each for the bias and the GELU. Scores are the same; those after a GELU, to rounding.

    A packed weight is dropped by every pass with gradients, since an optimizer step may follow, and where the weight is
    loaded anew.
    """

    def __init__(self, layer: nn.Linear, *, with_gelu: bool = False) -> None:
        """Take over the parameters of `layer`."""
        super().__init__(layer.in_features, layer.out_features, bias=layer.bias is not None, device="meta")
        self.weight, self.bias = layer.weight, layer.bias
        self.with_gelu = with_gelu
        self._packed: Packed | None = None

    def forward(self, values: Tensor) -> Tensor:
        """Values (..., in) -> (..., out)."""
        if torch.is_grad_enabled() or not _packs(values):
            if torch.is_grad_enabled() and not torch.compiler.is_compiling():
                self._packed = None
            found = super().forward(values)
            return gelu(found) if self.with_gelu else found
        if self._packed is None or not self._packed.is_of(self.weight):
            self._packed = self._pack()
        packed = self._packed
        name, algorithm = ("gelu", "none") if self.with_gelu else ("none", "")
        product: Tensor = torch.ops.mkldnn._linear_pointwise(
            lowered(values), packed.weight, packed.bias, name, [], algorithm
        )
        return product

    def _pack(self) -> Packed:
        weight = torch.ops.mkldnn._reorder_linear_weight(lowered(self.weight))
        bias = None if self.bias is None else lowered(self.bias)
        return Packed(weight, bias, self.weight, self.weight._version)

    def __getstate__(self) -> dict[str, Any]:
        """Leave out the packed weight, which can neither be copied nor saved."""
        return self.__dict__ | {"_packed": None}


def _packs(values: Tensor) -> bool:
    """Whether products of these values take a packed weight: in bfloat16 on a CPU."""
    return torch.is_autocast_enabled("cpu") and eager_on_cpu(values) and computes(torch.get_autocast_dtype("cpu"))


def with_packed_linear(network: nn.Module) -> nn.Module:
    """Replace each `nn.Linear` below a network; the parameters stay the same objects under the same names."""
    for module in list(network.modules()):
        for name, part in module.named_children():
            if type(part) is nn.Linear:
                setattr(module, name, PackedLinear(part))
    return network
