"""The model card of an exported model."""

from huggingface_hub import EvalResult, ModelCard, ModelCardData

from benchmarks.inference.saved import Classifier, Found
from benchmarks.schema.result import CellResult
from benchmarks.store.results import CELL_ID, Store


def model_card(found: Found, classifier: Classifier, caveat: str) -> str:
    """Write a model card in Markdown: how to use the model, its training, its figures, and its failed audits.

    Args:
        found: the cell or saved model.
        classifier: the same, loaded.
        caveat: a sentence on how the exported model differs; may be empty.
    """
    spec, result = classifier.spec, _result(found)
    figures = result.metrics if result else {}
    settings = "\n".join(f"- `{name}`: {_inline(value)}" for name, value in spec.model_params.items())
    table = "\n".join(f"| {name} | {value:.4f} |" for name, value in figures.items())
    measured = f"| on {spec.test_size:,} test texts | |\n| --- | --- |\n{table}" if figures else "Not measured."
    audits = [f"- {audit.name}: {audit.reason}" for audit in (result.audits if result else []) if not audit.passed]
    summary = "Failed audits:" if audits else "No audit failed." if result else "The cell's result was not available."
    card = ModelCard(f"""---
{_metadata(spec.id, spec.dataset, figures).to_yaml()}
---

# {spec.model}, trained with {spec.loss}

```python
from transformers import pipeline

pipeline("text-classification", "this folder", truncation=True)(["A film to remember."])
```

Classes: {", ".join(map(_inline, classifier.classes))}. The training texts had no `<br />` tags, decoded entities and
single spaces; at most {spec.model_params.get("max_length")} tokens of a text are read. {caveat}

## Training

{spec.train_size:,} texts of {_inline(spec.dataset)} (sha256 of the prepared splits `{spec.data_fingerprint}`), seed
{spec.seed}, precision {spec.precision}; the epoch was chosen on {spec.valid_size:,} validation texts.

{settings}

## Evaluation

{measured}

{summary}

{chr(10).join(audits)}
""")
    return str(card)


def _metadata(name: str, dataset: str, figures: dict[str, float]) -> ModelCardData:
    results = [
        EvalResult(
            task_type="text-classification",
            dataset_type="text",
            dataset_name=dataset,
            dataset_split="test",
            metric_type=metric,
            metric_value=round(value, 4),
        )
        for metric, value in figures.items()
    ]
    return ModelCardData(
        library_name="transformers",
        pipeline_tag="text-classification",
        model_name=name,
        eval_results=results or None,
    )


def _result(found: Found) -> CellResult | None:
    """Return the result of the cell that saved the model, if it still lies in its results folder."""
    cell = found.folder.absolute().parent
    if not CELL_ID.fullmatch(cell.name) or not (cell / "result.json").is_file():
        return None
    return Store(cell.parent.parent).read_result(cell.name)


def _inline(value: object) -> str:
    """Format a value as Markdown code on one line."""
    return f"`{' '.join(str(value).replace('`', chr(39)).split())}`"
