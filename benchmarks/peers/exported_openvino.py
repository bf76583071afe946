"""OpenVINO with transformers' network, exported from the weights of our trained model; sorted batches of 16.

It computes in bf16 where our model does, else in float32.
"""

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
    """Prepare our model, fitted beforehand, and a compiled network on the same number of threads."""
    import openvino

    own, stock = fitted(ours, data, runtime)
    bf16 = runtime.precision == "bf16"
    settings = {"INFERENCE_PRECISION_HINT": "bf16" if bf16 else "f32", "INFERENCE_NUM_THREADS": runtime.threads}
    with TemporaryDirectory() as folder:
        path = exported(stock, Path(folder) / "model.onnx")
        compiled = openvino.Core().compile_model(path, "CPU", settings)
    request = compiled.create_infer_request()
    texts, tokenizer = data.test.texts, new_tokenizer()
    peer = whole(lambda: labels_in_sorted_batches(texts, lambda batch: request.infer(batch)[0], tokenizer))
    return own, Side(peer, precision="bf16" if bf16 else "fp32", batches=f"{BATCH_SIZE}, sorted by length")
