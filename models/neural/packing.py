"""Layers that score in bfloat16 on a CPU with parameters in the layout that oneDNN computes with, made once.

PyTorch's own layers cast and pack them for every batch.
"""

from abc import abstractmethod
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from models.neural.onednn import multiplies


@dataclass(frozen=True)
class Packed:
    """Packed parameters, and the parameters that they were made from with their versions."""

    parts: tuple[Tensor | None, ...]
    made_from: tuple[Tensor | None, ...]
    versions: tuple[int | None, ...]

    def is_of(self, parameters: tuple[Tensor | None, ...]) -> bool:
        """Return whether they were made from these parameters as they are now."""
        same = all(packed is own for packed, own in zip(self.made_from, parameters, strict=True))
        return same and self.versions == _versions(parameters)


class Packing:
    """Base, beside PyTorch's own layer, of a layer that packs its parameters.

    Packed parameters are dropped by every pass with gradients, since an optimizer step may follow, and made anew where
    a parameter is loaded or replaced.
    """

    _packed: Packed | None = None

    @abstractmethod
    def _own(self) -> tuple[Tensor | None, ...]:
        """The parameters."""

    @abstractmethod
    def _pack(self) -> tuple[Tensor | None, ...]:
        """Cast the parameters and pack them."""

    def packed_for(self, values: Tensor) -> tuple[Tensor | None, ...] | None:
        """Return the packed parameters; None where PyTorch's own layer has to compute: see `onednn.multiplies`."""
        if torch.is_grad_enabled() and not torch.compiler.is_compiling():
            self._packed = None
        if not multiplies(values):
            return None
        own = self._own()
        if self._packed is None or not self._packed.is_of(own):
            self._packed = Packed(self._pack(), own, _versions(own))
        return self._packed.parts

    def __getstate__(self) -> dict[str, Any]:
        """Leave out what is packed: it can neither be copied nor saved."""
        state: Any = super().__getstate__()
        return {**state, "_packed": None}


def _versions(parameters: tuple[Tensor | None, ...]) -> tuple[int | None, ...]:
    return tuple(None if parameter is None else parameter._version for parameter in parameters)
