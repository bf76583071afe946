"""ONNX Runtime (https://onnxruntime.ai), in fp32 and with dynamically quantised int8 weights and activations."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar

from benchmarks.inference.engines.engine import Engine, exported, key
from benchmarks.inference.engines.served import Batch, Network
from benchmarks.inference.saved import Found
from benchmarks.store.files import writing
from data.arrays import FloatArray
from models.model import Runtime


class OnnxRuntime(Engine):
    """The exported network in ONNX Runtime."""

    packages: ClassVar[tuple[str, ...]] = ("onnx", "onnxruntime")
    modules: ClassVar[tuple[str, ...]] = ("onnx", "onnxruntime")

    def build(self, found: Found, folder: Path, texts: Sequence[str]) -> list[Path]:
        """Export the network."""
        return [exported(found, folder)]

    def network(self, found: Found, folder: Path, runtime: Runtime) -> Network:
        """Open a session on the exported network."""
        from onnxruntime import InferenceSession, SessionOptions

        options = SessionOptions()
        options.intra_op_num_threads, options.inter_op_num_threads = runtime.threads, 1
        (path,) = self.build(found, folder, ())
        session = InferenceSession(path, options, providers=["CPUExecutionProvider"])
        return lambda batches: [_logits(session, one) for one in batches]


class OnnxRuntimeInt8(OnnxRuntime):
    """The exported network in ONNX Runtime with int8 matrix products; activations are quantised as they come."""

    precision: ClassVar[str] = "int8"

    def build(self, found: Found, folder: Path, texts: Sequence[str]) -> list[Path]:
        """Export and quantise the network."""
        from onnxruntime.quantization import QuantType, quantize_dynamic

        path = folder / f"{key(found)}-onnxruntime-int8.onnx"
        if not path.exists():
            source = exported(found, folder)
            with writing(path) as temporary:
                quantize_dynamic(source, temporary, weight_type=QuantType.QInt8)
        return [path]


def _logits(session: Any, batch: Batch) -> FloatArray:
    ids, mask = batch
    (logits,) = session.run(None, {"input_ids": ids, "attention_mask": mask})
    found: FloatArray = logits
    return found
