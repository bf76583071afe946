"""A frozen encoder and logistic regression: the value of pre-training before anything is fine-tuned.

Also known as linear probing (Alain & Bengio 2016, arXiv:1610.01644).
"""

import hashlib
import json
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import ClassVar, Literal

import numpy as np
import torch
from pydantic import PositiveFloat, PositiveInt
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss
from torch import Tensor, nn
from transformers import AutoModel, PretrainedConfig

from data.dataset import IntArray, Split
from losses.loss import Loss
from models import content_cache
from models.content_cache import Float32, Vectors, cached_vectors
from models.encoder import attention, auto, tokens, truncation
from models.encoder.auto_classifier import AutoEncoderClassifier
from models.encoder.truncation import Truncation
from models.external_files import external_digests
from models.linear.convergence import Attempt, solve_each
from models.linear.strengths import Trial, search
from models.model import FitReport, FloatArray, Monitor, Runtime

C_GRID = (1e-4, 1e-3, 1e-2, 1e-1, 1.0)
"""Inverse strengths of regularisation that are tried first, for vectors of standard deviation 1."""

ATTEMPTS = (Attempt(iterations=300, dtype=np.float64),)
TOLERANCE = 1e-6

LARGEST_HESSIAN = 2_000
"""Coefficients up to which Newton's method with a Cholesky factor is the fastest solver."""

SMALLEST_DEVIATION = 1e-6

Pooling = Literal["mean", "cls", "max"]
Probe = tuple[FloatArray, FloatArray]
"""Weights (C, D) and intercepts (C,)."""


class FrozenEncoder(AutoEncoderClassifier):
    """A frozen encoder's pooled token vectors, logistic regression.

    Each training text is encoded once: its vector is kept in a cache that runs share (see `models.content_cache`). C is
    chosen on validation; the loss enters as the weight of each training text.
    """

    name: ClassVar[str] = "frozen_encoder"
    data_parallel: ClassVar[bool] = False
    any_loss: ClassVar[bool] = False

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
        self,
        train: Split,
        valid: Split,
        loss: Loss,
        runtime: Runtime = Runtime(),  # noqa: B008  (immutable)
        monitor: Monitor | None = None,
    ) -> FitReport:
        """Encode the texts that the cache lacks; fit the head for each C that is tried; keep the best on `valid`."""
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

        def fit_each(grid: Sequence[float]) -> list[Trial[Probe]]:
            probes = fit_probes(grid, known.values, train.labels, weights, runtime.threads)
            scores = [_softmax(held_out.values, *probe) for probe, _ in probes]
            return [
                Trial(
                    {
                        "C": C,
                        "train_loss": _log_loss(_softmax(known.values, *probe), train.labels, weights),
                        "valid_loss": _log_loss(own, valid.labels),
                        "valid_accuracy": float((own.argmax(axis=1) == valid.labels).mean()),
                        "converged": float(converged),
                    },
                    probe,
                )
                for C, (probe, converged), own in zip(grid, probes, scores, strict=True)
            ]

        found = search(self.C, C_GRID, fit_each)
        coefficients, intercepts = (torch.from_numpy(array).float() for array in found.best.fitted)
        head.load_state_dict({"weight": coefficients, "bias": intercepts})
        network.head = head.to(runtime.device)
        return FitReport(
            parameters=coefficients.numel() + intercepts.numel(),
            history=found.history,
            selected=found.selected,
            converged=bool(found.best.entry["converged"]),
            optimum_inside=found.inside,
            cached_texts=known.reused + held_out.reused,
        )

    def _network(self, num_classes: int) -> nn.Module:
        return PooledEncoder(self._config, self.pooling, num_classes)

    def _vectors(self, space: str, texts: Sequence[str]) -> Vectors:
        """(N, D) vectors of texts, while the network has no head."""
        return cached_vectors(space, texts, lambda missing: self._logits(self.encode(missing).features).numpy())

    def _space(self, runtime: Runtime) -> str:
        """Digest of everything but the text that a vector depends on."""
        code = [
            Path(str(module.__file__)).read_bytes() for module in (attention, auto, tokens, truncation, content_cache)
        ]
        facts = {
            "encoder": external_digests(self)["encoder"],
            "parameters": [self.pooling, self.max_length, self.truncation],
            "runtime": [runtime.device, runtime.precision],
            "libraries": [version(name) for name in ("torch", "transformers", "tokenizers")],
            "code": [hashlib.sha256(source).hexdigest() for source in (*code, Path(__file__).read_bytes())],
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


def fit_probes(
    grid: Sequence[float], vectors: Float32, labels: IntArray, weights: FloatArray, threads: int
) -> list[tuple[Probe, bool]]:
    """Fit a logistic regression on standardised vectors for each C.

    Args:
        grid: inverse strengths of regularisation.
        vectors: (N, D).
        labels: (N,) of C classes, each of which occurs.
        weights: (N,) of the texts.
        threads: processors to use.

    Returns:
        For each value, the coefficients (C, D) and intercepts (C,) for vectors that are not standardised, and whether
        the solver reached its tolerance.
    """
    mean, deviation = vectors.mean(axis=0, dtype=np.float64), vectors.std(axis=0, dtype=np.float64)
    deviation = deviation.clip(min=SMALLEST_DEVIATION)
    classes = len(np.unique(labels))
    rows = 1 if classes == 2 else classes
    solver = "newton-cholesky" if rows * vectors.shape[1] <= LARGEST_HESSIAN else "newton-cg"
    classifier = LogisticRegression(solver=solver, tol=TOLERANCE)
    solutions = solve_each(classifier, grid, (vectors - mean) / deviation, labels, weights, ATTEMPTS, threads)
    probes = []
    for solution in solutions:
        coefficients = solution.classifier.coef_ / deviation
        intercepts = solution.classifier.intercept_ - coefficients @ mean
        if classes == 2:  # scikit-learn keeps the difference of the two classes only
            coefficients = np.concatenate([-coefficients, coefficients]) / 2
            intercepts = np.concatenate([-intercepts, intercepts]) / 2
        probes.append(((coefficients, intercepts), solution.converged))
    return probes


def _softmax(vectors: Float32, coefficients: FloatArray, intercepts: FloatArray) -> FloatArray:
    logits = vectors @ coefficients.T + intercepts
    exponentials = np.exp(logits - logits.max(axis=1, keepdims=True))
    probabilities: FloatArray = exponentials / exponentials.sum(axis=1, keepdims=True)
    return probabilities


def _log_loss(probabilities: FloatArray, labels: IntArray, weights: FloatArray | None = None) -> float:
    """Log loss in nats."""
    return float(log_loss(labels, probabilities, labels=range(probabilities.shape[1]), sample_weight=weights))
