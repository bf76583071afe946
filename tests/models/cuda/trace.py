"""Training steps on a CUDA device that is not there, traced with fake tensors: python trace.py GUARD.so [CASE..].

A CPU build of torch creates no tensor on "cuda" unless a device guard for it is loaded before torch is (fake_cuda.cpp).
What a trace cannot hold is replaced: copies to the device, and what asks it for its abilities. Each case prints a line
of JSON: what it computed in, and where, or the error it ended with.
"""

import ctypes
import importlib.util
import json
import sys
from pathlib import Path

LIBRARIES = Path(importlib.util.find_spec("torch").origin).parent / "lib"
for library in (LIBRARIES / "libc10.so", LIBRARIES / "libtorch_cpu.so", sys.argv[1]):
    ctypes.CDLL(str(library), mode=ctypes.RTLD_GLOBAL)

import numpy as np  # noqa: E402
import torch  # noqa: E402
from torch import nn  # noqa: E402
from torch._subclasses.fake_tensor import FakeTensorMode  # noqa: E402

sys.path.insert(0, str(Path(__file__).parents[3]))

from transformers import modeling_utils  # noqa: E402

from losses.ce import CrossEntropy  # noqa: E402
from losses.length_weighted_ce import LengthWeightedCrossEntropy  # noqa: E402
from models.distilbert import DistilBert, DistilBertConfig  # noqa: E402
from models.distilbert_mlp import DistilBertMlp  # noqa: E402
from models.encoder import attention  # noqa: E402
from models.lstm import Lstm  # noqa: E402
from models.model import Runtime, SilentMonitor  # noqa: E402
from models.neural import training  # noqa: E402

TEXTS = [np.arange(1, length, dtype=np.int32) for length in (5, 9, 3, 7)]
LABELS, LENGTHS = np.array([0, 1, 1, 0]), np.array([4, 8, 2, 6])


def device_is_there():
    torch.cuda.is_available = lambda: True
    torch.cuda.device_count = lambda: 1
    torch.cuda.current_device = lambda: 0
    torch.cuda.set_device = lambda device: None
    torch.cuda.empty_cache = lambda: None
    torch.cuda.is_bf16_supported = lambda including_emulation=True: True
    torch.cuda.get_device_capability = lambda device=None: (9, 0)
    torch.cuda.amp.common.amp_definitely_not_available = lambda: False
    nn.Module.to = lambda self, *to, **how: self  # they are there already
    modeling_utils.get_torch_context_manager_or_global_device = lambda: torch.device("cuda")
    training.on = lambda device, array: torch.empty(array.shape, dtype=torch.from_numpy(array).dtype, device=device)


class PlantedLoss(CrossEntropy):
    """Its weights were left on the CPU."""

    def __call__(self, logits, labels, lengths):
        return super().__call__(logits, labels, lengths) * torch.ones(len(labels), device="cpu")


class PlantedBuffer(nn.Module):
    """It has a buffer on the CPU."""

    def __init__(self, network):
        super().__init__()
        self.network = network
        self.register_buffer("scale", torch.ones(2, device="cpu"))

    def forward(self, input_ids, mask):
        return self.network(input_ids, mask) * self.scale


def model_of(name):
    if name == "lstm":
        model = Lstm(embedding_width=8, hidden_width=8)
        model._adopt(["<pad>", "<unk>", *"abcdefghij"])
        return model
    model = {"distilbert": DistilBert, "distilbert_mlp": DistilBertMlp}[name](max_length=16)
    model._config = DistilBertConfig(
        vocab_size=50, max_position_embeddings=16, dim=16, n_layers=2, n_heads=2, hidden_dim=32, dropout=0.1
    )
    model._config._attn_implementation = attention.NAME
    return model


def step(name, precision, *, loss=LengthWeightedCrossEntropy, wrap=lambda network: network, inputs=None):
    """One step of a small model, and what it was computed in."""
    model = model_of(name)
    with torch.device("cuda"):
        network = wrap(model._network(2))
    dtypes, devices = set(), set()

    def look(module, arguments, output):
        tensor = output[0] if isinstance(output, tuple) else output
        dtypes.add(str(tensor.dtype))
        devices.add(str(tensor.device))

    for module in network.modules():
        if isinstance(module, nn.Linear | nn.LSTM):
            module.register_forward_hook(look)
    begun = model._begin(network, loss(LENGTHS, LABELS), 10, Runtime("cuda", precision), SilentMonitor())
    original = training.inputs
    training.inputs = inputs or original
    try:
        # With fp16, the scaler's step asks the device whether it overflowed.
        advance = begun._gradients if precision == "fp16" else begun._step
        total = advance(TEXTS, LABELS, LENGTHS, 1 / len(TEXTS))
    finally:
        training.inputs = original
    parameters = list(network.parameters())
    devices |= {str(p.device) for p in parameters} | {str(p.grad.device) for p in parameters if p.grad is not None}
    moments = [t for state in begun.optimizer.state_dict()["state"].values() for t in state.values()]
    return {
        "layers": sorted(dtypes),
        "weights": sorted({str(p.dtype) for p in parameters}),
        "loss": str(total.dtype),
        "devices": sorted(devices | {str(total.device)} | {str(t.device) for t in moments}),
        "moments": len(moments),
        "fused": begun.optimizer.optimizer.defaults["fused"],
        "scaler": begun.accelerator.scaler is not None,
        "tf32": torch.get_float32_matmul_precision(),
    }


def on_cpu(texts, device, length):
    input_ids = torch.zeros(len(texts), length, dtype=torch.int64, device=device)
    return input_ids, torch.ones(len(texts), length, dtype=torch.bool, device="cpu")


CASES = {
    **{
        f"{name} {precision}": lambda name=name, precision=precision: step(name, precision)
        for name in ("distilbert", "distilbert_mlp", "lstm")
        for precision in ("fp32", "bf16", "fp16")
    },
    "planted loss": lambda: step("distilbert", "bf16", loss=PlantedLoss),
    "planted buffer": lambda: step("distilbert", "bf16", wrap=PlantedBuffer),
    "planted input": lambda: step("distilbert_mlp", "bf16", inputs=on_cpu),
}


if __name__ == "__main__":
    device_is_there()
    for case in sys.argv[2:] or CASES:
        with FakeTensorMode(allow_non_fake_inputs=False):
            try:
                found = CASES[case]()
            except Exception as error:  # noqa: BLE001  (the test says which error it expects)
                found = {"error": type(error).__name__, "message": str(error)[:300]}
        print(json.dumps({"case": case} | found), flush=True)
