"""A frozen encoder and logistic regression: the value of pre-training before anything is fine-tuned.

Also known as linear probing (Alain & Bengio 2016, arXiv:1610.01644).
"""

import hashlib
import json
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import ClassVar, Literal

import torch
from pydantic import PositiveFloat, PositiveInt
from torch import Tensor, nn
from transformers import AutoModel, PretrainedConfig

from data.dataset import Split
from losses.loss import Loss
from models.content_cache import Vectors, cached_vectors, code_digest
from models.encoder.auto_classifier import AutoEncoderClassifier
from models.encoder.truncation import Truncation
from models.external_files import external_digests
from models.linear.every_class import require_every_class
from models.linear.probes import search_probes
from models.model import FitReport, Monitor, Runtime
from models.search_space import Interval, OneOf, SearchSpace

Pooling = Literal["mean", "cls", "max"]

CODE = [
    Path(__file__).with_name(name)
    for name in ("frozen_encoder.py", "content_cache.py", "model.py", "encoder", "neural")
]
"""Modules and packages that encode texts."""


class FrozenEncoder(AutoEncoderClassifier):
    """A frozen encoder's pooled token vectors, logistic regression.

    Each training text is encoded once: its vector is kept in a cache that runs share (see `models.content_cache`). C is
    chosen on validation; the loss enters as the weight of each training text.
    """

    name: ClassVar[str] = "frozen_encoder"
    data_parallel: ClassVar[bool] = False
    any_loss: ClassVar[bool] = False
    search_space: ClassVar[SearchSpace] = {
        "pooling": OneOf(("mean", "cls", "max")),
        "C": Interval(1e-4, 1.0, log=True),
    }

    def __init__(
        self,
        *,
        encoder: str = "minilm",
        pooling: Literal["mean", "cls", "max"] = "mean",
        max_length: PositiveInt = 256,
        truncation: Truncation = "head",
        C: PositiveFloat | None = None,  # noqa: N803  (the name it has everywhere)
    ) -> None:
        """Take the parameters.

        Args:
            encoder: a folder in the Hub's layout, a name on the Hub such as BAAI/bge-small-en-v1.5, or minilm.
            pooling: how token vectors become one: their mean, the first one, or their maximum.
            max_length: tokens read of a text, special tokens counted.
            truncation: part of a longer text that is read, see `models.encoder.truncation`.
            C: inverse strength of regularisation; None chooses on validation.
        """
        super().__init__(encoder=encoder, max_length=max_length, truncation=truncation)
        self.pooling, self.C = pooling, C

    def fit(
        self, train: Split, valid: Split, loss: Loss, runtime: Runtime = Runtime(), monitor: Monitor | None = None
    ) -> FitReport:
        """Encode the texts that the cache lacks; fit the head for each C that is tried; keep the best on `valid`.

        Raises:
            ValueError: a class has no training text.
        """
        require_every_class(train, self.name)
        torch.manual_seed(runtime.seed)
        weights = loss.sample_weight(train.lengths, train.labels)
        self._prepare(train)
        self._class_names = train.class_names
        network = PooledEncoder(self._config, self.pooling, train.num_classes)
        self._initialise(network)
        head, network.head = network.head, nn.Identity()
        self._place(network, runtime)
        space = self._space(runtime)
        known, held_out = (self._vectors(space, split.texts) for split in (train, valid))

        found = search_probes(self.C, known.values, train.labels, weights, held_out.values, valid.labels, runtime)
        coefficients, intercepts = (torch.from_numpy(array).float() for array in found.fitted)
        head.load_state_dict({"weight": coefficients, "bias": intercepts})
        network.head = head.to(runtime.device)
        return found.report(
            parameters=coefficients.numel() + intercepts.numel(),
            cached_texts=known.reused + held_out.reused,
        )

    def _network(self, num_classes: int) -> nn.Module:
        return PooledEncoder(self._config, self.pooling, num_classes)

    def _vectors(self, space: str, texts: Sequence[str]) -> Vectors:
        """(N, D) vectors of texts, while the network has no head."""
        return cached_vectors(space, texts, lambda missing: self._logits(self.encode(missing).features).numpy())

    def _space(self, runtime: Runtime) -> str:
        """Digest of everything but the text that a vector depends on."""
        facts = {
            "encoder": external_digests(self)["encoder"],
            "parameters": [self.pooling, self.max_length, self.truncation],
            "runtime": [runtime.device, runtime.precision],
            "libraries": [version(name) for name in ("torch", "transformers", "tokenizers")],
            "class": [type(self).__module__, type(self).__qualname__],  # a plug-in's module is named by its content
            "code": code_digest(*CODE),
        }
        return hashlib.sha256(json.dumps(facts).encode()).hexdigest()[:32]


class PooledEncoder(nn.Module):
    """Tokens -> encoder -> pooling -> head, in float32 from the pooling on."""

    def __init__(self, config: PretrainedConfig, pooling: Pooling, num_classes: int) -> None:
        super().__init__()
        self.encoder = AutoModel.from_config(config)  # type: ignore[no-untyped-call]
        if hasattr(self.encoder, "pooler"):
            self.encoder.pooler = None  # a layer over the first token that some checkpoints lack
        self.pooling, self.padding = pooling, config.pad_token_id or 0
        self.head: nn.Module = nn.Linear(config.hidden_size, num_classes)

    def forward(self, input_ids: Tensor, mask: Tensor) -> Tensor:
        """input_ids (B, T), mask (B, T) -> logits (B, C)."""
        ids = input_ids.masked_fill(~mask, self.padding)
        states = self.encoder(input_ids=ids, attention_mask=mask.long()).last_hidden_state.float()  # (B, T, D)
        with torch.autocast(states.device.type, enabled=False):
            logits: Tensor = self.head(pooled(states, mask, self.pooling))
        return logits


def pooled(states: Tensor, mask: Tensor, pooling: Pooling) -> Tensor:
    """Pool states (B, T, D) over the tokens of `mask` (B, T): (B, D)."""
    if pooling == "cls":
        return states[:, 0]
    if pooling == "max":
        return states.masked_fill(~mask[..., None], float("-inf")).amax(dim=1)
    return (states * mask[..., None]).sum(dim=1) / mask.sum(dim=1, keepdim=True)
