"""A loop over transformers' network as an expert writes it: sorted by length, batches of 16, in our precision."""

from typing import Any

import torch

from benchmarks.peers.contest import Side, whole
from benchmarks.peers.same_weights import BATCH_SIZE, OURS, SIZES, WORK, fitted, labels_in_sorted_batches
from data.dataset import Dataset
from models.model import Runtime

__all__ = ["OURS", "SIZES", "WORK", "sides"]


def sides(ours: str, data: Dataset, runtime: Runtime) -> tuple[Side, Side]:
    """Prepare our model, fitted beforehand, and the loop around the same weights, in our precision."""
    own, stock = fitted(ours, data, runtime)

    def logits(batch: dict[str, Any]) -> Any:
        tensors = {name: torch.from_numpy(array).to(runtime.device) for name, array in batch.items()}
        lowered = {"bf16": torch.bfloat16, "fp16": torch.float16}.get(runtime.precision)
        with torch.inference_mode(), torch.autocast(runtime.device, lowered, enabled=lowered is not None):
            return stock(**tensors).logits.float().cpu().numpy()

    peer = whole(lambda: labels_in_sorted_batches(data.test.texts, logits))
    return own, Side(peer, precision=runtime.precision, batches=f"{BATCH_SIZE}, sorted by length")
