"""Timed scoring: the test set once, in two halves, then the three regimes in turn."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from typing import TypeVar

import numpy as np

from benchmarks.cells.scores import check_encoded, check_scores
from benchmarks.measurement.clock import Clock
from benchmarks.measurement.energy import Meter
from benchmarks.schema.cell import SAMPLE_SEED
from benchmarks.schema.measurements import Measure, Measurement, Phase
from data.arrays import FloatArray, IntArray
from data.dataset import Split
from models.model import Encoded, Model
from models.neural.flops import TRAINING_PASSES

Array = TypeVar("Array", FloatArray, IntArray)

WARMUP_ROWS = 8

PAIR, ENOUGH = 2, 1.0
"""Readings of a batch regime that are taken in any case, an A/A pair, and seconds of them after which no more are.

The readings of one process give no interval, so that more of them would buy a steadier median alone."""

STEADY = 1.5
"""Most that a half of the test set may take of the other half's seconds: a model that still warms up exceeds it."""


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
class Half:
    """A half of the test set, scored: M texts.

    Attributes:
        places: (M,) of its texts in the test set.
        encoded: its texts as the model reads them.
        probabilities: (M, C).
        encode_seconds, score_seconds: what each of the two calls took.
    """

    places: IntArray
    encoded: Encoded
    probabilities: FloatArray
    encode_seconds: float
    score_seconds: float

    @property
    def seconds(self) -> float:
        """From text to label."""
        return self.encode_seconds + self.score_seconds


@dataclass(frozen=True)
class Scored:
    """The one pass over the test set: N texts.

    Attributes:
        halves: what was scored at a time; a single text has no second half.
        measurement: "test_set".
        text_to_label, encoded_to_scores: the same pass as a reading of each half.
    """

    halves: tuple[Half, ...]
    measurement: Measurement
    text_to_label: Measurement
    encoded_to_scores: Measurement

    @cached_property
    def probabilities(self) -> FloatArray:
        """(N, C), in the order of the test set."""
        return self._in_order([half.probabilities for half in self.halves])

    @cached_property
    def counts(self) -> Encoded:
        """The tokens of the N texts, without the features that the model reads."""
        known = [half.encoded.known for half in self.halves if half.encoded.known is not None]
        return Encoded(
            features=None,
            tokens=self._in_order([half.encoded.tokens for half in self.halves]),
            available=self._in_order([half.encoded.available for half in self.halves]),
            known=self._in_order(known) if known else None,
            only_known=self.halves[0].encoded.only_known,
        )

    def _in_order(self, parts: Sequence[Array]) -> Array:
        joined = np.concatenate(parts)
        return joined[np.argsort(np.concatenate([half.places for half in self.halves]))]


def halved(lengths: IntArray) -> list[IntArray]:
    """Return the places of the texts in two halves alike: of the texts sorted by length, every second one."""
    order = np.argsort(lengths, kind="stable")
    return [np.sort(half) for half in (order[::2], order[1::2]) if len(half)]


def score_half(model: Model, test: Split, places: IntArray, clock: Clock) -> Half:
    """Encode and score some of the test texts, timed.

    Raises:
        ScoresError: the model's scores are no probabilities.
    """
    texts = test.take(places).texts
    encoded, encode_seconds = clock.time(partial(model.encode, texts))
    probabilities, score_seconds = clock.time(partial(model.score, encoded))
    check_encoded(encoded, len(texts))
    check_scores(probabilities, len(texts), test.num_classes)
    return Half(places, encoded, probabilities, encode_seconds, score_seconds)


def score_test_set(model: Model, test: Split, clock: Clock, energy: Meter, workload: Workload) -> Scored:
    """Encode and score all test texts once, timed, in two halves, after a few texts to warm up.

    Raises:
        ScoresError: the model's scores are no probabilities.
    """
    model.score(model.encode(test.texts[:WARMUP_ROWS]))
    with energy.measuring() as joules:
        halves = tuple(score_half(model, test, places, clock) for places in halved(test.lengths))
    computed = [workload.of_scoring(half.encoded, readings=1) for half in halves]
    by_half = Measurement(
        phase="text_to_label",
        examples=[len(half.places) for half in halves],
        tokens=[int(half.encoded.tokens.sum()) for half in halves],
        seconds=[half.seconds for half in halves],
        of_test_set=True,
    ).model_copy(update={name: [one[name][0] for one in computed] for name in computed[0]})
    alone = {"phase": "encoded_to_scores", "seconds": [half.score_seconds for half in halves]}
    return Scored(
        halves,
        by_half.in_all("test_set").model_copy(update={"joules": joules}),
        by_half,
        by_half.model_copy(update=alone),
    )


def of_all_lengths(test: Split, count: int) -> Split:
    """Return `count` of the texts, or all if there are fewer, evenly spaced in the order of their lengths.

    On average they are as long as all are: rates of models that score all texts compare with those on these.
    """
    order = np.argsort(test.lengths, kind="stable")
    count = min(count, len(order))
    return test.take(order[(2 * np.arange(count) + 1) * len(order) // (2 * count)])


def measure_inference(
    model: Model, test: Split, measure: Measure, clock: Clock, workload: Workload, scored: Scored | None = None
) -> list[Measurement]:
    """Time the three regimes of a model, the batch regimes on a sample of the test texts or by their halves.

    Args:
        model: it is fitted.
        test: the test texts.
        measure: how many rows and readings.
        clock: reads the time.
        workload: the model's.
        scored: the pass over the test set, if there was one; a slow model's halves are its readings.

    Returns:
        "text_to_label", "encoded_to_scores" and "single_review".
    """
    if scored is not None and _are_readings(scored.halves, measure):
        return [scored.text_to_label, scored.encoded_to_scores, measure_single(model, test, measure, clock)]
    rows = of_all_lengths(test, measure.rows)
    single = _single(test, measure)
    encoded = model.encode(rows.texts)
    _label(model, single[:1])
    seconds = time_in_turns(measure, clock, partial(_label, model), partial(model.score, encoded), rows.texts, single)
    readings = len(seconds["text_to_label"])
    whole = Measurement(
        phase="text_to_label",
        examples=[len(rows)] * readings,
        tokens=[int(encoded.tokens.sum())] * readings,
        seconds=seconds["text_to_label"],
    ).model_copy(update=workload.of_scoring(encoded, readings))
    scores = {"phase": "encoded_to_scores", "seconds": seconds["encoded_to_scores"]}
    return [whole, whole.model_copy(update=scores), _one_by_one(model, single, seconds["single_review"])]


def measure_single(model: Model, test: Split, measure: Measure, clock: Clock) -> Measurement:
    """Return the measurement "single_review" alone, after one text to warm up."""
    single = _single(test, measure)
    _label(model, single[:1])
    return _one_by_one(model, single, [clock.time(partial(_label, model, [text]))[1] for text in single])


def _single(test: Split, measure: Measure) -> tuple[str, ...]:
    """The texts that are labelled one at a time."""
    return test.sample(min(measure.single, len(test)), seed=SAMPLE_SEED).texts


def _one_by_one(model: Model, single: Sequence[str], seconds: list[float]) -> Measurement:
    tokens = [int(count) for count in model.encode(single).tokens]
    return Measurement(phase="single_review", examples=[1] * len(single), tokens=tokens, seconds=seconds)


def time_in_turns(
    measure: Measure,
    clock: Clock,
    label: Callable[[Sequence[str]], object],
    score: Callable[[], object],
    batch: Sequence[str],
    single: Sequence[str],
) -> dict[Phase, list[float]]:
    """Return the seconds of each regime, read in turns, so that machine drift affects all of them equally.

    Args:
        measure: its `repeats` is the number of turns. A regime that takes long is read in the first ones only.
        clock: reads the time.
        label: labels texts.
        score: scores the batch, encoded before.
        batch: texts of the two batch regimes.
        single: texts that are labelled one at a time; each turn has its part.
    """
    whole, scores, alone = list[float](), list[float](), list[float]()
    for turn in range(measure.repeats):
        if turn < PAIR or sum(whole) < ENOUGH:
            whole.append(clock.time(partial(label, batch))[1])
            scores.append(clock.time(score)[1])
        own = single[len(single) * turn // measure.repeats : len(single) * (turn + 1) // measure.repeats]
        alone += [clock.time(partial(label, [text]))[1] for text in own]
    return {"text_to_label": whole, "encoded_to_scores": scores, "single_review": alone}


def _label(model: Model, texts: Sequence[str]) -> IntArray:
    labels: IntArray = model.score(model.encode(texts)).argmax(axis=1)
    return labels


def _are_readings(halves: Sequence[Half], measure: Measure) -> bool:
    """Whether the halves of the test set serve as the pair of readings: they are large, slow, and steady enough."""
    if len(halves) != PAIR or measure.repeats < PAIR:
        return False
    least, most = sorted(half.seconds for half in halves)
    return all(len(half.places) >= measure.rows for half in halves) and least > ENOUGH and most < STEADY * least
