"""transformers' Trainer with its defaults: texts padded to 256 word pieces, batches of 8, float32."""

from typing import Any

from benchmarks.measurement.clock import Clock
from benchmarks.peers.contest import Side, training_steps
from benchmarks.peers.stock_distilbert import labels_of, padded, trained_by_trainer
from data.dataset import Dataset
from models.model import Runtime

OURS = ("distilbert",)
SIZES = (2_000, 500)
WORK = "optimizer steps of one epoch at 256 word pieces"
MAX_LENGTH, BATCH_SIZE = 256, 8


def sides(ours: str, data: Dataset, runtime: Runtime) -> tuple[Side, Side]:
    """Prepare our model and `Trainer.train()`; both train for one epoch from the same weights."""
    train, test = (padded(split.texts, split.labels, MAX_LENGTH) for split in (data.train, data.test))

    def peer(clock: Clock) -> tuple[Any, float]:
        return trained_by_trainer(train, data.train.num_classes, runtime, clock, per_device_train_batch_size=BATCH_SIZE)

    own = training_steps(ours, data, runtime, max_length=MAX_LENGTH, epochs=1)
    return own, Side(
        peer, lambda model: labels_of(model, test, runtime), batches=f"{BATCH_SIZE}, padded to {MAX_LENGTH}"
    )
