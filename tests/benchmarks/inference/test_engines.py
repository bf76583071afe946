"""Engines say what the network in torch says, and the one that serves is the fastest of those that do."""

import itertools
import shutil
import signal

import numpy as np
import pytest
import torch

from benchmarks.cells.serving import address, beside_torch, build, serve, serve_again, unmeasured
from benchmarks.errors import UsageError
from benchmarks.hardware import sharing
from benchmarks.hardware.device import resolve_runtime
from benchmarks.inference.engines import ENGINES, choice, served
from benchmarks.inference.engines import engine as engines
from benchmarks.inference.engines.choice import choose, load, usable
from benchmarks.inference.engines.engine import engine, engine_names, usable_engine
from benchmarks.inference.engines.served import Served
from benchmarks.inference.folder import digest
from benchmarks.inference.saved import find_model
from benchmarks.registry.code_version import modules_version
from benchmarks.runs.engines import outcome
from benchmarks.schema.engines import TIE, EngineResult
from benchmarks.schema.measurements import Measurement
from models.model import Encoded, Runtime

NEEDS = {"onnxruntime": "onnxruntime", "onnxruntime_int8": "onnxruntime", "openvino": "openvino"}
TEXTS = ["the film was superb", "dull and poor " * 40 + "but superb in the end", "?", ""]


def test_every_engine_is_one_line_and_one_class():
    assert [engine(name).why_unavailable() is not None for name in ENGINES] == [True] * len(ENGINES)
    with pytest.raises(UsageError, match=r"unknown engine 'openvin'; did you mean 'openvino'"):
        engine("openvin")


@pytest.mark.parametrize("name", ["torch", "onnxruntime", "openvino"])
def test_an_engine_says_what_the_model_says(trained_network, tmp_path, name):
    pytest.importorskip(NEEDS.get(name, "torch"))
    spec, store = trained_network
    found = find_model(store.cell_folder(spec.id))
    engine(name).build(found, tmp_path, ())
    in_engine = engine(name).load(found, tmp_path, Runtime())
    classifier = found.load("cpu", "fp32")
    np.testing.assert_allclose(in_engine.predict_proba(TEXTS), classifier.predict_proba(TEXTS), atol=1e-5)
    assert in_engine.label(TEXTS) == classifier.label(TEXTS)
    ours, theirs = in_engine.scored(TEXTS), classifier.scored(TEXTS)
    np.testing.assert_allclose(ours.probabilities, theirs.probabilities, atol=1e-5)
    assert (ours.empty == theirs.empty).all()
    assert (ours.unknown == theirs.unknown).all()


@pytest.mark.skipif(shutil.which("g++") is None, reason="inductor needs a C++ compiler")
def test_a_network_is_compiled_while_the_load_changes(trained_network, tmp_path, monkeypatch):
    """Torch refuses to compile while the number of threads changes."""
    spec, store = trained_network
    found = find_model(store.cell_folder(spec.id))
    counts = itertools.cycle([1, 2])
    monkeypatch.setattr(sharing, "PERIOD", 0.01)
    monkeypatch.setattr(sharing, "fitting", lambda *arguments: next(counts))
    before, threads = signal.getsignal(signal.SIGALRM), torch.get_num_threads()
    try:
        sharing.leave_room(2, torch.set_num_threads)
        compiled = engine("torch_compile").load(found, tmp_path, Runtime())
        np.testing.assert_allclose(
            compiled.predict_proba(TEXTS), found.load("cpu", "fp32").predict_proba(TEXTS), atol=1e-5
        )
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
        torch.set_num_threads(threads)


@pytest.mark.parametrize(("name", "precision"), [("", "fp32"), ("torch", "fp32"), ("onnxruntime_int8", "int8")])
def test_the_precision_is_that_of_the_engine(trained_network, name, precision):
    spec, store = trained_network
    found = find_model(store.cell_folder(spec.id))
    assert choice.precision_in(found, choice.Choice(name, ""), "cpu", "fp32") == precision


@pytest.mark.parametrize(
    ("name", "apart"), [("onnxruntime_int8", 0.1), ("openvino_int8", 0.1), ("openvino_bf16", 0.05)]
)
def test_fewer_bits_are_near_and_files_are_made_once(trained_network, dataset, tmp_path, name, apart):
    if reason := engine(name).why_unavailable():
        pytest.skip(reason)
    spec, store = trained_network
    found = find_model(store.cell_folder(spec.id))
    paths = engine(name).build(found, tmp_path, dataset.train.texts)
    before = [path.stat().st_mtime_ns for path in paths]
    engine(name).build(found, tmp_path, ())
    assert [path.stat().st_mtime_ns for path in paths] == before
    scores = engine(name).load(found, tmp_path, Runtime()).predict_proba(TEXTS)
    np.testing.assert_allclose(scores, found.load("cpu", "fp32").predict_proba(TEXTS), atol=apart)


def test_an_engine_that_is_calibrated_needs_training_texts(trained_network, tmp_path):
    spec, store = trained_network
    with pytest.raises(
        UsageError, match="it is calibrated on training texts, which only `run --engines openvino_int8`"
    ):
        engine("openvino_int8").build(find_model(store.cell_folder(spec.id)), tmp_path, ())


def test_texts_keep_their_places_over_blocks_and_batches(monkeypatch):
    """The engine sees the longest texts first, a block at a time; the answers come in the order of the texts."""
    monkeypatch.setattr(served, "BLOCK", 7)
    generator = np.random.default_rng(0)
    texts = ["x" * int(n) for n in generator.integers(1, 60, 50)]
    seen = []

    class Tokens:
        def encode(self, chosen):
            tokens = [np.ones(len(text), dtype=np.int32) for text in chosen]
            counts = np.array([len(text) for text in chosen])
            return Encoded(tokens, counts, counts)

    def network(batches):
        seen.extend(batches)
        counts = [mask.sum(axis=1) for _, mask in batches]
        return [np.stack([own / 60, np.zeros(len(own))], axis=1) for own in counts]

    model = Served(model=Tokens(), classes=("a", "b"), spec=None, network=network, token_budget=100)
    odds = np.exp(np.array([len(text) for text in texts]) / 60)
    np.testing.assert_allclose(model.own_proba(texts)[:, 0], odds / (1 + odds))
    assert all(ids.size <= max(100, ids.shape[1]) for ids, _ in seen)
    assert all((ids != 0).sum() == mask.sum() for ids, mask in seen)
    assert model.own_proba([]).shape == (0, 2)
    with pytest.raises(TypeError, match="sequence of texts"):
        model.own_proba("one text")
    with pytest.raises(ValueError, match=r"^texts\[50\] holds half a character"):
        model.own_proba([*texts, "\ud83d"])


def test_what_is_missing_is_one_line_with_the_cure(monkeypatch):
    monkeypatch.setattr(engines, "find_spec", lambda name: None)
    with pytest.raises(UsageError, match=r"it needs onnx, onnxruntime, which is not installed: .*\[engines\]"):
        usable_engine("onnxruntime", "lstm")
    with pytest.raises(UsageError, match="not installed"):
        engine_names(["openvino"])
    assert "torch" in engine_names(["*"])
    assert "openvino" not in engine_names(["*"])
    with pytest.raises(UsageError, match="unknown engine 'tensorrt'"):
        engine_names(["tensorrt"])


def test_a_linear_model_runs_in_its_own_code():
    with pytest.raises(UsageError, match="nbsvm has no network for another engine"):
        usable_engine("torch", "nbsvm")


def test_a_device_that_an_engine_lacks_is_refused():
    pytest.importorskip("onnxruntime")
    with pytest.raises(UsageError, match="runs on cpu only"):
        usable_engine("onnxruntime", "lstm", "cuda")


def test_classes_gaps_and_differences_are_counted():
    reference = np.array([[0.9, 0.1], [0.505, 0.495], [0.2, 0.8]])
    found = beside_torch(np.array([[0.8, 0.2], [0.49, 0.51], [0.2, 0.8]]), reference)
    assert (found["rows"], found["same_class"]) == (3, 2)
    assert found["largest_gap"] == pytest.approx(0.01)
    assert found["largest_difference"] == pytest.approx(0.1)


@pytest.mark.parametrize(
    ("same", "gap", "exact"), [(10, 0.0, True), (9, TIE / 2, True), (9, TIE, False), (9, 0.5, False), (0, 0.0, True)]
)
def test_an_exact_engine_differs_on_ties_only(same, gap, exact):
    rows = 10 if same else 0
    one = EngineResult(cell="c", engine="e", address="", model="", rows=rows, same_class=same, largest_gap=gap)
    assert one.exact == (exact and rows > 0)
    assert not one.model_copy(update={"status": "failed"}).exact


@pytest.fixture
def measured(trained_network):
    """A function that leaves the result of an engine with a speed, as measured here."""
    spec, store = trained_network
    model = digest(store.cell_folder(spec.id) / "model")

    def measured(name, rate, ready=1.0, **changes):
        reading = Measurement(phase="text_to_label", examples=[100], tokens=[], seconds=[100 / rate])
        figures = {"measurements": [reading], "ready_seconds": ready, "rows": 40, "same_class": 40}
        result = unmeasured(spec, name, model).model_copy(update=figures | changes)
        store.write_engine(result)
        return result

    yield measured
    for path in store.engine_folder(spec.id).glob("*.json"):
        path.unlink()


def test_the_fastest_exact_engine_serves(trained_network, measured):
    pytest.importorskip("onnxruntime")
    spec, store = trained_network
    found = find_model(store.cell_folder(spec.id))
    assert choose(found, None, "auto", "auto", 10).name == ""
    measured("torch", 50, precision=resolve_runtime("cpu", "auto").precision)
    measured("onnxruntime", 100)
    measured("onnxruntime_int8", 500, same_class=38, largest_gap=0.4)
    assert choose(found, None, "cpu", "auto", 1_000).name == "onnxruntime"
    assert "same class as torch on 40 of 40" in choose(found, None, "cpu", "auto", None).reason
    assert choose(found, None, "cpu", "fp32", 1_000).name == ""  # whoever names a precision gets the network itself
    assert choose(found, "onnxruntime_int8", "cpu", "auto", 1).name == "onnxruntime_int8"
    measured("onnxruntime", 100, ready=60.0)  # ready later than torch has labelled a few texts
    assert choose(found, None, "cpu", "auto", 10).name == "torch"
    assert choose(found, None, "cpu", "auto", 100_000).name == "onnxruntime"


@pytest.mark.parametrize(
    "changes",
    [
        {"model": "of other weights"},
        {"device": "cuda"},
        {"precision": "bf16"},
        {"libraries": {"torch": "0.1"}},
        {"environment": {"processor": "another"}},
        {"status": "failed", "measurements": []},
    ],
)
def test_what_was_measured_otherwise_does_not_count(trained_network, measured, changes):
    spec, store = trained_network
    found = find_model(store.cell_folder(spec.id))
    measured("torch", 100)
    assert len(usable(found, Runtime())) == 1
    measured("torch", 100, **changes)
    assert usable(found, Runtime()) == []


def test_an_engine_that_was_not_measured_is_built_for_this_process(trained_network):
    pytest.importorskip("onnxruntime")
    spec, store = trained_network
    found = find_model(store.cell_folder(spec.id))
    chosen = choose(found, "onnxruntime", "cpu", "auto", None)
    classifier = load(found, chosen, "cpu", "auto")
    assert classifier.label(TEXTS) == found.load("cpu", "fp32").label(TEXTS)
    assert not list(store.engine_folder(spec.id).glob("*.onnx"))
    with pytest.raises(UsageError, match=r"computes in fp32"):
        choose(found, "onnxruntime", "cpu", "bf16", None)


def test_serving_measures_and_compares(trained_network, monkeypatch):
    spec, store = trained_network
    monkeypatch.setattr(choice, "UNKNOWN_COUNT", 1)
    assert build(spec, store, "torch") > 0
    result = serve(spec, store, "torch", "a film", 0)
    assert (result.same_class, result.rows, result.exact) == (40, 40, True)
    assert result.largest_difference < 1e-6
    assert [one.phase for one in result.measurements] == [
        "test_set",
        "text_to_label",
        "encoded_to_scores",
        "single_review",
    ]
    assert len(result.measurements[3].seconds) == 40  # all test texts, as there are fewer than 300
    assert result.ready_seconds > result.load_seconds
    assert len(store.read_engine_predictions(spec.id, "torch")) == 40
    assert outcome(result).endswith("same class on 40 of 40, exact")
    again = serve_again(spec, store, "torch", 4)
    label = next(one for one in again.measurements if one.phase == "text_to_label")
    assert label.process == [0, 0, 4, 4]
    assert list(again.rates_by_turn) == [0, 4]
    assert again.texts_per_second in again.rates_by_turn[0] + again.rates_by_turn[4]
    assert (again.memory, again.ready_seconds) == (result.memory, result.ready_seconds)
    assert store.read_engine(spec.id, "torch") == again


def test_the_address_covers_what_a_figure_depends_on(trained_network, monkeypatch):
    spec, _ = trained_network
    first = address(spec, "torch", "m")
    assert address(spec, "torch", "m") == first
    assert address(spec, "torch", "n") != first
    assert address(spec, "torch_compile", "m") != first
    measure = spec.measure.model_copy(update={"rows": 9})
    assert address(spec.model_copy(update={"measure": measure}), "torch", "m") != first
    asked = spec.measure.model_copy(update={"engines": ("torch",)})
    assert address(spec.model_copy(update={"measure": asked}), "torch", "m") == first
    monkeypatch.setenv("OMP_NUM_THREADS", "7")
    assert address(spec, "torch", "m") != first


def test_modules_versions_leave_docstrings_out():
    assert modules_version("benchmarks.inference.load_test") == modules_version("benchmarks.inference.load_test")
    assert modules_version("benchmarks.inference.load_test") != modules_version("benchmarks.inference.folder")
