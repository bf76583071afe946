"""The same LSTM as tutorials train it: every text padded to 512 words, in random batches, the padding read too."""

from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy
from torch.utils.data import DataLoader, TensorDataset

from benchmarks.measurement.clock import Clock
from benchmarks.peers.contest import Side, training_steps
from data.dataset import Dataset, IntArray, Split
from models.lstm import EMBEDDING_STD
from models.model import Runtime
from models.neural.batching import PAD_ID
from models.word_classifier import UNKNOWN_ID, build_vocabulary, split_words

OURS = ("lstm",)
SIZES = (2_000, 1_000)
WORK = "optimizer steps of three epochs at 512 words"
EPOCHS = 3
"""After one, neither side is above chance on 2,000 texts."""

MAX_LENGTH, BATCH_SIZE, MAX_WORDS, WIDTH, LEARNING_RATE = 512, 32, 10_000, 128, 2e-3


class PaddedLstm(nn.Module):
    """Embedding, bidirectional LSTM, mean and maximum over all positions, linear."""

    def __init__(self, words: int, num_classes: int) -> None:
        super().__init__()
        self.embedding = nn.Embedding(words, WIDTH, padding_idx=PAD_ID)
        nn.init.normal_(self.embedding.weight, std=EMBEDDING_STD)
        self.lstm = nn.LSTM(WIDTH, WIDTH, batch_first=True, bidirectional=True)
        self.head = nn.Linear(4 * WIDTH, num_classes)

    def forward(self, input_ids: Tensor) -> Tensor:
        """input_ids (B, T) -> logits (B, C)."""
        states, _ = self.lstm(self.embedding(input_ids))
        logits: Tensor = self.head(torch.cat([states.mean(dim=1), states.amax(dim=1)], dim=1))
        return logits


def sides(ours: str, data: Dataset, runtime: Runtime) -> tuple[Side, Side]:
    """Prepare our model and a plain loop over the same widths."""
    return sides_with(PaddedLstm, ours, data, runtime)


def sides_with(network: type[PaddedLstm], ours: str, data: Dataset, runtime: Runtime) -> tuple[Side, Side]:
    """Prepare our model and a plain loop over `network`."""
    vocabulary = build_vocabulary(data.train.texts, MAX_WORDS, min_frequency=2)
    numbers = {word: number for number, word in enumerate(vocabulary)}
    train, test = (_padded(split, numbers) for split in (data.train, data.test))

    def peer(clock: Clock) -> tuple[Any, float]:
        torch.manual_seed(runtime.seed)
        model = network(len(vocabulary), data.train.num_classes).to(runtime.device)
        tensors = TensorDataset(train, torch.from_numpy(data.train.labels))
        batches = DataLoader(tensors, batch_size=BATCH_SIZE, shuffle=True)
        _, seconds = clock.time(lambda: _train(model, batches, runtime))
        return model, seconds

    own = training_steps(
        ours,
        data,
        runtime,
        max_length=MAX_LENGTH,
        epochs=EPOCHS,
        min_steps=0,
        patience=None,
        batch_size=BATCH_SIZE,
        max_words=MAX_WORDS,
    )
    return own, Side(peer, lambda model: _labels(model, test, runtime), batches=f"{BATCH_SIZE}, padded to {MAX_LENGTH}")


def _padded(split: Split, numbers: dict[str, int]) -> Tensor:
    """Number each text's last words, padded on the right: (N, 512)."""
    ids = np.full((len(split), MAX_LENGTH), PAD_ID, dtype=np.int64)
    for row, text in zip(ids, split.texts, strict=True):
        words = split_words(text)[-MAX_LENGTH:]
        row[: len(words)] = [numbers.get(word, UNKNOWN_ID) for word in words]
    return torch.from_numpy(ids)


def _train(model: PaddedLstm, batches: DataLoader[tuple[Tensor, ...]], runtime: Runtime) -> None:
    optimizer = torch.optim.AdamW(model.parameters(), lr=LEARNING_RATE)
    model.train()
    for _ in range(EPOCHS):
        for input_ids, labels in batches:
            loss = cross_entropy(model(input_ids.to(runtime.device)), labels.to(runtime.device))
            torch.autograd.backward(loss)
            optimizer.step()
            optimizer.zero_grad()


def _labels(model: PaddedLstm, input_ids: Tensor, runtime: Runtime) -> IntArray:
    model.eval()
    with torch.inference_mode():
        batches = [input_ids[start : start + BATCH_SIZE] for start in range(0, len(input_ids), BATCH_SIZE)]
        found = [model(batch.to(runtime.device)).argmax(dim=1).cpu().numpy() for batch in batches]
    return np.concatenate(found)
