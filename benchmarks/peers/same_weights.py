"""Our DistilBERT, fitted, and transformers' network with the same weights; peers that score share it."""

from collections.abc import Callable, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import torch
from safetensors.torch import load_file
from torch import Tensor, nn
from transformers import DistilBertForSequenceClassification, PreTrainedTokenizerFast

from benchmarks.peers.contest import Side, predicted, whole
from benchmarks.peers.stock_distilbert import new_model
from benchmarks.registry.entries import model_class
from data.dataset import Dataset, IntArray
from losses.ce import CrossEntropy
from models.model import Runtime
from models.neural.torch_classifier import TorchClassifier
from models.neural.weights_file import WEIGHTS_FILE

OURS = ("distilbert",)
SIZES = (2_000, 500)
MAX_LENGTH = 256
WORK = f"test texts → classes at {MAX_LENGTH} word pieces"
BATCH_SIZE = 16
PREFIX = "classifier."


def fitted(ours: str, data: Dataset, runtime: Runtime) -> tuple[Side, DistilBertForSequenceClassification]:
    """Fit our model for one epoch; return our side, and transformers' network with its weights, in evaluation mode."""
    settings: dict[str, Any] = {"max_length": MAX_LENGTH, "epochs": 1}
    model = model_class(ours)(**settings)
    assert isinstance(model, TorchClassifier)
    model.fit(data.train, data.valid, CrossEntropy(data.train.lengths, data.train.labels), runtime)
    stock = new_model(data.train.num_classes, runtime)
    with TemporaryDirectory() as folder:
        model.save(Path(folder))
        weights = load_file(Path(folder) / WEIGHTS_FILE)
    stock.load_state_dict({name.removeprefix(PREFIX): weight for name, weight in weights.items()})
    nn.Module.eval(stock)  # `from_pretrained` would have done so
    own = Side(
        whole(lambda: predicted(model, data)),
        precision=runtime.precision,
        batches=f"{model.token_budget[runtime.device]:,} tokens, grouped by length",
    )
    return own, stock


def labels_in_sorted_batches(
    texts: Sequence[str],
    logits: Callable[[dict[str, Any]], Any],
    tokenizer: PreTrainedTokenizerFast,
    size: int = BATCH_SIZE,
) -> IntArray:
    """Return the most probable class of each text, (N,), scored in batches of texts of similar length.

    Args:
        texts: to be scored.
        logits: `input_ids` and `attention_mask` (B, T), int64 arrays -> (B, C).
        tokenizer: loaded beforehand, as ours is.
        size: B.
    """
    tokens = tokenizer(list(texts), truncation=True, max_length=MAX_LENGTH)["input_ids"]
    order = sorted(range(len(tokens)), key=lambda row: -len(tokens[row]))
    labels = np.empty(len(tokens), dtype=np.int64)
    for start in range(0, len(order), size):
        rows = order[start : start + size]
        batch = tokenizer.pad({"input_ids": [tokens[row] for row in rows]}, return_tensors="np")
        labels[rows] = np.asarray(logits(dict(batch))).argmax(axis=1)
    return labels


def exported(network: DistilBertForSequenceClassification, path: Path) -> Path:
    """Write the network as ONNX, for batches of any size and length."""
    nn.Module.cpu(network)
    network.set_attn_implementation("eager")  # the tracing exporter has no mask for the fused kernel
    ones = torch.ones(2, 7, dtype=torch.int64)
    axes = {0: "texts", 1: "tokens"}
    torch.onnx.export(
        _Logits(network),
        (ones, ones),
        path,
        input_names=["input_ids", "attention_mask"],
        output_names=["logits"],
        dynamic_axes={"input_ids": axes, "attention_mask": axes, "logits": {0: "texts"}},
        dynamo=False,
    )
    return path


class _Logits(nn.Module):
    """A network of transformers that returns its logits alone."""

    def __init__(self, network: DistilBertForSequenceClassification) -> None:
        super().__init__()
        self.network = network

    def forward(self, input_ids: Tensor, attention_mask: Tensor) -> Tensor:
        """input_ids (B, T), attention_mask (B, T) -> logits (B, C)."""
        logits: Tensor = self.network(input_ids=input_ids, attention_mask=attention_mask).logits
        return logits
