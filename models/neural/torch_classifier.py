"""A neural text classifier, and the only training loop of the suite; `models.neural.training` takes its steps."""

import json
import math
from abc import abstractmethod
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np
import torch
from accelerate import Accelerator
from pydantic import BaseModel, ConfigDict, NonNegativeFloat, NonNegativeInt, PositiveFloat, PositiveInt
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from data.arrays import FloatArray, IntArray
from data.dataset import Split
from losses.loss import Loss
from models.model import (
    Device,
    Encoded,
    FitReport,
    Flops,
    Fraction,
    Model,
    Monitor,
    Runtime,
    Shape,
    SilentMonitor,
    standing,
)
from models.neural.allocator import freed_memory_returned
from models.neural.batching import PAD_ID, TokenIds, scoring_batches, token_counts, training_batches
from models.neural.dropout import with_fast_dropout
from models.neural.epochs import Epochs, judged_by, probabilities, resumed, state_of
from models.neural.flops import counted_flops
from models.neural.packed_linear import with_packed_linear
from models.neural.training import Training, inputs, new_accelerator, weights_of
from models.neural.weights_file import WEIGHTS_FILE, check_weights
from models.saved_files import checked_parameters, saved_model

CONFIG_FILE = "config.json"


class TorchClassifier(Model):
    """A network over token ids, trained with AdamW.

    The learning rate rises linearly over the first steps and falls linearly to zero (Howard & Ruder 2018; Devlin et
    al. 2019); gradients are clipped by their norm; weight decay spares biases and normalisation gains. The epoch with
    the highest accuracy on validation gives the weights.

    A subclass declares its own parameters and other defaults of these, and fills in the five hooks. `fit` calls
    `_prepare`, `_token_ids`, `_network`, `_initialise` in that order; `load` calls `_load_vocabulary`, `_network`.
    """

    devices: ClassVar[tuple[Device, ...]] = ("cpu", "cuda")
    data_parallel: ClassVar[bool] = True
    any_loss: ClassVar[bool] = True

    graphed: ClassVar[bool] = False
    """Whether training on a GPU records the network's passes as CUDA graphs (see `models.neural.graphs`): for a network
    whose passes neither wait for the device nor depend on what the batch holds beyond its shape."""

    token_budget: ClassVar[dict[Device, int]] = {"cpu": 8_192, "cuda": 131_072}
    """Tokens scored at a time, padding counted."""

    max_length: PositiveInt = 256
    """Tokens read of a text."""

    epochs: PositiveInt = 3
    """Passes over the training texts."""

    batch_size: PositiveInt = 32
    """Texts per optimizer step."""

    learning_rate: PositiveFloat = 1e-3
    """The highest learning rate."""

    weight_decay: NonNegativeFloat = 0.01
    """Weight decay of AdamW, decoupled."""

    warmup: Fraction = 0.1
    """Share of the planned steps over which the learning rate rises."""

    clip_norm: PositiveFloat = 1.0
    """Largest norm of the gradient."""

    patience: PositiveInt | None = None
    """Epochs without a better validation accuracy or log loss after which training ends; None: never."""

    min_steps: NonNegativeInt = 0
    """Least number of optimizer steps with two classes, reached by adding epochs; small training sets need more than
    `epochs`. With C classes, which take longer to tell apart, it is sqrt(C / 2) times as many."""

    compile: bool = False
    """Compile the network with torch.compile: a minute of `fit`, which only long trainings on a GPU earn back."""

    @abstractmethod
    def _prepare(self, train: Split) -> None:
        """Build the vocabulary or tokenizer that `_token_ids` and `_network` need."""

    @abstractmethod
    def _token_ids(self, texts: Sequence[str]) -> tuple[list[TokenIds], IntArray]:
        """The ids of each text, at most `max_length` of them, and (N,) how many it has without truncation."""

    @abstractmethod
    def _network(self, num_classes: int) -> nn.Module:
        """The untrained network: input_ids (B, T) int64, mask (B, T) bool, True where a token is -> logits (B, C).

        Texts are padded on the right with id 0. A text may have no token at all.
        """

    def _known_counts(self, tokens: Sequence[TokenIds]) -> IntArray | None:
        """(N,) known tokens among those of each text; None if the vocabulary covers every text."""
        return None

    def _initialise(self, network: nn.Module) -> None:
        """Give a new network its starting weights where these are not random."""

    @abstractmethod
    def _save_vocabulary(self, folder: Path) -> None:
        """Write the vocabulary that `_prepare` built."""

    @abstractmethod
    def _load_vocabulary(self, folder: Path) -> None:
        """Read the vocabulary that `_save_vocabulary` wrote.

        Raises:
            ValueError, OSError: it is missing or damaged.
        """

    def token_texts(self, text: str) -> list[str]:
        """Return the tokens that the model reads of a text, in readable form; their ids by default."""
        return [str(number) for number in self._token_ids([text])[0][0]]

    def save_vocabulary(self, folder: Path) -> None:
        """Write the files that turn texts into token ids."""
        self._save_vocabulary(folder)

    def load_vocabulary(self, folder: Path) -> None:
        """Read the files that `save_vocabulary` wrote; ValueError or OSError where one is missing or damaged."""
        self._load_vocabulary(folder)

    @property
    def padding_id(self) -> int:
        """The token id that stands for no token."""
        return PAD_ID

    @property
    def network(self) -> nn.Module:
        """The trained network, in evaluation mode."""
        return self._net.eval()

    def fit(
        self, train: Split, valid: Split, loss: Loss, runtime: Runtime = Runtime(), monitor: Monitor | None = None
    ) -> FitReport:
        """Train on `train`, keep the weights of the epoch with the highest accuracy on `valid`.

        With several `runtime.devices`, as many processes call this method. Batches and steps are those of one process;
        the main process evaluates the epochs for all, and all end with the same weights.

        Raises:
            FloatingPointError: the loss became NaN or infinite; the message names the step.
            ValueError: the number of processes is not `runtime.devices`.
        """
        monitor = monitor or SilentMonitor()
        torch.manual_seed(runtime.seed)
        generator = np.random.default_rng(runtime.seed)
        self._prepare(train)
        train_tokens, _ = self._token_ids(train.texts)
        valid_tokens, _ = self._token_ids(valid.texts)
        self._class_names = train.class_names
        network = with_fast_dropout(self._network(train.num_classes))
        self._initialise(network)

        steps_per_epoch = math.ceil(len(train) / self.batch_size)
        least = self.min_steps * math.sqrt(train.num_classes / 2)
        epochs = max(self.epochs, math.ceil(least / steps_per_epoch))
        training = self._begin(network, loss, epochs * steps_per_epoch, runtime, monitor)
        past = Epochs()
        if (state := monitor.restore()) is not None:
            past = resumed(state, training, generator)
        if training.agreed([training.done]) != [training.done]:
            raise ValueError(f"the main process does not go on from step {training.done}, as this one does")
        for epoch in range(len(past.history), epochs):
            batches = training_batches(token_counts(train_tokens), self.batch_size, generator)
            training.draw_anew(runtime.seed, epoch)
            train_loss = training.epoch(train_tokens, train, batches)
            valid_logits = self._logits(valid_tokens)
            judged = judged_by(valid_logits, valid.labels, runtime.criterion)
            judged = dict(zip(judged, training.agreed(list(judged.values())), strict=True))
            valid_loss = judged["valid_loss"]
            if not math.isfinite(valid_loss):
                raise FloatingPointError(f"the validation loss is {valid_loss} after step {training.done}")
            past.add(
                {
                    "epoch": epoch + 1,
                    "train_loss": train_loss,
                    **judged,
                    "learning_rate": training.learning_rate,
                },
                network,
                valid_logits,
            )
            goes_on = training.agreed([float(monitor.validated(epoch + 1, standing(judged)))])
            if not all(goes_on) or (self.patience is not None and past.without_gain >= self.patience):
                break
            if epoch + 1 < epochs:
                monitor.keep(partial(state_of, training, generator, past))
        network.load_state_dict(past.weights)
        self._valid_logits = past.valid_logits
        if runtime.device == "cuda":
            torch.cuda.synchronize()
        return FitReport(
            parameters=sum(p.numel() for p in network.parameters() if p.requires_grad),
            history=past.history,
            selected=past.selected,
            rows_at_once=training.rows_at_once if training.rows_at_once < self.batch_size else None,
        )

    def encode(self, texts: Sequence[str]) -> Encoded:
        """Turn texts into token ids, truncated to `max_length`."""
        tokens, available = self._token_ids(texts)
        return Encoded(tokens, token_counts(tokens), available, self._known_counts(tokens))

    def score(self, encoded: Encoded) -> FloatArray:
        """Return (N, C) class probabilities: the softmax of the logits, independent of the batch."""
        return probabilities(self._logits(encoded.features))

    def valid_scores(self) -> FloatArray | None:
        """Return `score` of the validation texts, (N, C); None if the selected epoch was before a resume."""
        return None if self._valid_logits is None else probabilities(self._valid_logits)

    def scoring_shapes(self, encoded: Encoded) -> list[Shape]:
        """Return the padded batches that `score` computes."""
        batches = scoring_batches(encoded.tokens, self._token_budget)
        return [(len(rows), max(1, int(encoded.tokens[rows].max()))) for rows in batches]

    def forward_flops(self) -> Flops | None:
        """Return the operations that `models.neural.flops` counts."""
        return counted_flops(self._net, self._device)

    def save(self, folder: Path) -> None:
        """Write config.json, model.safetensors and the vocabulary."""
        config = {"model": self.name, "classes": self._class_names, "parameters": self.parameters()}
        (folder / CONFIG_FILE).write_text(json.dumps(config, indent=2), encoding="utf-8")
        save_file(weights_of(self._net), folder / WEIGHTS_FILE)
        self._save_vocabulary(folder)

    @classmethod
    def load(cls, folder: Path, runtime: Runtime = Runtime()) -> Self:
        """Return the fitted model that `save` wrote, on the runtime's device.

        Raises:
            ValueError: the folder does not hold such a model.
        """
        with saved_model(folder, cls.name):
            config = _Config.model_validate_json((folder / CONFIG_FILE).read_bytes())
            if config.model != cls.name:
                raise ValueError(f"it holds a {config.model!r}")
            model = cls(**checked_parameters(cls, config.parameters))
            model._load_vocabulary(folder)
            weights = load_file(folder / WEIGHTS_FILE)
            with torch.device("meta"):  # no memory is claimed before the shapes are known to agree
                expected = model._network(len(config.classes)).state_dict()
            check_weights(expected, weights)
        model._class_names = tuple(config.classes)
        network = model._network(len(config.classes))
        network.load_state_dict(weights)
        model._place(network, runtime)
        return model

    def _place(self, network: nn.Module, runtime: Runtime) -> Accelerator:
        """Put the network on the runtime's device, and its forward pass into the runtime's precision."""
        accelerator = new_accelerator(runtime)
        # "Evaluation": not wrapped in DistributedDataParallel; `Training` adds up gradients itself.
        self._net: nn.Module = accelerator.prepare_model(with_packed_linear(network), evaluation_mode=True)
        if self.compile:
            self._net.compile(dynamic=True)  # one graph for batches of all lengths
        self._device = runtime.device
        self._halvings = 0
        self._valid_logits = None
        return accelerator

    def _begin(self, network: nn.Module, loss: Loss, total: int, runtime: Runtime, monitor: Monitor) -> Training:
        """A training of `total` steps, none of them done."""
        return Training.begin(
            self._place(network, runtime),
            self._net,
            loss,
            runtime,
            monitor,
            total=total,
            max_length=self.max_length,
            graphed=self._records_graphs(runtime),
            batch_size=self.batch_size,
            learning_rate=self.learning_rate,
            weight_decay=self.weight_decay,
            warmup=self.warmup,
            clip_norm=self.clip_norm,
        )

    def _records_graphs(self, runtime: Runtime) -> bool:
        """Whether a training records its passes; not possible where GPUs communicate within a step."""
        return self.graphed and runtime.device == "cuda" and runtime.devices == 1 and not self.compile

    @property
    def _token_budget(self) -> int:
        """Tokens scored at a time; halved whenever memory did not suffice."""
        return self.token_budget[self._device] >> self._halvings

    def _logits(self, tokens: Sequence[TokenIds]) -> Tensor:
        """(N, C) logits, float32, on the CPU, in the order of `tokens`; in smaller batches if memory does not suffice.

        Raises:
            torch.OutOfMemoryError: not even one text fits.
        """
        while True:
            batches = scoring_batches(token_counts(tokens), self._token_budget)
            try:
                return self._logits_of(batches, tokens)
            except torch.OutOfMemoryError:
                if max(map(len, batches)) == 1:
                    raise
            self._halvings += 1
            torch.cuda.empty_cache()

    def _logits_of(self, batches: Sequence[IntArray], tokens: Sequence[TokenIds]) -> Tensor:
        self._net.eval()
        rows = freed_memory_returned(batches)
        with torch.inference_mode():
            by_length = torch.cat([self._net(*inputs([tokens[i] for i in b], self._device)) for b in rows]).cpu()
        return by_length[torch.from_numpy(np.concatenate(batches).argsort())]


class _Config(BaseModel):
    """The content of config.json."""

    model_config = ConfigDict(title=CONFIG_FILE, extra="forbid", strict=True)

    model: str
    classes: list[str]
    parameters: dict[str, Any]
