"""The texts that models get most confidently wrong: where labels are wrong, or texts are odd, it shows here."""

from dataclasses import dataclass

from benchmarks.redaction import reason_without_folders
from benchmarks.schema.explanations import ExplainedMistake
from benchmarks.schema.explanations import most_confident_mistakes as most_confident
from benchmarks.schema.result import CellResult
from benchmarks.store.results import Store, StoreError
from reports.analysis.results import Configuration, Results

LONGEST = 600
"""Characters of a text that are shown: its end, where the verdict mostly is."""


@dataclass(frozen=True)
class Mistake:
    """A test text.

    Attributes:
        row: its number in the source.
        label, predicted: class names.
        probability: of the predicted class.
        words: its length.
        text: its end.
        drivers: words that drove it to the predicted class, and what each adds to its log-odds (nats); strongest first.
        method: by which that was found; None where it was not.
        not_computed: why there are none; else empty.
    """

    row: int
    label: str
    predicted: str
    probability: float
    words: int
    text: str
    drivers: tuple[tuple[str, float], ...] = ()
    method: str | None = None
    not_computed: str = ""


@dataclass(frozen=True)
class Mistakes:
    """Those of one configuration, its first seed."""

    configuration: Configuration
    mistakes: tuple[Mistake, ...]


def most_confident_mistakes(results: Results) -> tuple[Mistakes, ...]:
    """For each model at its largest training size with the first loss that ran; empty where the texts are gone."""
    chosen: dict[str, Configuration] = {}
    for configuration in results.configurations:
        best = chosen.setdefault(configuration.model, configuration)
        if configuration.train_size > best.train_size:
            chosen[configuration.model] = configuration
    fingerprint = results.run["dataset"]["fingerprint"]
    store = Store(results.folder)
    if not chosen or not store.data_path(fingerprint).exists():
        return ()
    test = store.read_data(fingerprint).test
    texts = dict(zip(test.rows.tolist(), test.texts, strict=True))
    return tuple(Mistakes(c, _of(results, c, texts)) for c in chosen.values())


def _of(results: Results, configuration: Configuration, texts: dict[int, str]) -> tuple[Mistake, ...]:
    cell = configuration.cells[0]
    predictions = results.predictions(cell)
    confidence = predictions.probabilities.max(axis=1)
    explained, otherwise = _explained(results, cell)
    mistakes = []
    for i in most_confident(predictions.rows, predictions.labels, predictions.probabilities):
        row, predicted = int(predictions.rows[i]), int(predictions.predicted[i])
        why = explained.get((row, predicted), ExplainedMistake(row=row, predicted=predicted, not_computed=otherwise))
        mistakes.append(
            Mistake(
                row=row,
                label=cell.classes[predictions.labels[i]],
                predicted=cell.classes[predicted],
                probability=float(confidence[i]),
                words=int(predictions.lengths[i]),
                text=_end(texts.get(row, "")),
                drivers=why.words,
                method=why.method,
                not_computed=why.not_computed,
            )
        )
    return tuple(mistakes)


def _explained(results: Results, cell: CellResult) -> tuple[dict[tuple[int, int], ExplainedMistake], str]:
    """(row, predicted class) -> what drove it; and why a mistake that is not among them has no explanation."""
    try:
        found = Store(results.folder).read_explanations(cell.spec.id)
    except StoreError as error:
        return {}, reason_without_folders(str(error))
    if found is None:
        return {}, "this result was made without explanations"
    return {(one.row, one.predicted): one for one in found.mistakes}, "not among those that the cell explained"


def _end(text: str) -> str:
    return text if len(text) <= LONGEST else f"… {text[-LONGEST:]}"
