"""Engines: libraries that run a trained network, one file per library, one line here per engine.

Each gets the same batches; see `benchmarks.inference.engines.served`.
"""

ENGINES = {
    "torch": "benchmarks.inference.engines.in_torch:Torch",
    "torch_compile": "benchmarks.inference.engines.in_torch:TorchCompile",
    "onnxruntime": "benchmarks.inference.engines.in_onnxruntime:OnnxRuntime",
    "onnxruntime_int8": "benchmarks.inference.engines.in_onnxruntime:OnnxRuntimeInt8",
    "openvino": "benchmarks.inference.engines.in_openvino:OpenVino",
    "openvino_bf16": "benchmarks.inference.engines.in_openvino:OpenVinoBf16",
    "openvino_int8": "benchmarks.inference.engines.in_openvino:OpenVinoInt8",
}
"""Name -> "module:Class", imported only when it runs; the first is the network as it was trained."""
