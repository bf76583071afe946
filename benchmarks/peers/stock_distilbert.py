"""transformers' DistilBERT from the weights that this suite starts from; several peers share it."""

from collections.abc import Iterator, Sequence
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import torch
from torch import nn
from transformers import DistilBertForSequenceClassification, PreTrainedTokenizerFast, Trainer, TrainingArguments

from benchmarks.measurement.clock import Clock
from data.dataset import IntArray
from models.encoder.weights import load_encoder
from models.model import Runtime

ENCODER = "minilm"
Example = dict[str, list[int] | int]


def new_model(num_classes: int, runtime: Runtime) -> DistilBertForSequenceClassification:
    """Build the pre-trained model with a new head, on the device, in float32, with transformers' dropout."""
    torch.manual_seed(runtime.seed)
    encoder = load_encoder(ENCODER)
    encoder.config.num_labels = num_classes
    model = DistilBertForSequenceClassification(encoder.config)
    model.distilbert.load_state_dict(encoder.weights)
    nn.Module.to(model, runtime.device)
    return model


def new_tokenizer() -> PreTrainedTokenizerFast:
    """Build the encoder's tokenizer."""
    return PreTrainedTokenizerFast(  # type: ignore[no-untyped-call]
        tokenizer_object=load_encoder(ENCODER).tokenizer,
        pad_token="[PAD]",
        cls_token="[CLS]",
        sep_token="[SEP]",
        unk_token="[UNK]",
        mask_token="[MASK]",
        model_input_names=["input_ids", "attention_mask"],
    )


def padded(texts: Sequence[str], labels: IntArray, max_length: int) -> list[Example]:
    """Cut or pad every text to `max_length` word pieces."""
    encoded = new_tokenizer()(list(texts), padding="max_length", truncation=True, max_length=max_length)
    columns = zip(encoded["input_ids"], encoded["attention_mask"], labels.tolist(), strict=True)
    return [{"input_ids": ids, "attention_mask": mask, "labels": label} for ids, mask, label in columns]


def trained_by_trainer(
    train: Sequence[dict[str, Any]],
    num_classes: int,
    runtime: Runtime,
    clock: Clock,
    collator: Any = None,
    **settings: Any,
) -> tuple[nn.Module, float]:
    """Train a new model for one epoch with transformers' Trainer, which writes, reports and shows nothing.

    Args:
        train: encoded texts with their labels.
        num_classes: C.
        runtime: device and seed.
        clock: times the training.
        collator: makes a batch of texts; None is the Trainer's own.
        settings: further arguments of `TrainingArguments`.

    Returns:
        The model, and the seconds of `Trainer.train()`.
    """
    model = new_model(num_classes, runtime)
    with TemporaryDirectory() as folder:
        arguments = TrainingArguments(
            folder,
            num_train_epochs=1,
            use_cpu=runtime.device == "cpu",
            report_to="none",
            save_strategy="no",
            logging_strategy="no",
            disable_tqdm=True,
            seed=runtime.seed,
            **settings,
        )
        _, seconds = clock.time(Trainer(model, arguments, collator, train_dataset=train).train)
    return model, seconds


def labels_of(model: nn.Module, examples: Sequence[Example], runtime: Runtime, batch_size: int = 32) -> IntArray:
    """Return the most probable class of each example, (N,)."""
    model.eval()
    with torch.inference_mode():
        batches = _batches(examples, runtime, batch_size)
        return np.concatenate([model(**batch).logits.argmax(dim=1).cpu().numpy() for batch in batches])


def _batches(examples: Sequence[Example], runtime: Runtime, size: int) -> Iterator[dict[str, torch.Tensor]]:
    for start in range(0, len(examples), size):
        batch = examples[start : start + size]
        yield {
            name: torch.tensor([example[name] for example in batch], device=runtime.device)
            for name in ("input_ids", "attention_mask")
        }
