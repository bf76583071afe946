"""Engines beside the network in torch: counts, paired differences, tables, and what `recommend` makes of them."""

from dataclasses import replace

import numpy as np
import pytest

from benchmarks.schema.engines import EngineResult
from benchmarks.schema.load_test import BatchSize, LoadTest, Start, Trial
from benchmarks.schema.measurements import Measurement, Memory
from benchmarks.store.engines import write_load_test
from reports.analysis.engines import served
from reports.analysis.evidence import gather
from reports.analysis.recommendation import Question, recommend
from reports.analysis.requirements import Limits
from reports.analysis.results import read_results
from reports.analysis.run_analysis import analyse
from reports.render.engine_tables import ARRIVALS, BATCHES, SUMMARY, engines_table, kept_load_tests, load_test_tables

ACCURACY = {("tfidf_logreg", "ce"): 0.60, ("distilbert", "ce"): 0.90}
SEEDS = (1, 2)


@pytest.fixture
def store(tmp_path, write_results):
    """Results with two trainings of a network, and a function that leaves an engine's results beside them."""
    return write_results(tmp_path / "run", ACCURACY, seeds=SEEDS, test_rows=1000)


def add_engine(store, name, rate=1_000.0, flipped=0, cells=None, gap=0.3, turns=None):
    """Leave an engine that answers `flipped` of the right rows wrong; `turns`: number of a turn -> its rate."""
    for cell in cells or [one for one in store.results() if one.spec.model == "distilbert"]:
        frame = store.read_predictions(cell.spec.id)
        names = ["probability_0", "probability_1"]
        right = np.flatnonzero(frame[names].to_numpy().argmax(axis=1) == frame["label"].to_numpy())[:flipped]
        frame.loc[frame.index[right], names] = frame.loc[frame.index[right], names[::-1]].to_numpy()
        numbers = [turn for turn in turns or [0] for _ in range(3)]
        seconds = [256 / (turns or {0: rate})[turn] for turn in numbers]
        regimes = [
            Measurement(phase=phase, examples=[256] * len(numbers), tokens=[], seconds=seconds, process=numbers)
            for phase in ("text_to_label", "encoded_to_scores")
        ]
        single = Measurement(phase="single_review", examples=[1] * 300, tokens=[], seconds=[0.01] * 300)
        result = EngineResult(
            cell=cell.spec.id,
            engine=name,
            address="a",
            model="m",
            precision="fp32",
            ready_seconds=3.0,
            load_seconds=1.0,
            first_seconds=0.1,
            measurements=[*regimes, single],
            memory=Memory(host=200_000_000),
            file_bytes=90_000_000,
            rows=1000,
            same_class=1000 - flipped,
            largest_gap=gap if flipped else 0.0,
        )
        store.write_engine(result, frame)


def in_engine(store, name):
    results = read_results(store.folder)
    return next(one for one in served(results, gather(results)) if one.engine == name)


def test_an_engine_that_says_the_same_is_exact(store):
    add_engine(store, "onnxruntime")
    one = in_engine(store, "onnxruntime")
    assert one.exact
    assert one.same_class == (2000, 2000)
    assert one.difference[0] == 0
    assert one.evidence.configuration.model == "distilbert[minilm] in onnxruntime"


def test_lost_rows_show_in_the_paired_difference(store):
    add_engine(store, "onnxruntime_int8", flipped=40)
    one = in_engine(store, "onnxruntime_int8")
    assert not one.exact
    assert one.same_class == (1920, 2000)
    value, (low, high) = one.difference
    assert value == pytest.approx(-0.04)
    assert low < -0.04 < high < 0


def test_an_engine_that_lacks_a_cell_is_left_out(store):
    add_engine(store, "openvino", cells=[next(one for one in store.results() if one.spec.model == "distilbert")])
    results = read_results(store.folder)
    assert served(results, gather(results)) == ()


def test_predictions_of_other_rows_are_left_out(store):
    add_engine(store, "openvino")
    cell = next(one for one in store.results() if one.spec.model == "distilbert").spec.id
    frame = store.read_engine_predictions(cell, "openvino").assign(row=lambda own: own["row"] + 1)
    store.write_engine(store.read_engine(cell, "openvino"), frame)
    results = read_results(store.folder)
    assert served(results, gather(results)) == ()


def test_the_table_shows_speed_and_accuracy_beside_torch_and_failures(store):
    add_engine(store, "onnxruntime", rate=500)
    cell = next(one for one in store.results() if one.spec.model == "distilbert").spec.id
    store.write_engine(
        EngineResult(cell=cell, engine="openvino", address="", model="", status="failed", reason="no room")
    )
    table = engines_table(analyse(read_results(store.folder)))
    assert table["engine"].tolist() == ["onnxruntime", "openvino"]
    first = table.iloc[0]
    assert first["text → label (texts/s)"] == "500"
    assert first["same class"] == "2,000 of 2,000"
    assert first["one text p99 (ms)"] == "10.0 (≤ 10.0)"
    assert (first["start (s)"], first["peak memory (MB)"], first["files (MB)"]) == ("3.00", "200", "90.0")
    assert table.iloc[1]["verdict"] == "failed: no room"


def test_an_engine_is_compared_with_torch_within_turns(store):
    """A slow phase of the machine in turn 1 halves all rates and leaves the ratio as it is."""
    add_engine(store, "torch", turns={0: 100, 1: 50, 2: 100, 7: 1})
    add_engine(store, "openvino", turns={0: 151, 1: 75, 2: 150})
    add_engine(store, "onnxruntime", turns={5: 10})
    one = in_engine(store, "openvino")
    value, (low, high) = one.times_torch
    assert value == pytest.approx(1.503, abs=1e-3)
    assert 1.49 < low < value < high < 1.52
    table = engines_table(analyse(read_results(store.folder))).set_index("engine")
    assert table["times torch"].to_dict() == {"torch": "–", "openvino": "1.50 (1.50–1.51)", "onnxruntime": "–"}
    assert table["turns"].to_dict() == {"torch": "8", "openvino": "6", "onnxruntime": "2"}


def test_a_ratio_of_one_turn_has_no_interval(store):
    add_engine(store, "torch", rate=100)
    add_engine(store, "openvino", rate=200)
    found = in_engine(store, "openvino")
    alone = replace(found, results=found.results[:1], in_torch=found.in_torch[:1])
    value, interval = alone.times_torch
    assert value == 2
    assert np.isnan(interval).all()


def test_without_engines_the_tables_are_empty(store):
    analysis = analyse(read_results(store.folder))
    assert engines_table(analysis).empty
    assert all(table.empty for table in load_test_tables(kept_load_tests(analysis)).values())


def test_recommend_takes_the_fastest_exact_engine_with_its_model_s_standing(store):
    add_engine(store, "torch", rate=900)
    add_engine(store, "onnxruntime", rate=5_000)
    found = recommend([read_results(store.folder)], Question(limits=Limits(min_throughput=2_000)))
    assert found.chosen is not None or found.not_ruled_out is not None
    names = [one.name for one in found.candidates]
    assert "distilbert[minilm] in onnxruntime" in names
    assert not any(name.endswith("in torch") for name in names)  # the same network in the same library
    base, exact = (
        next(one for one in found.candidates if one.name == f"distilbert[minilm]{end}")
        for end in ("", " in onnxruntime")
    )
    assert exact.judged == base.judged
    assert exact.price.labelling < base.price.labelling
    plain = recommend([read_results(store.folder)], Question())
    assert plain.chosen.name == "distilbert[minilm] in onnxruntime"


def test_an_engine_that_loses_rows_is_a_candidate_of_its_own(store):
    add_engine(store, "onnxruntime_int8", rate=50_000, flipped=100)
    found = recommend([read_results(store.folder)], Question())
    own = next(one for one in found.candidates if one.name.endswith("in onnxruntime_int8"))
    assert own.value == pytest.approx(0.80)
    assert not own.eligible
    assert found.chosen.name == "distilbert[minilm]"


def load_trial(rate, *, kept, confirming):
    late = 0.002 if kept else 0.3
    return Trial(
        rate=rate, texts=1_000 if confirming else 100, batches=50, p50=0.02, p99=0.04,
        late=late, late_bound=late + 0.005, confirming=confirming, kept=kept,
    )  # fmt: skip


def test_a_load_test_is_a_row(store):
    cell = next(one for one in store.results() if one.spec.model == "distilbert").spec.id
    test = LoadTest(
        cell=cell,
        engine="openvino",
        precision="fp32",
        slo_ms=50,
        texts=500,
        start=Start(ready=4.0, load=1.0, first=0.2, warm=[0.01] * 300),
        sweep=[BatchSize(texts=1, seconds=[0.01]), BatchSize(texts=8, seconds=[0.02])],
        trials=[
            load_trial(100, kept=True, confirming=True),
            load_trial(150, kept=True, confirming=False),
            load_trial(200, kept=False, confirming=True),
        ],
        environment={},
    )
    write_load_test(store.make_engine_folder(cell), test)
    found = load_test_tables(kept_load_tests(analyse(read_results(store.folder))))
    (row,) = found[SUMMARY].to_dict("records")
    assert (row["limit of p99 (ms)"], row["highest rate within it (texts/s)"]) == ("50", "100")
    assert row["best batches (texts/s)"] == "400"
    assert row["warm p99 (ms)"] == "10.0 (≤ 10.0)"
    assert [one["texts/s"] for one in found[BATCHES].to_dict("records")] == ["100", "400"]
    assert [one["p99 (ms)"] for one in found[ARRIVALS].to_dict("records")] == ["40.0", "needs 299 texts", "40.0"]
