"""Exports of trained models: a folder for transformers, or an ONNX network."""

import shutil
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch
from scipy.special import softmax
from tokenizers import Tokenizer
from torch import Tensor, nn
from transformers import AutoTokenizer, DistilBertTokenizerFast, PreTrainedModel, PreTrainedTokenizerFast

from benchmarks.errors import UsageError
from benchmarks.inference.model_card import model_card
from benchmarks.inference.saved import Classifier, Found, write_saved
from benchmarks.redaction import shortened
from benchmarks.registry.entries import model_class
from benchmarks.schema.cell import CellSpec
from benchmarks.store.files import writing_folder
from models.distilbert import DistilBert, FirstTokenClassifier
from models.encoder.classifier import EncoderClassifier
from models.neural.torch_classifier import TorchClassifier
from models.neural.training import inputs
from models.transformer import SequenceClassifier, Transformer

Target = Literal["huggingface", "onnx", "folder"]

LARGEST_DIFFERENCE = 1e-4
"""Difference of a probability between a model and its ONNX export above which the export is refused."""

PROBES = ("a film to remember", "dull , " * 200, "?")
"""Texts that the model and its export must score alike."""

TOKEN_PROBES = (*PROBES, "A Café, NOT Bad", "很好看")
"""Texts of which the model and an exported tokenizer must read the same tokens."""


def can_export(spec: CellSpec, target: Target) -> bool:
    """Whether the model of a cell is of a class that can be exported to `target`."""
    if target == "folder":
        return True
    try:
        exported = model_class(spec.model)
    except UsageError:  # a plug-in that is not registered
        return False
    return issubclass(exported, (DistilBert, Transformer) if target == "huggingface" else TorchClassifier)


def to_folder(found: Found, folder: Path) -> None:
    """Write a copy of a saved model, of a cascade with all its stages, for `predict` and `load_model`.

    Raises:
        UsageError: the folder exists.
        WriteError: the folder cannot be written.
    """
    with _new_folder(folder) as temporary:
        for path in sorted(found.folder.rglob("*")):
            if path.is_file() and not path.is_symlink():
                target = temporary / path.relative_to(found.folder)
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(path, target)


def to_huggingface(found: Found, classifier: Classifier, folder: Path) -> None:
    """Write a folder that `transformers.pipeline("text-classification", folder)` loads, with a model card.

    Raises:
        UsageError: the folder exists, transformers has no such network, or it reads other tokens from the folder.
        WriteError: the folder cannot be written.
    """
    model = classifier.model
    own = (FirstTokenClassifier, SequenceClassifier)
    if not isinstance(model, EncoderClassifier) or not isinstance(model.network, own):
        raise UsageError(
            f"transformers has no network like {classifier.spec.model}'s (choices: folder, or another model: "
            "distilbert, transformer)",
            option="to",
            value="huggingface",
        )
    with _new_folder(folder) as temporary:
        network: PreTrainedModel = model.network.classifier
        network.config.id2label = dict(enumerate(classifier.classes))
        network.config.label2id = {name: index for index, name in enumerate(classifier.classes)}
        network.config.architectures = [type(network).__name__]
        network.save_pretrained(temporary)
        _tokenizer(model).save_pretrained(temporary)
        _check_tokens(model, temporary)
        (temporary / "README.md").write_text(
            model_card(found, classifier, pipeline_caveat(found.saved.spec)), encoding="utf-8"
        )


def _tokenizer(model: EncoderClassifier) -> PreTrainedTokenizerFast:
    """Tokenizer of the exported pipeline; it reads the model's tokens, except for head-and-tail truncation."""
    settings: dict[str, Any] = {
        "tokenizer_object": model.tokenizer,
        "model_max_length": model.max_length,
        "truncation_side": "left" if model.truncation == "tail" else "right",
    }
    if isinstance(model.network, FirstTokenClassifier):
        return DistilBertTokenizerFast(**(settings | _normalisation(model.tokenizer)))
    return PreTrainedTokenizerFast(  # type: ignore[no-untyped-call]
        **settings,
        pad_token=model.tokenizer.id_to_token(model.padding_id),
        model_input_names=["input_ids", "attention_mask"],
    )


def _normalisation(tokenizer: Tokenizer) -> dict[str, bool | None]:
    """Arguments of DistilBERT's tokenizer, which takes its own defaults for a given tokenizer's settings."""
    found, names = tokenizer.normalizer, ("do_lower_case", "strip_accents", "tokenize_chinese_chars")
    if found is None:
        return dict.fromkeys(names, False)
    return dict(zip(names, (found.lowercase, found.strip_accents, found.handle_chinese_chars), strict=True))


def _check_tokens(model: EncoderClassifier, folder: Path) -> None:
    """Raise UsageError unless transformers reads the tokens of `TOKEN_PROBES` from the folder as the model does."""
    tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)
    encoded = model.encode(TOKEN_PROBES)
    for text, own, tokens in zip(TOKEN_PROBES, encoded.features, encoded.tokens, strict=True):
        if model.truncation == "head_tail" and tokens > model.max_length:
            continue  # see `pipeline_caveat`
        if tokenizer(text, truncation=True)["input_ids"] != own.tolist():
            raise UsageError(
                f"transformers reads {shortened(repr(text), 30)} from the export as other tokens than the model "
                "(choices: folder, onnx)",
                option="to",
                value="huggingface",
            )


def pipeline_caveat(spec: CellSpec) -> str:
    """Describe how a pipeline differs from the model that was measured; empty where it does not."""
    if spec.model_params.get("truncation") != "head_tail":
        return ""
    return (
        f"A pipeline reads the first {spec.model_params['max_length']} tokens of a longer text. The model was trained "
        "and measured with the first quarter of these and the end of the text, so its figures do not hold for such "
        "texts in a pipeline."
    )


def to_onnx(found: Found, classifier: Classifier, folder: Path) -> None:
    """Write `model.onnx`, the vocabulary and `saved.json`.

    The network maps input_ids (B, T) and attention_mask (B, T), both int64, to logits (B, C). ONNX Runtime scores a few
    texts with it first, and nothing is written unless the probabilities are the model's.

    Args:
        found: the cell or saved model.
        classifier: the same, loaded on the CPU in fp32, as the exported network computes.
        folder: to write; it must not exist.

    Raises:
        UsageError: the folder exists, the model is not a torch model, ONNX Runtime is missing, torch cannot export the
            network, or its scores differ.
        WriteError: the folder cannot be written.
    """
    model = classifier.model
    if not isinstance(model, TorchClassifier):
        raise _refused(f"{classifier.spec.model} is not a torch model (choices: folder, or a torch model)")
    with _new_folder(folder) as temporary:
        path = temporary / "model.onnx"
        trace(model.network, path, classifier.spec.model)
        difference = _largest_difference(model, path)
        if not difference <= LARGEST_DIFFERENCE:
            raise _refused(f"its scores differ by {difference:.1g} from the model's")
        model.save_vocabulary(temporary)
        write_saved(found.saved, temporary)


class _IntegerMask(nn.Module):
    """A network whose attention mask is int64, as tokenizers return it."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, input_ids: Tensor, attention_mask: Tensor) -> Tensor:
        """input_ids (B, T), attention_mask (B, T) -> logits (B, C)."""
        logits: Tensor = self.network(input_ids, attention_mask.bool())
        return logits


def trace(network: nn.Module, path: Path, name: str) -> None:
    """Write a network as ONNX, for batches of any size and length.

    Raises:
        UsageError: torch cannot export the network of the model `name`.
    """
    traced = _IntegerMask(network)
    traced.train(network.training)  # a new module is in training, and the exporter leaves a network as it found it
    ids = torch.ones(2, 7, dtype=torch.int64)
    mask = (torch.arange(7) < torch.tensor([[7], [5]])).long()  # with padding, or a network may leave the mask out
    axes = {0: "texts", 1: "tokens"}
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # from the tracing exporter, the only one that exports LSTMs of any length
            torch.onnx.export(
                traced,
                (ids, mask),
                path,
                input_names=["input_ids", "attention_mask"],
                output_names=["logits"],
                dynamic_axes={"input_ids": axes, "attention_mask": axes, "logits": {0: "texts"}},
                dynamo=False,
            )
    except (RuntimeError, ImportError) as error:  # torch.onnx's own errors are among them
        raise _refused(f"torch cannot export {name}'s network: {shortened(error, 200)}") from None


def _largest_difference(model: TorchClassifier, path: Path) -> float:
    """Compare the probabilities of `PROBES`, alone and padded in one batch."""
    try:
        from onnxruntime import InferenceSession
    except ImportError:
        raise _refused("it needs onnxruntime: pip install -e '.[export]'") from None
    session = InferenceSession(path, providers=["CPUExecutionProvider"])
    encoded = model.encode(PROBES)
    expected = model.score(encoded)
    largest = 0.0
    for rows in ([0], [1], [2], [0, 1, 2]):
        ids, mask = inputs([encoded.features[row] for row in rows], "cpu")
        feed = {"input_ids": ids.long().numpy(), "attention_mask": mask.long().numpy()}
        (logits,) = session.run(None, feed)
        scores = softmax(logits.astype(np.float64), axis=1)
        largest = max(largest, float(np.abs(scores - expected[rows]).max()))
    return largest


def _refused(detail: str) -> UsageError:
    return UsageError(detail, option="to", value="onnx")


@contextmanager
def _new_folder(folder: Path) -> Iterator[Path]:
    """Yield a temporary folder, which becomes `folder` when the block ends without an error."""
    if folder.exists() or folder.is_symlink():
        raise UsageError("exists already: name another folder", option="output", value=folder)
    if not folder.absolute().parent.is_dir():
        raise UsageError("its parent folder does not exist", option="output", value=folder)
    with writing_folder(folder) as temporary:
        yield temporary
