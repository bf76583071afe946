"""A neural text classifier, and the only training loop of the suite."""

import json
import math
from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Self, get_type_hints

import numpy as np
import numpy.typing as npt
import torch
from accelerate import Accelerator
from accelerate.optimizer import AcceleratedOptimizer
from accelerate.scheduler import AcceleratedScheduler
from accelerate.state import AcceleratorState
from pydantic import BaseModel, ConfigDict, ValidationError, create_model
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor, nn
from torch.nn.functional import cross_entropy
from torch.optim import AdamW
from torch.optim.lr_scheduler import LambdaLR

from data.dataset import IntArray, Split
from losses.loss import Loss
from models.batching import TokenIds, pad, scoring_batches, training_batches
from models.flops import counted_flops
from models.model import (
    Device,
    Encoded,
    FitReport,
    FloatArray,
    Flops,
    Model,
    Monitor,
    Runtime,
    Shape,
    SilentMonitor,
    select,
)

CONFIG_FILE = "config.json"
WEIGHTS_FILE = "model.safetensors"

CHECK_EVERY = 20
"""Steps between looks at the loss: each look waits for the device."""


class TorchClassifier(Model):
    """A network over token ids, trained with AdamW.

    The learning rate rises linearly over the first steps and falls linearly to zero (Howard & Ruder 2018; Devlin et
    al. 2019); gradients are clipped by their norm; weight decay spares biases and normalisation gains. The epoch with
    the highest accuracy on validation gives the weights.

    A subclass spells out its constructor, keeps every argument as an attribute of the same name, and fills in the five
    hooks. `fit` calls `_prepare`, `_token_ids`, `_network`, `_initialise` in that order; `load` calls
    `_load_vocabulary`, `_network`.
    """

    devices: ClassVar[tuple[Device, ...]] = ("cpu", "cuda")

    token_budget: ClassVar[dict[Device, int]] = {"cpu": 8_192, "cuda": 131_072}
    """Tokens scored at a time, padding counted."""

    def __init__(
        self,
        *,
        max_length: int,
        epochs: int,
        batch_size: int,
        learning_rate: float,
        weight_decay: float,
        warmup: float,
        clip_norm: float,
        patience: int | None,
        min_steps: int = 0,
    ) -> None:
        """Keep the configuration.

        Args:
            max_length: tokens read of a text.
            epochs: passes over the training texts.
            batch_size: texts per optimizer step.
            learning_rate: the highest.
            weight_decay: of AdamW, decoupled.
            warmup: share of the planned steps over which the learning rate rises.
            clip_norm: largest norm of the gradient.
            patience: epochs without a better validation accuracy or log loss after which training ends; None: never.
            min_steps: optimizer steps to plan at least, by adding epochs; small training sets need more than `epochs`.
        """
        self.max_length = max_length
        self.epochs = epochs
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.weight_decay = weight_decay
        self.warmup = warmup
        self.clip_norm = clip_norm
        self.patience = patience
        self.min_steps = min_steps

    @abstractmethod
    def _prepare(self, train: Split) -> None:
        """Make ready what `_token_ids` and `_network` need: a vocabulary, a tokenizer."""

    @abstractmethod
    def _token_ids(self, texts: Sequence[str]) -> tuple[list[TokenIds], IntArray]:
        """The ids of each text, at most `max_length` of them, and (N,) how many it has without truncation."""

    @abstractmethod
    def _network(self, num_classes: int) -> nn.Module:
        """The untrained network: input_ids (B, T) int64, mask (B, T) bool, True where a token is -> logits (B, C).

        Texts are padded on the right with id 0. A text may have no token at all.
        """

    def _initialise(self, network: nn.Module) -> None:
        """Give a new network its starting weights where these are not random."""

    @abstractmethod
    def _save_vocabulary(self, folder: Path) -> None:
        """Write what `_prepare` made."""

    @abstractmethod
    def _load_vocabulary(self, folder: Path) -> None:
        """Read what `_save_vocabulary` wrote.

        Raises:
            ValueError, OSError: it is not there.
        """

    def token_texts(self, text: str) -> list[str]:
        """The tokens that the model reads of a text, for people to read; their ids, where a subclass says no more."""
        return [str(number) for number in self._token_ids([text])[0][0]]

    def save_vocabulary(self, folder: Path) -> None:
        """Write what turns texts into token ids."""
        self._save_vocabulary(folder)

    @property
    def network(self) -> nn.Module:
        """The trained network, in evaluation mode."""
        return self._net.eval()

    def fit(
        self,
        train: Split,
        valid: Split,
        loss: Loss,
        runtime: Runtime = Runtime(),  # noqa: B008  (immutable)
        monitor: Monitor | None = None,
    ) -> FitReport:
        """Train on `train`, keep the weights of the epoch with the highest accuracy on `valid`.

        Raises:
            FloatingPointError: the loss became NaN or infinite; the message names the step.
        """
        torch.manual_seed(runtime.seed)
        generator = np.random.default_rng(runtime.seed)
        self._prepare(train)
        train_tokens, _ = self._token_ids(train.texts)
        valid_tokens, _ = self._token_ids(valid.texts)
        self._class_names = train.class_names
        network = self._network(train.num_classes)
        self._initialise(network)

        steps_per_epoch = math.ceil(len(train) / self.batch_size)
        epochs = max(self.epochs, math.ceil(self.min_steps / steps_per_epoch))
        training = self._begin(network, loss, epochs * steps_per_epoch, runtime, monitor or SilentMonitor())
        counts = _counts(train_tokens)
        history: list[dict[str, float]] = []
        selected = 0
        for epoch in range(epochs):
            batches = training_batches(counts, self.batch_size, generator)
            train_loss = training.epoch(train_tokens, train, batches)
            valid_loss, valid_accuracy = _judge(self._logits(valid_tokens), valid.labels)
            if not math.isfinite(valid_loss):
                raise FloatingPointError(f"the validation loss is {valid_loss} after step {training.done}")
            history.append(
                {
                    "epoch": epoch + 1,
                    "train_loss": train_loss,
                    "valid_loss": valid_loss,
                    "valid_accuracy": valid_accuracy,
                    "learning_rate": training.learning_rate,
                }
            )
            if select(history) == epoch:
                selected, weights = epoch, _weights(network)
            lowest = min(range(len(history)), key=lambda i: history[i]["valid_loss"])
            if self.patience is not None and epoch - max(selected, lowest) >= self.patience:
                break
        network.load_state_dict(weights)
        if runtime.device == "cuda":
            torch.cuda.synchronize()
        return FitReport(
            parameters=sum(p.numel() for p in network.parameters() if p.requires_grad),
            history=history,
            selected=selected,
        )

    def encode(self, texts: Sequence[str]) -> Encoded:
        """Token ids, truncated to `max_length`."""
        tokens, available = self._token_ids(texts)
        return Encoded(tokens, _counts(tokens), available)

    def score(self, encoded: Encoded) -> FloatArray:
        """(N, C) class probabilities: the softmax of the logits, whatever the batch a text shares."""
        probabilities: FloatArray = self._logits(encoded.features).double().softmax(dim=1).numpy()
        return probabilities

    def scoring_shapes(self, encoded: Encoded) -> list[Shape]:
        """The padded batches that `score` computes."""
        batches = scoring_batches(encoded.tokens, self.token_budget[self._device])
        return [(len(rows), max(1, int(encoded.tokens[rows].max()))) for rows in batches]

    def forward_flops(self) -> Flops | None:
        """As `models.flops` counts them."""
        return counted_flops(self._net, self._device)

    def save(self, folder: Path) -> None:
        """Write config.json, model.safetensors and the vocabulary."""
        parameters = {name: getattr(self, name) for name in _parameter_types(type(self))}
        config = {"model": self.name, "classes": self._class_names, "parameters": parameters}
        (folder / CONFIG_FILE).write_text(json.dumps(config, indent=2), encoding="utf-8")
        save_file(_weights(self._net), folder / WEIGHTS_FILE)
        self._save_vocabulary(folder)

    @classmethod
    def load(cls, folder: Path, runtime: Runtime = Runtime()) -> Self:  # noqa: B008  (immutable)
        """The fitted model that `save` wrote, on the runtime's device.

        Raises:
            ValueError: the folder does not hold such a model.
        """
        try:
            config = _Config.model_validate_json((folder / CONFIG_FILE).read_bytes())
            if config.model != cls.name:
                raise ValueError(f"it holds a {config.model!r}")
            model = cls(**_checked_parameters(cls, config.parameters))
            model._load_vocabulary(folder)
            weights = load_file(folder / WEIGHTS_FILE)
            with torch.device("meta"):  # no memory is claimed before the shapes are known to agree
                expected = model._network(len(config.classes)).state_dict()
            _check_weights(expected, weights)
        except (OSError, ValueError, SafetensorError) as error:
            raise ValueError(f"{folder} holds no saved {cls.name} model: {_one_line(error)}") from None
        model._class_names = tuple(config.classes)
        network = model._network(len(config.classes))
        network.load_state_dict(weights)
        model._place(network, runtime)
        return model

    def _place(self, network: nn.Module, runtime: Runtime) -> Accelerator:
        """Put the network on the runtime's device, and its forward pass into the runtime's precision."""
        accelerator = _accelerator(runtime)
        self._net: nn.Module = accelerator.prepare_model(network)
        self._device = runtime.device
        return accelerator

    def _begin(self, network: nn.Module, loss: Loss, total: int, runtime: Runtime, monitor: Monitor) -> "_Training":
        """A training of `total` steps, none of them done."""
        accelerator = self._place(network, runtime)
        optimizer = AdamW(decay_groups(network, self.weight_decay), lr=self.learning_rate, fused=True)
        rising = round(self.warmup * total)
        schedule = LambdaLR(optimizer, lambda step: warmup_decay(step, rising, total))
        return _Training(
            accelerator=accelerator,
            network=self._net,
            optimizer=accelerator.prepare_optimizer(optimizer),
            schedule=accelerator.prepare_scheduler(schedule),
            loss=loss,
            clip_norm=self.clip_norm,
            device=runtime.device,
            monitor=monitor,
            total=total,
        )

    def _logits(self, tokens: Sequence[TokenIds]) -> Tensor:
        """(N, C) logits, float32, on the CPU, in the order of `tokens`."""
        batches = scoring_batches(_counts(tokens), self.token_budget[self._device])
        self._net.eval()
        with torch.inference_mode():
            by_length = torch.cat([self._net(*_inputs([tokens[i] for i in b], self._device)) for b in batches]).cpu()
        logits = torch.empty_like(by_length)
        logits[torch.from_numpy(np.concatenate(batches))] = by_length
        return logits


@dataclass
class _Training:
    """The optimizer steps of one training: `done` of `total`."""

    accelerator: Accelerator
    network: nn.Module
    optimizer: AcceleratedOptimizer
    schedule: AcceleratedScheduler
    loss: Loss
    clip_norm: float
    device: Device
    monitor: Monitor
    total: int
    done: int = 0

    def epoch(self, tokens: Sequence[TokenIds], split: Split, batches: Sequence[IntArray]) -> float:
        """Take a step per batch of rows; the mean loss over all rows.

        Raises:
            FloatingPointError: a batch's loss is NaN or infinite.
        """
        self.network.train()
        total = 0.0
        unseen: list[Tensor] = []
        with self.monitor.training():
            for last, rows in enumerate(batches, start=1 - len(batches)):
                texts = [tokens[i] for i in rows]
                unseen.append(self._step(texts, split.labels[rows], split.lengths[rows]))
                self.done += 1
                counts = list(map(len, texts))
                self.monitor.step(self.done, self.total, len(rows), sum(counts), [(len(rows), max(1, *counts))])
                if len(unseen) == CHECK_EVERY or last == 0:
                    total += self._finite_sum(unseen)
                    unseen.clear()
        return total / len(split)

    @property
    def learning_rate(self) -> float:
        """Of the next step."""
        return float(self.schedule.get_last_lr()[0])

    def _step(self, texts: Sequence[TokenIds], labels: IntArray, lengths: IntArray) -> Tensor:
        """One optimizer step; the sum of the batch's losses, left on the device."""
        logits = self.network(*_inputs(texts, self.device))
        losses = self.loss(logits, _on(self.device, labels), _on(self.device, lengths))
        self.accelerator.backward(losses.mean())
        self.accelerator.clip_grad_norm_(self.network.parameters(), self.clip_norm)
        self.optimizer.step()
        self.schedule.step()
        self.optimizer.zero_grad()
        return losses.detach().sum()

    def _finite_sum(self, losses: Sequence[Tensor]) -> float:
        """The sum of the latest steps' losses; waits for the device."""
        values = torch.stack(tuple(losses)).tolist()
        for step, value in enumerate(values, start=self.done - len(values) + 1):
            if not math.isfinite(value):
                raise FloatingPointError(f"the training loss is {value} at step {step} of {self.total}")
        return math.fsum(values)


class _Config(BaseModel):
    """What config.json holds."""

    model_config = ConfigDict(extra="forbid", strict=True)

    model: str
    classes: list[str]
    parameters: dict[str, Any]


def decay_groups(network: nn.Module, weight_decay: float) -> list[dict[str, Any]]:
    """AdamW's parameter groups: weight decay on matrices, none on biases and normalisation gains."""
    trainable = [p for p in network.parameters() if p.requires_grad]
    return [
        {"params": [p for p in trainable if p.ndim >= 2], "weight_decay": weight_decay},
        {"params": [p for p in trainable if p.ndim < 2], "weight_decay": 0.0},
    ]


def warmup_decay(step: int, rising: int, total: int) -> float:
    """Share of the highest learning rate at `step` (from 0) of `total`: up over `rising` steps, then down to 0."""
    if step < rising:
        return (step + 1) / rising
    return (total - step) / (total - rising)


def _accelerator(runtime: Runtime) -> Accelerator:
    if runtime.device == "cpu" and runtime.precision == "fp16":
        raise ValueError("precision 'fp16' does not run on device 'cpu' (choices: fp32, bf16)")
    if runtime.device == "cuda":
        torch.set_float32_matmul_precision("high")  # TF32 for what stays in float32
    # One per process, and deaf to a second runtime; a prepared network keeps what it needs of it.
    AcceleratorState._reset_state(reset_partial_state=True)
    mixed_precision = "no" if runtime.precision == "fp32" else runtime.precision
    return Accelerator(cpu=runtime.device == "cpu", mixed_precision=mixed_precision)


def _counts(tokens: Sequence[TokenIds]) -> IntArray:
    """(N,) tokens of each text."""
    return np.fromiter(map(len, tokens), dtype=np.int64, count=len(tokens))


def _inputs(texts: Sequence[TokenIds], device: Device) -> tuple[Tensor, Tensor]:
    """input_ids (B, T) int64 and mask (B, T) bool on the device."""
    input_ids = _on(device, pad(texts)).long()
    counts = _on(device, _counts(texts))
    return input_ids, torch.arange(input_ids.shape[1], device=counts.device) < counts[:, None]


def _on(device: Device, array: npt.NDArray[Any]) -> Tensor:
    """The array as a tensor on the device, copied while the device works."""
    tensor = torch.from_numpy(array)
    return tensor.pin_memory().to(device, non_blocking=True) if device == "cuda" else tensor


def _judge(logits: Tensor, labels: IntArray) -> tuple[float, float]:
    """Log loss (nats) and accuracy, unweighted."""
    target = torch.from_numpy(labels)
    return cross_entropy(logits, target).item(), (logits.argmax(dim=1) == target).double().mean().item()


def _weights(network: nn.Module) -> dict[str, Tensor]:
    """A copy of the weights, on the CPU."""
    return {name: value.detach().to("cpu", copy=True).contiguous() for name, value in network.state_dict().items()}


def _parameter_types(model: type[TorchClassifier]) -> dict[str, Any]:
    """The constructor's arguments and their annotations."""
    types = get_type_hints(model.__init__, include_extras=True)
    return {name: annotation for name, annotation in types.items() if name != "return"}


def _checked_parameters(model: type[TorchClassifier], parameters: dict[str, Any]) -> dict[str, Any]:
    """The constructor's arguments as saved, each there and of its type.

    Raises:
        ValidationError: they are not.
    """
    fields: dict[str, Any] = {name: (annotation, ...) for name, annotation in _parameter_types(model).items()}
    schema = create_model("Parameters", __config__=ConfigDict(extra="forbid"), **fields)
    checked: dict[str, Any] = schema.model_validate(parameters).model_dump()
    return checked


def _check_weights(expected: dict[str, Tensor], weights: dict[str, Tensor]) -> None:
    """Raise ValueError unless both have the same names, shapes and types."""
    for name in sorted(expected.keys() | weights.keys()):
        wanted, found = (_describe(tensors.get(name)) for tensors in (expected, weights))
        if wanted != found:
            raise ValueError(f"{WEIGHTS_FILE}: {name} is {found}, but the network wants {wanted}")


def _describe(tensor: Tensor | None) -> str:
    return "missing" if tensor is None else f"{tensor.dtype} {tuple(tensor.shape)}"


def _one_line(error: Exception) -> str:
    if isinstance(error, ValidationError):
        first = error.errors()[0]
        return f"{CONFIG_FILE}: {'.'.join(map(str, first['loc']))}: {first['msg']}"
    return str(error).splitlines()[0]
