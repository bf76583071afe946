"""transformers' Trainer as an expert sets it: our precision, padding to the longest, length groups, batches of 16."""

from typing import Any

from transformers import DataCollatorWithPadding

from benchmarks.measurement.clock import Clock
from benchmarks.peers.contest import Side, training_steps
from benchmarks.peers.stock_distilbert import labels_of, new_tokenizer, padded, trained_by_trainer
from data.dataset import Dataset
from models.model import Runtime

OURS = ("distilbert",)
SIZES = (2_000, 500)
WORK = "optimizer steps of one epoch at 256 word pieces"
MAX_LENGTH, BATCH_SIZE, LEARNING_RATE = 256, 16, 1e-4


def sides(ours: str, data: Dataset, runtime: Runtime) -> tuple[Side, Side]:
    """Prepare our model and `Trainer.train()`; both train for one epoch from the same weights."""
    tokenizer = new_tokenizer()
    tokens = tokenizer(list(data.train.texts), truncation=True, max_length=MAX_LENGTH)["input_ids"]
    labels = data.train.labels.tolist()
    train = [{"input_ids": ids, "labels": label} for ids, label in zip(tokens, labels, strict=True)]
    test = padded(data.test.texts, data.test.labels, MAX_LENGTH)

    def peer(clock: Clock) -> tuple[Any, float]:
        return trained_by_trainer(
            train,
            data.train.num_classes,
            runtime,
            clock,
            DataCollatorWithPadding(tokenizer),
            per_device_train_batch_size=BATCH_SIZE,
            learning_rate=LEARNING_RATE,
            train_sampling_strategy="group_by_length",
            bf16=runtime.precision == "bf16",
            fp16=runtime.precision == "fp16",
        )

    own = training_steps(ours, data, runtime, max_length=MAX_LENGTH, epochs=1)
    batches = f"{BATCH_SIZE}, grouped by length"
    return own, Side(peer, lambda model: labels_of(model, test, runtime), runtime.precision, batches)
