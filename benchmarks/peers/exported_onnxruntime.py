"""ONNX Runtime with transformers' network, exported from the weights of our trained model; sorted batches of 16."""

from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.peers.contest import Side, whole
from benchmarks.peers.same_weights import BATCH_SIZE, OURS, SIZES, WORK, exported, fitted, labels_in_sorted_batches
from benchmarks.peers.stock_distilbert import new_tokenizer
from data.dataset import Dataset
from models.model import Runtime

__all__ = ["OURS", "SIZES", "WORK", "sides"]

DEVICES = ("cpu",)


def sides(ours: str, data: Dataset, runtime: Runtime) -> tuple[Side, Side]:
    """Prepare our model, fitted beforehand, and a session on the same number of threads."""
    from onnxruntime import InferenceSession, SessionOptions

    own, stock = fitted(ours, data, runtime)
    options = SessionOptions()
    options.intra_op_num_threads = runtime.threads
    with TemporaryDirectory() as folder:
        path = exported(stock, Path(folder) / "model.onnx")
        session = InferenceSession(path, options, providers=["CPUExecutionProvider"])
    texts, tokenizer = data.test.texts, new_tokenizer()
    peer = whole(lambda: labels_in_sorted_batches(texts, lambda batch: session.run(None, batch)[0], tokenizer))
    return own, Side(peer, batches=f"{BATCH_SIZE}, sorted by length")
