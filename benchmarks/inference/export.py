"""A trained model for others to use: a folder that transformers loads, or a network as ONNX."""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import torch
from huggingface_hub import EvalResult, ModelCard, ModelCardData
from scipy.special import softmax
from torch import nn
from transformers import DistilBertForSequenceClassification, DistilBertTokenizerFast

from benchmarks.errors import UsageError
from benchmarks.inference.saved import Classifier, Found, write_saved
from benchmarks.redaction import shortened
from benchmarks.schema.cell import CellSpec
from benchmarks.schema.result import CellResult
from benchmarks.store.files import remove_abandoned, writing_folder
from benchmarks.store.results import CELL_ID, Store
from models.distilbert import FirstTokenClassifier
from models.encoder.classifier import EncoderClassifier
from models.neural.torch_classifier import TorchClassifier
from models.neural.training import inputs

MOST_DIFFERENT = 1e-4
"""Of a probability, between a model and its export: beyond it nothing is exported."""

PROBES = ("a film to remember", "dull , " * 200, "?")
"""Texts that both must score alike."""


def to_huggingface(found: Found, classifier: Classifier, folder: Path) -> None:
    """Write a folder that `transformers.pipeline("text-classification", folder)` loads, with a model card.

    Raises:
        UsageError: the folder is there already, or the network is not one that transformers has.
    """
    model = classifier.model
    if not isinstance(model, EncoderClassifier) or not isinstance(model.network, FirstTokenClassifier):
        name = classifier.spec.model
        raise UsageError(f"export: transformers has no network as {name}'s (choices: distilbert, or derived from it)")
    with _appearing(folder) as temporary:
        network: DistilBertForSequenceClassification = model.network.classifier
        network.config.id2label = dict(enumerate(classifier.classes))
        network.config.label2id = {name: index for index, name in enumerate(classifier.classes)}
        network.config.architectures = [type(network).__name__]
        network.save_pretrained(temporary)
        tokenizer = DistilBertTokenizerFast(
            tokenizer_object=model.tokenizer,
            model_max_length=model.max_length,
            truncation_side="left" if model.truncation == "tail" else "right",
        )
        tokenizer.save_pretrained(temporary)
        (temporary / "README.md").write_text(str(_card(found, classifier)), encoding="utf-8")


def caution(spec: CellSpec) -> str:
    """What a pipeline does otherwise than the model that was measured; nothing where it does the same."""
    if spec.model_params.get("truncation") != "head_tail":
        return ""
    return (
        f"Of a text longer than {spec.model_params['max_length']} tokens a pipeline reads the first ones; the model "
        "read the first quarter of as many, and the rest from the text's end. What was measured of it does not hold "
        "for such texts in a pipeline."
    )


def to_onnx(found: Found, classifier: Classifier, folder: Path) -> None:
    """Write `model.onnx`, input_ids (B, T) and mask (B, T) -> logits (B, C), the vocabulary, and `saved.json`.

    The exported network is run by onnxruntime first, and nothing is written unless it scores as the model does.

    Args:
        found: the cell or saved model.
        classifier: the same, loaded on the CPU in fp32, as the exported network computes.
        folder: to write; not there yet.

    Raises:
        UsageError: the folder is there already, the model is no network, onnxruntime is missing, torch cannot export
            the network, or its scores differ.
    """
    model = classifier.model
    if not isinstance(model, TorchClassifier):
        raise UsageError(f"export --to 'onnx': {classifier.spec.model} is no torch model (choices: torch models)")
    with _appearing(folder) as temporary:
        path = temporary / "model.onnx"
        _trace(model.network, path, classifier.spec.model)
        difference = _onnx_difference(model, path)
        if not difference <= MOST_DIFFERENT:
            raise UsageError(f"export --to 'onnx': scores differ by {difference:.1g} from the model's")
        model.save_vocabulary(temporary)
        write_saved(found.saved, temporary)


def _trace(network: nn.Module, path: Path, name: str) -> None:
    """Write a network as ONNX, for batches of any size and length."""
    ids = torch.ones(2, 7, dtype=torch.int64)
    mask = torch.arange(7) < torch.tensor([[7], [5]])  # with padding, or a network may leave the mask out
    axes = {0: "texts", 1: "tokens"}
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # the tracing exporter's, which alone exports LSTMs of any length
            torch.onnx.export(
                network,
                (ids, mask),
                path,
                input_names=["input_ids", "mask"],
                output_names=["logits"],
                dynamic_axes={"input_ids": axes, "mask": axes, "logits": {0: "texts"}},
                dynamo=False,
            )
    except (RuntimeError, ImportError) as error:  # torch.onnx's own are among them
        raise UsageError(f"export --to 'onnx': torch cannot export {name}'s network: {shortened(error, 200)}") from None


def _onnx_difference(model: TorchClassifier, path: Path) -> float:
    """The largest difference of a probability, over `PROBES`: alone, and padded in one batch."""
    try:
        from onnxruntime import InferenceSession
    except ImportError:
        raise UsageError("export --to 'onnx' needs onnxruntime: pip install -e '.[export]'") from None
    session = InferenceSession(path, providers=["CPUExecutionProvider"])
    encoded = model.encode(PROBES)
    expected = model.score(encoded)
    largest = 0.0
    for rows in ([0], [1], [2], [0, 1, 2]):
        ids, mask = inputs([encoded.features[row] for row in rows], "cpu")
        (logits,) = session.run(None, {"input_ids": ids.numpy(), "mask": mask.numpy()})
        scores = softmax(logits.astype(np.float64), axis=1)
        largest = max(largest, float(np.abs(scores - expected[rows]).max()))
    return largest


@contextmanager
def _appearing(folder: Path) -> Iterator[Path]:
    """Yield a folder to write into, which becomes `folder` when the block ends without an error.

    Raises:
        UsageError: the folder is there already.
        WriteError: it cannot be written.
    """
    if folder.exists():
        raise UsageError(f"--output {str(folder)!r} is there already: name another folder")
    if not folder.absolute().parent.is_dir():
        raise UsageError(f"--output {str(folder)!r}: folder {str(folder.absolute().parent)!r} does not exist")
    remove_abandoned(folder.parent, folder.name)
    with writing_folder(folder) as temporary:
        yield temporary


def _card(found: Found, classifier: Classifier) -> ModelCard:
    spec, result = classifier.spec, _result(found)
    figures = result.metrics if result else {}
    data = ModelCardData(
        library_name="transformers",
        pipeline_tag="text-classification",
        model_name=spec.id,
        eval_results=[
            EvalResult(
                task_type="text-classification",
                dataset_type="text",
                dataset_name=spec.dataset,
                dataset_split="test",
                metric_type=name,
                metric_value=round(value, 4),
            )
            for name, value in figures.items()
        ]
        or None,
    )
    settings = "\n".join(f"- `{name}`: {_inline(value)}" for name, value in spec.model_params.items())
    table = "\n".join(f"| {name} | {value:.4f} |" for name, value in figures.items())
    measured = f"| on {spec.test_size:,} test texts | |\n| --- | --- |\n{table}" if figures else "Not measured."
    audits = [f"- {audit.name}: {audit.reason}" for audit in (result.audits if result else []) if not audit.passed]
    return ModelCard(f"""---
{data.to_yaml()}
---

# {spec.model}, trained with {spec.loss}

```python
from transformers import pipeline

pipeline("text-classification", "this folder", truncation=True)(["A film to remember."])
```

Classes: {", ".join(map(_inline, classifier.classes))}. It read texts without `<br />` tags, with entities as characters
and single spaces, and of each at most {spec.model_params.get("max_length")} tokens. {caution(spec)}

## Trained on

{spec.train_size:,} texts of {_inline(spec.dataset)} (sha256 of the prepared splits `{spec.data_fingerprint}`), seed
{spec.seed}, precision {spec.precision}; the epoch was chosen on {spec.valid_size:,} other texts.

{settings}

## How good it is

{measured}

{"Audits that failed:" if audits else "No audit failed." if result else "Its cell's result was not at hand."}

{chr(10).join(audits)}
""")


def _result(found: Found) -> CellResult | None:
    """What came of the cell that the model was saved by, where it lies in its results folder still."""
    cell = found.folder.absolute().parent
    if not CELL_ID.fullmatch(cell.name) or not (cell / "result.json").is_file():
        return None
    return Store(cell.parent.parent).read_result(cell.name)


def _inline(value: object) -> str:
    """A value as Markdown code, on one line."""
    return f"`{' '.join(str(value).replace('`', chr(39)).split())}`"
