"""One cell, from its spec to its result: data, loss, timed fit, timed scoring, metrics, audits."""

import dataclasses
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import cast

import numpy as np
import pandas as pd
import psutil
import torch
from sklearn.metrics import accuracy_score, f1_score, log_loss

from benchmarks.cells import audits
from benchmarks.cells import distributed as ranks
from benchmarks.cells.checkpoint import Checkpoint, Follower
from benchmarks.cells.monitor import TrainingMonitor
from benchmarks.hardware.environment import environment
from benchmarks.hardware.slots import threads
from benchmarks.inference.explain import explain_mistakes
from benchmarks.inference.saved import Classifier, Saved, write_saved
from benchmarks.measurement.clock import Clock, synchronizer
from benchmarks.measurement.energy import Meter, meter
from benchmarks.measurement.load import load_between, observe, own_seconds
from benchmarks.measurement.memory import peak_host_memory
from benchmarks.registry.entries import add_plugin, is_sha256, loss_class, model_class, require
from benchmarks.schema.audits import Audit
from benchmarks.schema.cell import SAMPLE_SEED, CellSpec
from benchmarks.schema.explanations import Explanations
from benchmarks.schema.measurements import Measure, Measurement, Memory, Phase
from benchmarks.schema.result import CellResult
from benchmarks.store.results import Store
from data.dataset import Dataset, IntArray, Split
from losses.loss import Loss
from models.model import Device, Encoded, FitReport, FloatArray, Model, Precision, Runtime
from models.neural.flops import TRAINING_PASSES

WARMUP_ROWS = 8

PRELOAD = (
    "benchmarks.cells.run_cell",
    "transformers.models.distilbert.modeling_distilbert",
    "sklearn.linear_model",
    "captum.attr",  # where it is installed
)
"""Imported once, by the process that cells are forked from: a cell then starts in a tenth of a second, not in five."""


def run_cell(spec: CellSpec, store: Store, progress: Callable[[int, int], None]) -> None:
    """Train, measure and audit one cell, and write its model, predictions and result into `store`.

    On several devices, each has a process of its own, and all of them train; the main one does all the rest.

    Args:
        spec: what to run; its data is in the store.
        store: the results folder.
        progress: called with the training steps done and planned.
    """
    if spec.devices == 1:
        _run(spec, store, progress)
    else:
        ranks.launch(spec.devices, lambda rank: _help(spec, store) if rank else _run(spec, store, progress))


def _run(spec: CellSpec, store: Store, progress: Callable[[int, int], None]) -> None:
    """All of a cell, but the part of its training that other processes have."""
    host_start = psutil.Process().memory_info().rss
    clock = Clock(synchronizer(cast(Device, spec.device)))
    began, before = clock.read(), observe()
    energy, energy_of_training = meter(cast(Device, spec.device)), meter(cast(Device, spec.device), spec.devices)
    data, loss, model, runtime = _prepare(spec, store)

    def advance(done: int, total: int) -> None:
        energy_of_training.sample()
        progress(done, total)

    monitor = TrainingMonitor(clock, advance, Checkpoint(store, spec.id))
    (fitted, fit_parts), joules = energy_of_training.measure(
        lambda: monitor.fit(lambda: model.fit(data.train, data.valid, loss, runtime, monitor))
    )
    helpers = _part(spec, own_seconds=0.0)
    torch.set_num_threads(threads())
    work = Work(model)
    measurements = [
        Measurement(
            phase="fit",
            examples=[len(data.train)],
            tokens=[],
            seconds=[math.fsum(fit_parts)],
            joules=joules if len(fit_parts) == 1 else [],
        ),
        *([work.of_training(monitor.spans)] if monitor.spans.seconds else []),
    ]
    scored = _score_test_set(model, data.test, clock, energy, work)
    measurements += [scored.measurement, *_measure_inference(model, data.test, spec.measure, clock, work)]

    result = CellResult(
        spec=spec,
        status="ok",
        metrics=metrics(scored.probabilities, data.test, data.leaked_test_rows),
        classes=list(data.test.class_names),
        length_edges=[float(edge) for edge in np.quantile(data.train.lengths, [0.25, 0.5, 0.75])],
        leaked_rows=[int(row) for row in data.leaked_test_rows],
        truncation=truncation(scored.encoded),
        fit=dataclasses.asdict(fitted),
        fit_parts=fit_parts if len(fit_parts) > 1 else [],
        measurements=measurements,
        memory=Memory(
            host=peak_host_memory(),
            host_start=host_start,
            device=torch.cuda.max_memory_allocated() if runtime.device == "cuda" else None,
        ),
        model_bytes=_save(model, store, Saved(spec=spec, classes=data.test.class_names)),
        audits=_audits(loss, data, scored, fitted)
        if spec.role == "result"
        else [_deep_audit(spec, store, scored, data)],
        environment=environment(),
        energy=energy_of_training.source,
    )
    explanations = None
    if spec.role == "result":
        explanations, measurement = _explain(Classifier(model, data.test.class_names, spec), data.test, scored, clock)
        measurements.append(measurement)
        result.measurements = measurements
    timed = sum(sum(m.seconds) for m in measurements if m.phase != "train_steps") - sum(fit_parts[:-1])
    result.overhead_seconds = clock.read() - began - timed
    result.load = load_between(before, observe(), helpers)
    store.write_result(result, _predictions(data.test, scored.probabilities), explanations)
    store.remove_checkpoint(spec.id)


def _help(spec: CellSpec, store: Store) -> None:
    """A part of a cell's training, in a process of its own; it leaves nothing."""
    data, loss, model, runtime = _prepare(spec, store)
    model.fit(data.train, data.valid, loss, runtime, Follower(Checkpoint(store, spec.id)))
    _part(spec, own_seconds=own_seconds())


def _prepare(spec: CellSpec, store: Store) -> tuple[Dataset, Loss, Model, Runtime]:
    """What a process of a cell trains with; those of one cell share its processors meanwhile."""
    torch.set_num_threads(max(1, threads() // spec.devices))
    adopt_plugins(spec, store)
    whole = store.read_data(spec.data_fingerprint)
    data = dataclasses.replace(whole, train=whole.train.sample(spec.train_size, seed=SAMPLE_SEED))
    if spec.role == "shuffled labels":
        data = dataclasses.replace(data, train=_shuffled(data.train), valid=_shuffled(data.valid))
    loss = loss_class(spec.loss)(data.train.lengths, **spec.loss_params)
    model = model_class(spec.model)(**spec.model_params)
    return (
        data,
        loss,
        model,
        Runtime(cast(Device, spec.device), cast(Precision, spec.precision), spec.seed, spec.devices),
    )


def _part(spec: CellSpec, own_seconds: float) -> float:
    """After a training: the processor time of those that helped, who are needed no longer."""
    if spec.devices == 1:
        return 0.0
    helpers = ranks.add_up(own_seconds)
    ranks.part()
    return helpers


def adopt_plugins(spec: CellSpec, store: Store) -> None:
    """Register the plug-ins that a cell's model and loss come from, in the version that it was planned with.

    Raises:
        UsageError: that version is not to be had.
    """
    for plugin in {spec.model_plugin, spec.loss_plugin}:
        if is_sha256(plugin):
            add_plugin(store.plugin_path(plugin))
    require("models", spec.model, spec.model_plugin)
    require("losses", spec.loss, spec.loss_plugin)


def metrics(probabilities: FloatArray, test: Split, leaked_rows: IntArray) -> dict[str, float]:
    """Accuracy (and without the test texts that also occur in training, if others are left), macro-F1, log loss (nats).

    Args:
        probabilities: (N, C).
        test: the N texts.
        leaked_rows: row numbers of the leaked ones.
    """
    predicted = probabilities.argmax(axis=1)
    unseen = ~np.isin(test.rows, leaked_rows)
    without_leaks = float(accuracy_score(test.labels[unseen], predicted[unseen])) if unseen.any() else None
    return {
        "accuracy": float(accuracy_score(test.labels, predicted)),
        **({} if without_leaks is None else {"accuracy_without_leaks": without_leaks}),
        "macro_f1": float(f1_score(test.labels, predicted, average="macro")),
        "log_loss": float(log_loss(test.labels, probabilities, labels=range(test.num_classes))),
    }


def truncation(encoded: Encoded) -> dict[str, float]:
    """Shares of the texts that were cut, and of all tokens that the model never saw."""
    return {
        "texts_cut": float((encoded.available > encoded.tokens).mean()),
        "tokens_cut": float(1 - encoded.tokens.sum() / max(encoded.available.sum(), 1)),
    }


class Work:
    """What a fitted model computes for a reading: tokens with their padding, and floating-point operations."""

    def __init__(self, model: Model) -> None:
        self._model = model
        self._flops = model.forward_flops()

    def of_training(self, spans: Measurement) -> Measurement:
        """The spans of a training with their operations, forward and backward."""
        if self._flops is None or not spans.padded_tokens:
            return spans
        counts = zip(spans.examples, spans.padded_tokens, spans.padded_squares, strict=True)
        return spans.model_copy(update={"flops": [TRAINING_PASSES * self._flops.of(*count) for count in counts]})

    def of_scoring(self, encoded: Encoded, readings: int) -> dict[str, list[int]]:
        """Fields of a measurement each of whose readings scores `encoded` once."""
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
    """The one pass over the test set."""

    encoded: Encoded
    probabilities: FloatArray
    measurement: Measurement


def _score_test_set(model: Model, test: Split, clock: Clock, energy: Meter, work: Work) -> Scored:
    model.score(model.encode(test.texts[:WARMUP_ROWS]))
    (encoded, encode_seconds), encode_joules = energy.measure(lambda: clock.time(lambda: model.encode(test.texts)))
    (probabilities, score_seconds), score_joules = energy.measure(lambda: clock.time(lambda: model.score(encoded)))
    measurement = Measurement(
        phase="test_set",
        examples=[len(test)],
        tokens=[int(encoded.tokens.sum())],
        seconds=[encode_seconds + score_seconds],
        joules=[sum(encode_joules + score_joules)] if encode_joules else [],
    )
    work_done = work.of_scoring(encoded, readings=1)
    return Scored(encoded, probabilities, measurement.model_copy(update=work_done))


def _measure_inference(model: Model, test: Split, measure: Measure, clock: Clock, work: Work) -> list[Measurement]:
    """The three regimes on the same rows, in turn, so that drift meets all of them alike."""
    rows = test.sample(min(measure.rows, len(test)), seed=SAMPLE_SEED)
    encoded = model.encode(rows.texts)
    single = rows.texts[: measure.single]
    _label(model, single[:1])
    seconds: dict[Phase, list[float]] = {"text_to_label": [], "encoded_to_scores": [], "single_review": []}
    for turn in range(measure.repeats):
        seconds["text_to_label"].append(clock.time(lambda: _label(model, rows.texts))[1])
        seconds["encoded_to_scores"].append(clock.time(lambda: model.score(encoded))[1])
        own = single[len(single) * turn // measure.repeats : len(single) * (turn + 1) // measure.repeats]
        seconds["single_review"] += [clock.time(partial(_label, model, [text]))[1] for text in own]
    whole = Measurement(
        phase="text_to_label",
        examples=[len(rows)] * measure.repeats,
        tokens=[int(encoded.tokens.sum())] * measure.repeats,
        seconds=seconds["text_to_label"],
    ).model_copy(update=work.of_scoring(encoded, measure.repeats))
    alone = Measurement(
        phase="single_review",
        examples=[1] * len(single),
        tokens=[int(count) for count in encoded.tokens[: measure.single]],
        seconds=seconds["single_review"],
    )
    scores = {"phase": "encoded_to_scores", "seconds": seconds["encoded_to_scores"]}
    return [whole, whole.model_copy(update=scores), alone]


def _explain(classifier: Classifier, test: Split, scored: Scored, clock: Clock) -> tuple[Explanations, Measurement]:
    """The words behind the most confident mistakes, after all else is measured."""
    scoring = scored.measurement.seconds[0] / len(test)
    explanations, seconds = clock.time(lambda: explain_mistakes(classifier, test, scored.probabilities, scoring, clock))
    counts = [len(explanations.mistakes)]
    return explanations, Measurement(phase="explanations", examples=counts, tokens=[], seconds=[seconds])


def _label(model: Model, texts: Sequence[str]) -> IntArray:
    labels: IntArray = model.score(model.encode(texts)).argmax(axis=1)
    return labels


def _predictions(test: Split, probabilities: FloatArray) -> pd.DataFrame:
    columns = {f"probability_{index}": probabilities[:, index] for index in range(probabilities.shape[1])}
    return pd.DataFrame({"row": test.rows, "label": test.labels, "length": test.lengths, **columns})


def _save(model: Model, store: Store, saved: Saved) -> int:
    """Save the model; its size on disk in bytes."""
    with store.replace_model(saved.spec.id) as folder:
        model.save(folder)
        write_saved(saved, folder)
        return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())


def _shuffled(split: Split) -> Split:
    """The same texts with labels that say nothing of them: within each class, all labels in the whole's proportions."""
    generator = np.random.default_rng(SAMPLE_SEED)
    proportions, labels = np.sort(split.labels), np.empty_like(split.labels)
    for label in range(split.num_classes):
        members = generator.permutation(np.flatnonzero(split.labels == label))
        labels[members] = proportions[((np.arange(len(members)) + 0.5) / len(members) * len(split)).astype(np.int64)]
    return dataclasses.replace(split, labels=labels)


def _deep_audit(spec: CellSpec, store: Store, scored: Scored, data: Dataset) -> Audit:
    if spec.role == "shuffled labels":
        return audits.shuffled_labels(scored.probabilities, data.test.labels)
    original = store.read_result(spec.original.id)
    if original is None or original.status != "ok":
        return audits.repeated(scored.probabilities, None)
    frame = store.read_predictions(original.spec.id)
    columns = [f"probability_{index}" for index in range(data.test.num_classes)]
    return audits.repeated(scored.probabilities, frame[columns].to_numpy())


def _audits(loss: Loss, data: Dataset, scored: Scored, fitted: FitReport) -> list[Audit]:
    return [
        audits.loss_gradient(loss, data.train.lengths, data.train.num_classes, reference=loss.name == "ce"),
        audits.splits_disjoint(data),
        audits.decoding(scored.probabilities, data.test.num_classes),
        audits.predictions(scored.probabilities, data.test.labels, data.test.class_names),
        audits.convergence(fitted),
        audits.truncation(truncation(scored.encoded)),
    ]
