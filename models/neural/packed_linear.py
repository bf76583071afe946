"""Linear layers of networks that score in bfloat16 on a CPU: weights packed once, GELU within the product."""

import torch
from torch import Tensor, nn
from torch.nn.functional import gelu

from models.neural.autocast import lowered
from models.neural.packing import Packing


class PackedLinear(Packing, nn.Linear):
    """A linear layer, with a GELU (Hendrycks & Gimpel 2016, arXiv:1606.08415) after it if `with_gelu`.

    Without gradients, in bfloat16 on a CPU, product, bias and GELU are one operation of oneDNN; PyTorch's own layer
    takes a pass over the output each for the bias and the GELU. Scores are the same; those after a GELU, to rounding.
    """

    def __init__(self, layer: nn.Linear, *, with_gelu: bool = False) -> None:
        """Take over the parameters of `layer`."""
        super().__init__(layer.in_features, layer.out_features, bias=layer.bias is not None, device="meta")
        self.weight, self.bias = layer.weight, layer.bias
        self.with_gelu = with_gelu

    def forward(self, values: Tensor) -> Tensor:
        """Values (..., in) -> (..., out)."""
        packed = self.packed_for(values)
        if packed is None:
            found = super().forward(values)
            return gelu(found) if self.with_gelu else found
        name, algorithm = ("gelu", "none") if self.with_gelu else ("none", "")
        product: Tensor = torch.ops.mkldnn._linear_pointwise(lowered(values), *packed, name, [], algorithm)
        return product

    def _own(self) -> tuple[Tensor | None, ...]:
        return self.weight, self.bias

    def _pack(self) -> tuple[Tensor | None, ...]:
        weight = torch.ops.mkldnn._reorder_linear_weight(lowered(self.weight))
        return weight, None if self.bias is None else lowered(self.bias)


def with_packed_linear(network: nn.Module) -> nn.Module:
    """Replace each `nn.Linear` below a network; the parameters stay the same objects under the same names."""
    for module in list(network.modules()):
        for name, part in module.named_children():
            if type(part) is nn.Linear:
                setattr(module, name, PackedLinear(part))
    return network
