"""transformers' `pipeline("text-classification")`, batches of 8, with the weights of our trained model."""

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from safetensors.torch import load_file
from torch import nn
from transformers import pipeline

from benchmarks.peers.contest import Side, class_indices, predicted, whole
from benchmarks.peers.stock_distilbert import new_model, new_tokenizer
from benchmarks.registry.entries import model_class
from data.dataset import Dataset, IntArray
from losses.ce import CrossEntropy
from models.model import Runtime
from models.neural.torch_classifier import TorchClassifier
from models.neural.weights_file import WEIGHTS_FILE

OURS = ("distilbert",)
SIZES = (2_000, 500)
WORK = "test texts → classes at 256 word pieces"
MAX_LENGTH, BATCH_SIZE = 256, 8
PREFIX = "classifier."


def sides(ours: str, data: Dataset, runtime: Runtime) -> tuple[Side, Side]:
    """Prepare our model, fitted beforehand, and the pipeline around the same weights."""
    settings: dict[str, Any] = {"max_length": MAX_LENGTH, "epochs": 1}
    model = model_class(ours)(**settings)
    model.fit(data.train, data.valid, CrossEntropy(data.train.lengths, data.train.labels), runtime)
    stock = new_model(data.train.num_classes, runtime)
    with TemporaryDirectory() as folder:
        model.save(Path(folder))
        weights = load_file(Path(folder) / WEIGHTS_FILE)
    stock.load_state_dict({name.removeprefix(PREFIX): weight for name, weight in weights.items()})
    nn.Module.eval(stock)  # `from_pretrained` would have done so; a pipeline does not
    classify = pipeline("text-classification", model=stock, tokenizer=new_tokenizer(), device=runtime.device)

    def peer() -> IntArray:
        texts = list(data.test.texts)
        found = classify(texts, batch_size=BATCH_SIZE, truncation=True, max_length=MAX_LENGTH)
        return class_indices([one["label"] for one in found])

    own = Side(
        whole(lambda: predicted(model, data)),
        precision=runtime.precision,
        batches=f"{TorchClassifier.token_budget[runtime.device]:,} tokens, grouped by length",
    )
    return own, Side(whole(peer), batches=f"{BATCH_SIZE}, padded to the longest")
