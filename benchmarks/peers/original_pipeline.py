"""The fine-tuning script that this suite grew out of: every text padded to 512 word pieces, batches of 8, float32."""

from typing import Any

import torch
from torch.utils.data import DataLoader, TensorDataset
from transformers import DistilBertForSequenceClassification

from benchmarks.measurement.clock import Clock
from benchmarks.peers.contest import Side, training_steps
from benchmarks.peers.stock_distilbert import labels_of, new_model, padded
from data.dataset import Dataset
from models.model import Runtime

OURS = ("distilbert",)
SIZES = (512, 500)
"""After one epoch on 128 texts, neither side is above chance; one on 2,000 takes the script half an hour on a CPU."""

WORK = "optimizer steps of one epoch at 512 word pieces"
MAX_LENGTH, BATCH_SIZE, LEARNING_RATE = 512, 8, 5e-5


def sides(ours: str, data: Dataset, runtime: Runtime) -> tuple[Side, Side]:
    """Prepare our model and a plain loop; both train for one epoch from the same weights."""
    train, test = (padded(split.texts, split.labels, MAX_LENGTH) for split in (data.train, data.test))
    columns = ("input_ids", "attention_mask", "labels")
    tensors = TensorDataset(*(torch.tensor([example[name] for example in train]) for name in columns))

    def peer(clock: Clock) -> tuple[Any, float]:
        model = new_model(data.train.num_classes, runtime)
        batches = DataLoader(tensors, batch_size=BATCH_SIZE, shuffle=True)
        _, seconds = clock.time(lambda: _train(model, batches))
        return model, seconds

    own = training_steps(ours, data, runtime, max_length=MAX_LENGTH, epochs=1)
    return own, Side(
        peer, lambda model: labels_of(model, test, runtime), batches=f"{BATCH_SIZE}, padded to {MAX_LENGTH}"
    )


def _train(model: DistilBertForSequenceClassification, batches: DataLoader[tuple[torch.Tensor, ...]]) -> None:
    optimizer = torch.optim.AdamW(model.parameters(), lr=LEARNING_RATE)
    model.train()
    for batch in batches:
        input_ids, attention_mask, labels = (column.to(model.device) for column in batch)
        model(input_ids=input_ids, attention_mask=attention_mask, labels=labels).loss.backward()
        optimizer.step()
        optimizer.zero_grad()
