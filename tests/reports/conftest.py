"""A synthetic results folder with known accuracies, written through the store as the harness writes it."""

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from benchmarks.schema.audits import Audit
from benchmarks.schema.calibration import Calibration
from benchmarks.schema.cell import CellSpec
from benchmarks.schema.measurements import Load, Measurement, Memory
from benchmarks.schema.result import CellResult
from benchmarks.store.results import Store
from reports.analysis.estimands import estimand
from reports.analysis.estimates import Clusters
from reports.analysis.evidence import Evidence, Rows
from reports.analysis.results import Configuration

sys.path.insert(0, str(Path(__file__).parent))  # tests import `chromium` by name

FINGERPRINT = "ab" * 32
HOSTILE = "=cmd|' /C'!A0\n<script>alert(1)</script> `x` **b** [l](javascript:1) | \\| &amp; \x1b[31m [red]"
ENVIRONMENT = {
    "machine": "x86_64",
    "processor": "Test CPU (avx2)",
    "cores": 2,
    "memory_bytes": 8 * 2**30,
    "platform": "Linux 6.1",
    "python": "3.11.9",
    "packages": {"numpy": "2.4.6", "torch": "2.13.0"},
    "threads": 2,
    "accelerator": None,
}
MODELS = {
    "tfidf_logreg": {"c": 10.0, "ngrams": 2},
    "lstm": {"epochs": 2},
    "distilbert": {"encoder": "minilm", "max_length": 256},
}
FIT_SECONDS_PER_1000 = {"tfidf_logreg": 0.4, "lstm": 6.0, "distilbert": 60.0}


def write_results(
    folder: Path,
    accuracy: Mapping[tuple[str, ...], float] | None = None,
    *,
    seeds: Sequence[int] = (1, 2, 3),
    repeats: int = 0,
    group_size: int = 0,
    train_sizes: Sequence[int] = (2000,),
    test_rows: int = 1000,
    classes: Sequence[str] = ("negative", "positive"),
    deterministic: Sequence[str] = ("tfidf_logreg",),
    long_gain: Mapping[str, float] | None = None,
    loss_params: Mapping[str, Sequence[dict]] | None = None,
    model_params: Mapping[str, Sequence[dict]] | None = None,
    seed_noise: float = 0.3,
    model_noise: float = 0.6,
    leaked: int = 0,
    failed: Mapping[tuple[str, str], tuple[str, str]] | None = None,
    missing: Sequence[tuple[str, str]] = (),
    hostile: bool = False,
    device: str = "cpu",
    precision: str = "bf16",
    devices: int = 1,
    calibrated: bool = True,
    redrawn_from: int | None = None,
    single: int = 60,
) -> Store:
    """Write a whole results folder.

    Args:
        folder: where.
        accuracy: (model, loss) or (model, loss, str(train size)) -> share of the test rows that is right, exactly
            (up to rounding to whole rows), for every seed.
        seeds, train_sizes, test_rows, classes: the grid and the data.
        repeats: trainings that draw training rows and seed anew, instead of `seeds`.
        group_size: test rows of each group, such as a film; 0 for independent rows.
        deterministic: models whose predictions do not depend on the seed.
        long_gain: loss -> how much more often it is right on long rows than on short ones, at the same accuracy (in
            standard deviations of the rows' difficulty, from the shortest to the longest bucket).
        loss_params, model_params: name -> each of the parameters it runs with.
        seed_noise, model_noise: how much seeds and models differ in what they find hard (the rows' own difficulty: 1).
        leaked: how many test rows are marked as leaked.
        failed: (model, loss) -> (status, reason).
        missing: (model, loss) that are planned and have no result.
        hostile: hostile texts in every name, reason and parameter that data or users can set.
        device, precision, devices: of torch models; `tfidf_logreg` is on the CPU in fp32.
        single: texts that are labelled one at a time.
        redrawn_from: rows from which repeats draw their training rows; None is many times as many.
        calibrated: whether validation predictions and temperatures are kept, which older programs did not.
    """
    accuracy = accuracy or {
        ("tfidf_logreg", "ce"): 0.84,
        ("tfidf_logreg", "length_weighted_ce"): 0.84,
        ("lstm", "ce"): 0.80,
        ("lstm", "length_weighted_ce"): 0.80,
        ("distilbert", "ce"): 0.90,
        ("distilbert", "length_weighted_ce"): 0.90,
    }
    losses = {"ce": [{}], "length_weighted_ce": [{"alpha": 1.0, "cap": 512}]} | dict(loss_params or {})
    models = {name: [params] for name, params in MODELS.items()} | dict(model_params or {})
    if hostile:
        classes = [HOSTILE, *classes[1:]]
        models = {name: [params | {"encoder": HOSTILE} for params in several] for name, several in models.items()}
    folder.mkdir(parents=True, exist_ok=True)
    store = Store(folder)
    generator = np.random.default_rng(0)
    lengths = np.maximum(5, generator.lognormal(5.2, 0.6, test_rows)).astype(int)
    labels = generator.integers(0, len(classes), test_rows)
    difficulty = generator.normal(size=test_rows)
    edges = [float(edge) for edge in np.quantile(lengths, [0.25, 0.5, 0.75])]
    data_name = HOSTILE if hostile else "imdb-packaged"
    planned = []
    for size in train_sizes:
        for key in dict.fromkeys(key[:2] for key in accuracy):
            model, loss = key
            share = accuracy.get((*key, str(size)), accuracy.get(key))
            if share is None:
                continue
            for own_params in models.get(model, [{}]):
                model_difficulty = difficulty + model_noise * _noise(test_rows, model, size, sorted(own_params.items()))
                for params in losses.get(loss, [{}]):
                    for repeat, seed in [(r, r + 1) for r in range(repeats)] or [(0, seed) for seed in seeds]:
                        cpu_only = model == "tfidf_logreg"
                        spec = _spec(
                            model,
                            loss,
                            size,
                            seed,
                            repeat=repeat,
                            dataset=data_name,
                            test_size=test_rows,
                            model_params=own_params,
                            loss_params=params,
                            device="cpu" if cpu_only else device,
                            precision="fp32" if cpu_only else precision,
                            devices=1 if cpu_only else devices,
                        )
                        planned.append(spec.id)
                        if key in missing:
                            continue
                        if failed and key in failed:
                            status, reason = failed[key]
                            reason = HOSTILE if hostile else reason
                            store.write_result(CellResult(spec=spec, status=status, reason=reason))
                            continue
                        noise_seed = repeat if model in deterministic else seed
                        hardness = model_difficulty + seed_noise * _noise(test_rows, model, loss, size, noise_seed)
                        bucket = np.searchsorted(edges, lengths, side="left")
                        hardness -= (long_gain or {}).get(loss, 0.0) * (bucket - 1.5) / 3
                        predictions = _predictions(labels, lengths, hardness, share, len(classes))
                        if group_size:
                            predictions["group"] = [f"film {row // group_size}" for row in range(test_rows)]
                        result = _result(spec, predictions, classes, edges, leaked, hostile, single)
                        if calibrated:
                            validation = _validation(share, len(classes), noise_seed)
                            store.write_validation(spec.id, validation)
                            result.calibration = _calibration(validation)
                        store.write_result(result, predictions)
    store.write_run(
        {
            "suite": "synthetic",
            "description": HOSTILE if hostile else "synthetic results",
            "command": ["python", "-m", "benchmarks", "run", "--dataset", data_name],
            "started": "2026-01-02T03:04:05+00:00",
            "planned": planned,
            "dataset": {
                "name": data_name,
                "fingerprint": FINGERPRINT,
                "provenance": {"origin": HOSTILE if hostile else "a made-up file", "duplicates_dropped": 12},
                "train": max(train_sizes),
                "valid": 100,
                "test": test_rows,
                "classes": list(classes),
                "redrawn_from": redrawn_from or 20 * max(train_sizes),
            },
            "device": device,
            "precision": precision,
            "devices_per_cell": devices,
            "code_version": "0.1.0",
            "environment": ENVIRONMENT,
            "ceilings": [
                {
                    "device": device,
                    "precision": precision,
                    "flop_per_second": 80e9,
                    "size": 1024,
                    "bytes_per_second": 12e9,
                }
            ],
        }
    )
    return store


def _noise(size: int, *key: object) -> np.ndarray:
    return np.random.default_rng(list(repr(key).encode())).normal(size=size)


def _predictions(labels, lengths, hardness, share, num_classes) -> pd.DataFrame:
    """The `share` of easiest rows right, the others wrong; the easier or harder, the surer."""
    size = len(labels)
    order = np.argsort(np.argsort(hardness, kind="stable"), kind="stable")
    right = order < round(share * size)
    distance = np.abs(order - share * size) / size
    top = 1 / num_classes + (1 - 1 / num_classes) * np.clip(0.05 + 1.5 * distance, 0.05, 0.98)
    predicted = np.where(right, labels, (labels + 1) % num_classes)
    probabilities = np.repeat(((1 - top) / (num_classes - 1))[:, None], num_classes, axis=1)
    probabilities[np.arange(size), predicted] = top
    columns = {f"probability_{index}": probabilities[:, index] for index in range(num_classes)}
    return pd.DataFrame({"row": np.arange(size) + 500, "label": labels, "length": lengths, **columns})


VALIDATION_ROWS = 400


def _validation(share, num_classes, seed) -> pd.DataFrame:
    generator = np.random.default_rng([seed, num_classes])
    labels = generator.integers(0, num_classes, VALIDATION_ROWS)
    hardness = generator.normal(size=VALIDATION_ROWS)
    return _predictions(labels, np.full(VALIDATION_ROWS, 50), hardness, share, num_classes)


def _calibration(validation) -> Calibration:
    """A temperature, and every tenth row of validation as a point."""
    probabilities = validation.filter(like="probability_").to_numpy() ** (1 / 0.8)
    probabilities /= probabilities.sum(axis=1, keepdims=True)
    right = probabilities.argmax(axis=1) == validation["label"].to_numpy()
    order = np.argsort(-probabilities.max(axis=1))
    points = np.arange(9, VALIDATION_ROWS, 10)
    return Calibration(
        temperature=0.8,
        rows=VALIDATION_ROWS,
        log_loss_before=0.4,
        log_loss_after=0.3,
        confidences=tuple(probabilities.max(axis=1)[order][points]),
        answered=tuple((points + 1).tolist()),
        right=tuple(np.cumsum(right[order])[points].tolist()),
    )


def _result(spec, predictions, classes, edges, leaked, hostile, single) -> CellResult:
    labels = predictions["label"].to_numpy()
    probabilities = predictions.filter(like="probability_").to_numpy()
    right = probabilities.argmax(axis=1) == labels
    scale = 1 + 0.01 * spec.seed
    fit = FIT_SECONDS_PER_1000.get(spec.model, 1.0) * spec.train_size / 1000 * scale
    torch_model = spec.model in {"lstm", "distilbert"}
    rows = 256
    measurements = [
        Measurement(phase="fit", examples=[spec.train_size], tokens=[], seconds=[fit]),
        Measurement(phase="text_to_label", examples=[rows] * 3, tokens=[rows * 200] * 3, seconds=[0.3, 0.2, 0.25]),
        Measurement(phase="encoded_to_scores", examples=[rows] * 3, tokens=[rows * 200] * 3, seconds=[0.1, 0.1, 0.2]),
        Measurement(
            phase="single_review",
            examples=[1] * single,
            tokens=[200] * single,
            seconds=list(np.linspace(0.001, 0.005, single)),
        ),
    ]
    if torch_model:
        spans = Measurement(
            phase="train_steps",
            examples=[160] * 4,
            tokens=[32000] * 4,
            seconds=[1.0, 1.1, 0.9, 1.0],
            padded_tokens=[40000] * 4,
            flops=[30_000_000_000] * 4,
        )
        measurements.insert(1, spans)
        scores = measurements[3]
        scores.padded_tokens, scores.flops = [rows * 250] * 3, [4_000_000_000] * 3
    truncation_reason = HOSTILE if hostile else "7.0 % of the texts are cut"
    return CellResult(
        spec=spec,
        status="ok",
        metrics={
            "accuracy": float(right.mean()),
            "accuracy_without_leaks": float(right[leaked:].mean()),
            "macro_f1": float(right.mean()) - 0.001,
            "log_loss": float(-np.log(probabilities[np.arange(len(labels)), labels]).mean()),
        },
        classes=list(classes),
        length_edges=edges,
        leaked_rows=[int(row) for row in predictions["row"][:leaked]],
        truncation={"texts_cut": 0.07, "tokens_cut": 0.12},
        fit={"parameters": 12345, "history": [], "selected": 0, "converged": None if torch_model else True},
        measurements=measurements,
        memory=Memory(host=500_000_000, device=900_000_000 if spec.device == "cuda" else None),
        model_bytes=3_000_000,
        audits=[
            Audit(name="splits_disjoint", passed=True, reason="no text is in two splits"),
            Audit(name="truncation", passed=not torch_model, reason=truncation_reason),
        ],
        overhead_seconds=0.5,
        load=Load(load_average=1.0, others=0.01, stolen=0.0),
        energy="not measured: no counter",
        environment=ENVIRONMENT,
    )


@pytest.fixture(name="write_results", scope="session")
def _write_results():
    """The function that writes a synthetic results folder."""
    return write_results


@pytest.fixture
def hostile_text() -> str:
    """The text that hostile results hold wherever data or users can put one."""
    return HOSTILE


@pytest.fixture
def make_evidence():
    """A function: which rows each seed got right (S, N), and what it was -> the evidence."""

    def make(correct, *, model="lstm", loss="ce", train_size=2000, trainings=None, groups=None, edges=()) -> Evidence:
        correct = np.atleast_2d(np.asarray(correct, dtype=bool))
        trainings = trainings or [(0, seed) for seed in range(1, len(correct) + 1)]
        specs = [_spec(model, loss, train_size, seed, repeat=repeat) for repeat, seed in trainings]
        cells = tuple(CellResult(spec=spec, status="ok") for spec in specs)
        key = specs[0].id
        configuration = Configuration(key, model, loss, model, loss, {}, {}, train_size, "cpu", "fp32", cells)
        size = correct.shape[1]
        clusters = None if groups is None else Clusters(np.asarray(groups), len(set(groups)))
        labels = np.arange(size) % 2
        rows = Rows(np.ones(size, dtype=bool), labels, np.arange(size), clusters, leaked=0)
        distinct, digests = len(correct) > 1, tuple(own.tobytes() for own in correct)
        claim = estimand(trainings)
        return Evidence(configuration, rows, correct, tuple(trainings), claim, distinct, digests, tuple(edges))

    return make


def _spec(model, loss, train_size, seed, **changes) -> CellSpec:
    facts = {
        "dataset": "imdb-packaged",
        "data_fingerprint": FINGERPRINT,
        "train_size": train_size,
        "valid_size": 100,
        "test_size": 1000,
        "model": model,
        "model_params": {},
        "loss": loss,
        "loss_params": {},
        "seed": seed,
        "device": "cpu",
        "precision": "fp32",
        "code_version": "0.1.0",
    }
    return CellSpec(**(facts | changes))
