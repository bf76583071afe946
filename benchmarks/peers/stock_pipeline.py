"""transformers' `pipeline("text-classification")`, batches of 8, with the weights of our trained model."""

from transformers import pipeline

from benchmarks.peers.contest import Side, class_indices, whole
from benchmarks.peers.same_weights import MAX_LENGTH, OURS, SIZES, WORK, fitted
from benchmarks.peers.stock_distilbert import new_tokenizer
from data.dataset import Dataset, IntArray
from models.model import Runtime

__all__ = ["OURS", "SIZES", "WORK", "sides"]

BATCH_SIZE = 8


def sides(ours: str, data: Dataset, runtime: Runtime) -> tuple[Side, Side]:
    """Prepare our model, fitted beforehand, and the pipeline around the same weights."""
    own, stock = fitted(ours, data, runtime)
    classify = pipeline("text-classification", model=stock, tokenizer=new_tokenizer(), device=runtime.device)

    def peer() -> IntArray:
        texts = list(data.test.texts)
        found = classify(texts, batch_size=BATCH_SIZE, truncation=True, max_length=MAX_LENGTH)
        return class_indices([one["label"] for one in found])

    return own, Side(whole(peer), batches=f"{BATCH_SIZE}, padded to the longest")
