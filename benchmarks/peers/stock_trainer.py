"""transformers' Trainer with its defaults: texts padded to 256 word pieces, batches of 8, float32."""

from tempfile import TemporaryDirectory
from typing import Any

from transformers import Trainer, TrainingArguments

from benchmarks.measurement.clock import Clock
from benchmarks.peers.contest import Side, training_steps
from benchmarks.peers.stock_distilbert import labels_of, new_model, padded
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
        model = new_model(data.train.num_classes, runtime)
        with TemporaryDirectory() as folder:
            arguments = TrainingArguments(
                folder,
                num_train_epochs=1,
                per_device_train_batch_size=BATCH_SIZE,
                use_cpu=runtime.device == "cpu",
                report_to="none",
                save_strategy="no",
                logging_strategy="no",
                disable_tqdm=True,
                seed=runtime.seed,
            )
            trainer = Trainer(model, arguments, train_dataset=train)
            _, seconds = clock.time(trainer.train)
        return model, seconds

    own = training_steps(ours, data, runtime, max_length=MAX_LENGTH, epochs=1)
    return own, Side(
        peer, lambda model: labels_of(model, test, runtime), batches=f"{BATCH_SIZE}, padded to {MAX_LENGTH}"
    )
