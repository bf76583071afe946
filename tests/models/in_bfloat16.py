"""Scoring in bfloat16 on a CPU, for tests of what is faster there."""

import pytest
import torch

from models.neural.onednn import computes

needs_bfloat16 = pytest.mark.skipif(not computes(torch.bfloat16), reason="this processor has no bfloat16 instructions")


def score(network, values):
    """What a network or layer gives without gradients."""
    with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16):
        return network(values)
