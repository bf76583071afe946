"""A loop over transformers' network as an expert writes it: sorted by length, in our precision.

A batch has 16 texts, or on a GPU 512, which then hold as many tokens as a batch of ours at most.
"""

from typing import Any

import torch

from benchmarks.peers.contest import Side, whole
from benchmarks.peers.same_weights import BATCH_SIZE, OURS, SIZES, WORK, fitted, labels_in_sorted_batches
from benchmarks.peers.stock_distilbert import new_tokenizer
from data.dataset import Dataset
from models.model import Device, Runtime

__all__ = ["OURS", "SIZES", "WORK", "sides"]

SIZE_OF: dict[Device, int] = {"cpu": BATCH_SIZE, "cuda": 512}
"""Texts in a batch."""


def sides(ours: str, data: Dataset, runtime: Runtime) -> tuple[Side, Side]:
    """Prepare our model, fitted beforehand, and the loop around the same weights, in our precision."""
    own, stock = fitted(ours, data, runtime)
    tokenizer, size = new_tokenizer(), SIZE_OF[runtime.device]

    def logits(batch: dict[str, Any]) -> Any:
        tensors = {name: torch.from_numpy(array).to(runtime.device) for name, array in batch.items()}
        lowered = {"bf16": torch.bfloat16, "fp16": torch.float16}.get(runtime.precision)
        with torch.inference_mode(), torch.autocast(runtime.device, lowered, enabled=lowered is not None):
            return stock(**tensors).logits.float().cpu().numpy()

    peer = whole(lambda: labels_in_sorted_batches(data.test.texts, logits, tokenizer, size))
    return own, Side(peer, precision=runtime.precision, batches=f"{size}, sorted by length")
