"""Timed scoring: the test set once, then the three regimes in turn."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from benchmarks.cells.scores import check_encoded
from benchmarks.measurement.clock import Clock
from benchmarks.measurement.energy import Meter
from benchmarks.schema.cell import SAMPLE_SEED
from benchmarks.schema.measurements import Measure, Measurement, Phase
from data.arrays import FloatArray, IntArray
from data.dataset import Split
from models.model import Encoded, Model
from models.neural.flops import TRAINING_PASSES

WARMUP_ROWS = 8

PAIR, ENOUGH = 2, 1.0
"""Readings of a batch regime that are taken in any case, an A/A pair, and seconds of them after which no more are.

The readings of one process give no interval, so that more of them would buy a steadier median alone."""


class Workload:
    """The computation behind a reading of a fitted model: tokens with their padding, floating-point operations."""

    def __init__(self, model: Model) -> None:
        """Count the operations of the model's forward pass."""
        self._model = model
        self._flops = model.forward_flops()

    def of_training(self, spans: Measurement) -> Measurement:
        """Add the operations of the forward and backward passes to the spans of a training."""
        if self._flops is None or not spans.padded_tokens:
            return spans
        counts = zip(spans.examples, spans.padded_tokens, spans.padded_squares, strict=True)
        return spans.model_copy(update={"flops": [TRAINING_PASSES * self._flops.of(*count) for count in counts]})

    def of_scoring(self, encoded: Encoded, readings: int) -> dict[str, list[int]]:
        """Return fields of a measurement whose readings each score `encoded` once."""
        shapes = self._model.scoring_shapes(encoded)
        if not shapes:
            return {}
        padded = sum(rows * length for rows, length in shapes)
        squares = sum(rows * length**2 for rows, length in shapes)
        counts = {"padded_tokens": padded, "padded_squares": squares}
        if self._flops is not None:
            counts["flops"] = self._flops.of(len(encoded), padded, squares)
        return {name: [count] * readings for name, count in counts.items()}


@dataclass(frozen=True)
class Scored:
    """The one pass over the test set: N texts.

    Attributes:
        encoded: the N texts as the model reads them.
        probabilities: (N, C).
        measurement: "test_set".
    """

    encoded: Encoded
    probabilities: FloatArray
    measurement: Measurement


def score_test_set(model: Model, test: Split, clock: Clock, energy: Meter, workload: Workload) -> Scored:
    """Encode and score all test texts once, timed, after a few texts to warm up."""
    model.score(model.encode(test.texts[:WARMUP_ROWS]))
    with energy.measuring() as encode_joules:
        encoded, encode_seconds = clock.time(partial(model.encode, test.texts))
    with energy.measuring() as score_joules:
        probabilities, score_seconds = clock.time(partial(model.score, encoded))
    check_encoded(encoded, len(test))
    measurement = Measurement(
        phase="test_set",
        examples=[len(test)],
        tokens=[int(encoded.tokens.sum())],
        seconds=[encode_seconds + score_seconds],
        joules=[sum(encode_joules + score_joules)] if encode_joules else [],
    )
    computed = workload.of_scoring(encoded, readings=1)
    return Scored(encoded, probabilities, measurement.model_copy(update=computed))


def measure_inference(
    model: Model, test: Split, measure: Measure, clock: Clock, workload: Workload, *, encoded_alone: bool = True
) -> list[Measurement]:
    """Time the three regimes of a model on the same rows.

    Returns:
        "text_to_label", "encoded_to_scores" if `encoded_alone`, and "single_review".
    """
    rows = test.sample(min(measure.rows, len(test)), seed=SAMPLE_SEED)
    encoded = model.encode(rows.texts)
    single = test.sample(min(measure.single, len(test)), seed=SAMPLE_SEED).texts
    _label(model, single[:1])
    score = partial(model.score, encoded) if encoded_alone else None
    seconds = time_in_turns(measure, clock, partial(_label, model), score, rows.texts, single)
    readings = len(seconds["text_to_label"])
    whole = Measurement(
        phase="text_to_label",
        examples=[len(rows)] * readings,
        tokens=[int(encoded.tokens.sum())] * readings,
        seconds=seconds["text_to_label"],
    ).model_copy(update=workload.of_scoring(encoded, readings))
    alone = Measurement(
        phase="single_review",
        examples=[1] * len(single),
        tokens=[int(count) for count in model.encode(single).tokens],
        seconds=seconds["single_review"],
    )
    if not encoded_alone:
        return [whole, alone]
    scores = {"phase": "encoded_to_scores", "seconds": seconds["encoded_to_scores"]}
    return [whole, whole.model_copy(update=scores), alone]


def time_in_turns(
    measure: Measure,
    clock: Clock,
    label: Callable[[Sequence[str]], object],
    score: Callable[[], object] | None,
    batch: Sequence[str],
    single: Sequence[str],
) -> dict[Phase, list[float]]:
    """Return the seconds of each regime, read in turns, so that machine drift affects all of them equally.

    Args:
        measure: its `repeats` is the number of turns. A regime that takes long is read in the first ones only.
        clock: reads the time.
        label: labels texts.
        score: scores the batch, encoded before; None leaves this regime without readings.
        batch: texts of the two batch regimes.
        single: texts that are labelled one at a time; each turn has its part.
    """
    whole, scores, alone = list[float](), list[float](), list[float]()
    for turn in range(measure.repeats):
        if turn < PAIR or sum(whole) < ENOUGH:
            whole.append(clock.time(partial(label, batch))[1])
            if score:
                scores.append(clock.time(score)[1])
        own = single[len(single) * turn // measure.repeats : len(single) * (turn + 1) // measure.repeats]
        alone += [clock.time(partial(label, [text]))[1] for text in own]
    return {"text_to_label": whole, "encoded_to_scores": scores, "single_review": alone}


def _label(model: Model, texts: Sequence[str]) -> IntArray:
    labels: IntArray = model.score(model.encode(texts)).argmax(axis=1)
    return labels
