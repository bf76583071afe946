"""Optimizer steps of one training, and the state from which it resumes after an interruption."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from accelerate import Accelerator
from accelerate.optimizer import AcceleratedOptimizer
from accelerate.scheduler import AcceleratedScheduler
from accelerate.state import AcceleratorState
from accelerate.utils import DataLoaderConfiguration, broadcast
from torch import Tensor, nn
from torch.optim import AdamW
from torch.optim.lr_scheduler import LambdaLR

from data.dataset import IntArray, Split
from losses.loss import Loss
from models.model import Device, Monitor, Runtime, Shape, TrainingState
from models.neural.allocator import freed_memory_kept
from models.neural.batching import TokenIds, pad, token_counts
from models.neural.graphs import LENGTH_STEP, GraphedNetwork

CHECK_EVERY = 20
"""Steps between reads of the loss; each read waits for the device."""


@dataclass
class Training:
    """The optimizer steps of one training: `done` of `total`.

    Several processes may share it, each on a device of its own: all see the same batches, each computes the gradients
    of its rows, and the sum of all gradients is every process's next step. DistributedDataParallel is not used: it adds
    up within the backward pass, and a process whose memory runs out there, and which begins the pass again, would leave
    the others waiting.

    Attributes:
        passes: the network's over a batch: input_ids (B, T), mask (B, T) -> logits (B, C).
        max_length: tokens that a text has at most.
        rows_at_once: rows whose gradients are computed together; halved when the device's memory does not suffice.
    """

    accelerator: Accelerator
    network: nn.Module
    passes: Callable[[Tensor, Tensor], Tensor]
    optimizer: AcceleratedOptimizer
    schedule: AcceleratedScheduler
    loss: Loss
    clip_norm: float
    device: Device
    monitor: Monitor
    total: int
    max_length: int
    rows_at_once: int
    done: int = 0

    @classmethod
    def begin(
        cls,
        accelerator: Accelerator,
        network: nn.Module,
        loss: Loss,
        runtime: Runtime,
        monitor: Monitor,
        *,
        total: int,
        max_length: int,
        graphed: bool,
        batch_size: int,
        learning_rate: float,
        weight_decay: float,
        warmup: float,
        clip_norm: float,
    ) -> "Training":
        """Return a training of `total` steps, none of them done, of a network that is on its device.

        Raises:
            ValueError: the number of processes is not `runtime.devices`.
        """
        if accelerator.num_processes != runtime.devices:
            raise ValueError(
                f"a training on {runtime.devices} device(s) takes as many processes, and there are "
                f"{accelerator.num_processes} (accelerate launch --num_processes starts them)"
            )
        broadcast(list(network.state_dict().values()))
        optimizer = AdamW(decay_groups(network, weight_decay), lr=learning_rate, fused=True)
        rising = round(warmup * total)
        schedule = LambdaLR(optimizer, lambda step: warmup_decay(step, rising, total))
        return cls(
            accelerator=accelerator,
            network=network,
            passes=GraphedNetwork(network) if graphed else network,
            optimizer=accelerator.prepare_optimizer(optimizer),
            schedule=accelerator.prepare_scheduler(schedule),
            loss=loss,
            clip_norm=clip_norm,
            device=runtime.device,
            monitor=monitor,
            total=total,
            max_length=max_length,
            rows_at_once=batch_size,
        )

    def epoch(self, tokens: Sequence[TokenIds], split: Split, batches: Sequence[IntArray]) -> float:
        """Take a step per batch of rows; return the mean loss over all rows.

        Raises:
            FloatingPointError: a batch's loss is NaN or infinite.
        """
        self.network.train()
        total = 0.0
        unseen: list[Tensor] = []
        with self.monitor.training(), freed_memory_kept():
            for last, rows in enumerate(batches, start=1 - len(batches)):
                shares = self._shares(rows)
                own = shares[self.accelerator.process_index]
                weight = 1 / len(rows)
                if not len(own):  # gradients add up where all have them: one row, that does not count
                    own, weight = rows[:1], 0.0
                texts = [tokens[i] for i in own]
                unseen.append(self._step(texts, split.labels[own], split.lengths[own], weight) * len(rows))
                self.done += 1
                counts = [np.array([len(tokens[i]) for i in share]) for share in shares]
                self.monitor.step(self.done, self.total, len(rows), int(sum(map(np.sum, counts))), self._shapes(counts))
                if len(unseen) == CHECK_EVERY or last == 0:
                    total += self._finite_sum(unseen)
                    unseen.clear()
        return total / len(split)

    def _shares(self, rows: IntArray) -> list[IntArray]:
        """The rows of each process; a batch is sorted by length, so every process gets short and long texts."""
        processes = self.accelerator.num_processes
        return [rows[first::processes] for first in range(processes)]

    def _shapes(self, counts: Sequence[IntArray]) -> list[Shape]:
        """The padded batches of a step; `counts` holds the tokens of each process's texts."""
        parts = [own[i : i + self.rows_at_once] for own in counts for i in range(0, len(own), self.rows_at_once)]
        return [(len(part), self._length(int(part.max()))) for part in parts]

    def _length(self, longest: int) -> int:
        """Padded length of a batch, from the tokens of its longest text."""
        if not self.graphed:
            return max(1, longest)
        return min(self.max_length, max(1, -(-longest // LENGTH_STEP)) * LENGTH_STEP)

    @property
    def graphed(self) -> bool:
        """Whether passes are recorded as CUDA graphs."""
        return isinstance(self.passes, GraphedNetwork)

    def agreed(self, values: Sequence[float]) -> list[float]:
        """Return the main process's values to every process."""
        own = torch.tensor(values, dtype=torch.float64, device=self.accelerator.device)
        found: list[float] = broadcast(own).tolist()
        return found

    def draw_anew(self, seed: int, epoch: int) -> None:
        """Seed an epoch: each of several training processes gets its own random numbers.

        Dropout is then independent between processes, and no checkpoint has to hold the others' states.
        """
        if self.accelerator.num_processes > 1:
            sequence = np.random.SeedSequence([seed, epoch, self.accelerator.process_index])
            torch.manual_seed(int(sequence.generate_state(1)[0]))

    @property
    def learning_rate(self) -> float:
        """The learning rate of the next step."""
        return float(self.schedule.get_last_lr()[0])

    def state(self) -> TrainingState:
        """Return the state of weights, optimizer, schedule, scaler and random numbers."""
        optimizer = self.optimizer.state_dict()
        tensors = {f"network.{name}": value for name, value in weights_of(self.network).items()}
        for index, moments in optimizer["state"].items():
            tensors |= {f"optimizer.{index}.{name}": value for name, value in moments.items()}
        tensors["random.cpu"] = torch.get_rng_state()
        if self.device == "cuda":
            tensors["random.cuda"] = torch.cuda.get_rng_state()
        scaler = self.accelerator.scaler
        facts = {
            "done": self.done,
            "optimizer": optimizer["param_groups"],
            "schedule": self.schedule.state_dict(),
            "scaler": scaler.state_dict() if scaler else None,
        }
        return TrainingState(tensors, facts)

    def restore(self, state: TrainingState) -> None:
        """Continue from a `state()`.

        Raises:
            ValueError, KeyError, RuntimeError: it is another training's.
        """
        self.done = int(state.facts["done"])
        self.network.load_state_dict(below(state.tensors, "network."))
        moments: dict[int, dict[str, Tensor]] = {}
        for key, value in below(state.tensors, "optimizer.").items():
            index, _, name = key.partition(".")
            moments.setdefault(int(index), {})[name] = value
        self.optimizer.load_state_dict({"state": moments, "param_groups": state.facts["optimizer"]})
        self.schedule.load_state_dict(state.facts["schedule"])
        if self.accelerator.scaler:
            self.accelerator.scaler.load_state_dict(state.facts["scaler"])
        torch.set_rng_state(state.tensors["random.cpu"])
        if self.device == "cuda":
            torch.cuda.set_rng_state(state.tensors["random.cuda"])

    def _step(self, texts: Sequence[TokenIds], labels: IntArray, lengths: IntArray, weight: float) -> Tensor:
        """Take one optimizer step; return the contribution of these rows to the batch's mean loss, on the device."""
        mean = self._gradients(texts, labels, lengths, weight)
        self._add_up_processes()
        self.accelerator.clip_grad_norm_(self.network.parameters(), self.clip_norm)
        self.optimizer.step()
        self.schedule.step()
        self._forget_gradients()
        return mean

    def _forget_gradients(self) -> None:
        """Clear the gradients; CUDA graphs add to the recorded tensors, so gradients are zeroed instead of dropped."""
        self.optimizer.zero_grad(set_to_none=not self.graphed)

    def _gradients(self, texts: Sequence[TokenIds], labels: IntArray, lengths: IntArray, weight: float) -> Tensor:
        """Compute the gradients of the weighted sum of the losses, in parts that fit into memory; return that sum.

        Raises:
            torch.OutOfMemoryError: not even one row fits.
        """
        while True:
            try:
                return self._add_up(texts, labels, lengths, weight)
            except torch.OutOfMemoryError:
                rows = min(self.rows_at_once, len(texts))
                if rows == 1:
                    raise
            self.rows_at_once = (rows + 1) // 2
            self._forget_gradients()
            torch.cuda.empty_cache()

    def _add_up(self, texts: Sequence[TokenIds], labels: IntArray, lengths: IntArray, weight: float) -> Tensor:
        """Accumulate the gradients; each row has the same weight, in whichever part and process it is."""
        sums = []
        for start in range(0, len(texts), self.rows_at_once):
            part = slice(start, start + self.rows_at_once)
            length = self._length(max(map(len, texts[part])))
            logits = self.passes(*inputs(texts[part], self.device, length))
            losses = self.loss(logits, on(self.device, labels[part]), on(self.device, lengths[part]))
            weighted = losses.sum() * weight
            self.accelerator.backward(weighted)
            sums.append(weighted.detach())
        return torch.stack(sums).sum()

    def _add_up_processes(self) -> None:
        """Give every process the sum of all processes' gradients, which is the whole batch's."""
        if self.accelerator.num_processes == 1:
            return
        gradients = [p.grad for p in self.network.parameters() if p.grad is not None]
        together = self.accelerator.reduce(torch.cat([gradient.flatten() for gradient in gradients]))
        for gradient, whole in zip(gradients, together.split([g.numel() for g in gradients]), strict=True):
            gradient.copy_(whole.view_as(gradient))

    def _finite_sum(self, losses: Sequence[Tensor]) -> float:
        """The sum of the latest steps' losses in all processes; waits for the device."""
        values = self.accelerator.reduce(torch.stack(tuple(losses))).tolist()
        for step, value in enumerate(values, start=self.done - len(values) + 1):
            if not math.isfinite(value):
                raise FloatingPointError(f"the training loss is {value} at step {step} of {self.total}")
        return math.fsum(values)


def decay_groups(network: nn.Module, weight_decay: float) -> list[dict[str, Any]]:
    """Return AdamW's parameter groups: weight decay on matrices, none on biases and normalisation gains."""
    trainable = [p for p in network.parameters() if p.requires_grad]
    return [
        {"params": [p for p in trainable if p.ndim >= 2], "weight_decay": weight_decay},
        {"params": [p for p in trainable if p.ndim < 2], "weight_decay": 0.0},
    ]


def warmup_decay(step: int, rising: int, total: int) -> float:
    """Return the share of the highest learning rate at `step` (from 0) of `total`: up over `rising`, then down to 0."""
    if step < rising:
        return (step + 1) / rising
    return (total - step) / max(1, total - rising)  # the schedule asks for the step after the last one, too


def new_accelerator(runtime: Runtime) -> Accelerator:
    """Return the accelerator for the runtime's device and precision.

    Raises:
        ValueError: the device does not compute in that precision.
    """
    if runtime.device == "cpu" and runtime.precision == "fp16":
        raise ValueError("precision 'fp16' does not run on device 'cpu' (choices: fp32, bf16)")
    if runtime.device == "cuda":
        torch.set_float32_matmul_precision("high")  # TF32 for what stays in float32
    # One per process, and deaf to a second runtime; a prepared network keeps what it needs of it.
    AcceleratorState._reset_state(reset_partial_state=True)
    mixed_precision = "no" if runtime.precision == "fp32" else runtime.precision
    # Batches are shared among processes, not multiplied by them: the schedule takes one step for each.
    batches = DataLoaderConfiguration(split_batches=True)
    return Accelerator(cpu=runtime.device == "cpu", mixed_precision=mixed_precision, dataloader_config=batches)


def inputs(texts: Sequence[TokenIds], device: Device, length: int = 1) -> tuple[Tensor, Tensor]:
    """Return input_ids (B, T) int64 and mask (B, T) bool on the device, T at least `length`."""
    input_ids = on(device, pad(texts, length)).long()
    lengths = on(device, token_counts(texts))
    return input_ids, torch.arange(input_ids.shape[1], device=lengths.device) < lengths[:, None]


def on(device: Device, array: npt.NDArray[Any]) -> Tensor:
    """Return the array as a tensor on the device, copied while the device works."""
    tensor = torch.from_numpy(array)
    return tensor.pin_memory().to(device, non_blocking=True) if device == "cuda" else tensor


def weights_of(network: nn.Module) -> dict[str, Tensor]:
    """Copy the weights to the CPU."""
    return {name: value.detach().to("cpu", copy=True).contiguous() for name, value in network.state_dict().items()}


def below(tensors: Mapping[str, Tensor], prefix: str) -> dict[str, Tensor]:
    """Return the tensors whose names begin with the prefix, named without it."""
    return {name.removeprefix(prefix): value for name, value in tensors.items() if name.startswith(prefix)}
