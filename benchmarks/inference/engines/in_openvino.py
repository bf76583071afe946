"""OpenVINO (https://docs.openvino.ai), in fp32, bf16 and, calibrated by NNCF, int8."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar

from benchmarks.errors import UsageError
from benchmarks.hardware.precision import has_bf16
from benchmarks.inference.engines.engine import Engine, exported, key, tokenizing
from benchmarks.inference.engines.served import Batch, Network, batch
from benchmarks.inference.saved import Found
from data.arrays import FloatArray
from models.model import Runtime

CALIBRATION_TEXTS = 300
"""Training texts on which ranges of activations are measured; NNCF's own default."""


class OpenVino(Engine):
    """The exported network in OpenVINO."""

    packages: ClassVar[tuple[str, ...]] = ("onnx", "openvino")
    modules: ClassVar[tuple[str, ...]] = ("onnx", "openvino")
    hint: ClassVar[str] = "f32"
    """OpenVINO's name of the precision."""

    def build(self, found: Found, folder: Path, texts: Sequence[str]) -> list[Path]:
        """Export the network."""
        return [exported(found, folder)]

    def network(self, found: Found, folder: Path, runtime: Runtime) -> Network:
        """Compile the exported network for this processor."""
        import openvino

        path, *_ = self.build(found, folder, ())
        settings = {
            "INFERENCE_PRECISION_HINT": self.hint,
            "INFERENCE_NUM_THREADS": runtime.threads,
            "NUM_STREAMS": 1,  # all threads on one batch, so that a text alone has them, too
        }
        compiled = openvino.Core().compile_model(path, "CPU", settings)
        request = compiled.create_infer_request()
        return lambda batches: [_logits(request, one) for one in batches]


class OpenVinoBf16(OpenVino):
    """The exported network in OpenVINO with bf16 matrix products."""

    precision: ClassVar[str] = "bf16"
    hint: ClassVar[str] = "bf16"

    def why_unavailable(self) -> str:
        """Say that the processor has no bf16 instructions."""
        return super().why_unavailable() or ("" if has_bf16("cpu") else "this processor has no bf16 instructions")


class OpenVinoInt8(OpenVino):
    """The exported network in OpenVINO with int8 matrix products, calibrated on training texts by NNCF."""

    packages: ClassVar[tuple[str, ...]] = (*OpenVino.packages, "nncf")
    modules: ClassVar[tuple[str, ...]] = (*OpenVino.modules, "nncf")
    precision: ClassVar[str] = "int8"

    def build(self, found: Found, folder: Path, texts: Sequence[str]) -> list[Path]:
        """Export and quantise the network."""
        path = folder / f"{key(found)}-openvino-int8.xml"
        if not path.exists():
            if not texts:
                raise UsageError(
                    "it is calibrated on training texts, which only `run --engines openvino_int8` has",
                    option="engine",
                    value="openvino_int8",
                )
            _quantise(found, exported(found, folder), path, texts)
        return [path, path.with_suffix(".bin")]


def _quantise(found: Found, source: Path, target: Path, texts: Sequence[str]) -> None:
    """Post-training quantisation with NNCF's settings for transformers."""
    import nncf
    import openvino

    tokens = tokenizing(found).encode(texts[:CALIBRATION_TEXTS]).features
    inputs = [dict(zip(("input_ids", "attention_mask"), batch([ids]), strict=True)) for ids in tokens]
    quantised = nncf.quantize(
        openvino.Core().read_model(source),
        nncf.Dataset(inputs),
        model_type=nncf.ModelType.TRANSFORMER,
        subset_size=CALIBRATION_TEXTS,
    )
    openvino.save_model(quantised, target, compress_to_fp16=False)


def _logits(request: Any, batch: Batch) -> FloatArray:
    ids, mask = batch
    found: FloatArray = request.infer({"input_ids": ids, "attention_mask": mask})[0].copy()  # the buffer is used again
    return found
