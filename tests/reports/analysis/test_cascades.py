"""Cascades beside their stages, in a results folder with known predictions."""

from dataclasses import replace

import numpy as np
import pytest

from benchmarks.schema.cascade import Cascade, CascadeRecord
from benchmarks.store.results import Store
from reports.analysis.cascades import cascades, curves, is_cascade, validation_curve
from reports.analysis.comparisons import contrast
from reports.analysis.evidence import gather
from reports.analysis.noise import noise
from reports.analysis.recommendation import Question, recommend
from reports.analysis.results import read_results
from reports.analysis.run_analysis import analyse
from reports.figures.draw import gallery
from reports.render.html import write_html
from reports.render.markdown import write_markdown
from tests.reports.conftest import write_results

FIRST, LAST = "tfidf_logreg", "distilbert"
THRESHOLDS = {"cost": 0.6, "accuracy": 0.9}


def joined(first, last, threshold):
    """The first stage's predictions, with the last stage's where the first is not surer than the threshold."""
    columns = ["probability_0", "probability_1"]
    frame = first.copy()
    unsure = first[columns].max(axis=1) <= threshold
    frame.loc[unsure, columns] = last.loc[unsure, columns]
    return frame, int(unsure.sum())


def align(store, first, last):
    """Give the first stage the last one's validation labels, and leave it as often right."""
    frame, labels = store.read_validation(first.spec.id), store.read_validation(last.spec.id)["label"]
    other = frame["label"] != labels
    columns = ["probability_0", "probability_1"]
    frame.loc[other, columns] = frame.loc[other, columns[::-1]].to_numpy()
    store.write_validation(first.spec.id, frame.assign(label=labels))


def add_cascades(store):
    """Add cascades of each training for both aims; they take 40 and 60 % of the last stage's time."""
    known = {(cell.spec.model, cell.spec.seed): cell for cell in store.results() if cell.spec.loss == "ce"}
    names = []
    for (model, seed), last in known.items():
        if model != LAST:
            continue
        first = known[FIRST, seed]
        align(store, first, last)
        for aim, threshold in THRESHOLDS.items():
            spec = last.spec.model_copy(
                update={
                    "model": f"{FIRST}->{LAST}",
                    "model_params": {"aim": aim},
                    "model_files": {},
                    "stages": (first.spec.id, last.spec.id),
                }
            )
            frame, passed = joined(*(store.read_predictions(cell.spec.id) for cell in (first, last)), threshold)
            valid, valid_passed = joined(*(store.read_validation(cell.spec.id) for cell in (first, last)), threshold)
            result = last.model_copy(deep=True, update={"spec": spec, "fit": {}})
            timed = result.measurement("text_to_label")
            timed.seconds[:] = [(0.4 if aim == "cost" else 0.6) * seconds for seconds in timed.seconds]
            result.cascade = CascadeRecord(
                aim=aim,
                chosen=Cascade(thresholds=(threshold,), answer="last"),
                valid_rows=(len(valid), valid_passed),
                valid_accuracy=0.91,
                last_accuracy=0.9,
                test_rows=(len(frame), passed),
            )
            store.write_validation(spec.id, valid)
            store.write_result(result, frame)
            names.append(spec.id)
    run = store.read_run()
    store.write_run(run | {"planned": [*run["planned"], *names], "cascades": names})


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    store = write_results(
        tmp_path_factory.mktemp("results"), {(FIRST, "ce"): 0.84, (LAST, "ce"): 0.9, ("lstm", "ce"): 0.8}
    )
    add_cascades(store)
    return read_results(store.folder)


@pytest.fixture(scope="module")
def found(results):
    return cascades(gather(results))


def test_each_aim_is_one_configuration_over_all_trainings(found):
    assert [one.aim for one in found] == ["cost", "accuracy"]
    assert all(len(one.configuration.cells) == 3 for one in found)
    assert all([stage.configuration.model_name for stage in one.stages] == [FIRST, LAST] for one in found)
    assert [one.configuration.model for one in found] == [
        f"{FIRST}->{LAST} (aim=cost)",
        f"{FIRST}->{LAST} (aim=accuracy)",
    ]


def test_an_aim_is_named_where_it_is_the_only_one(tmp_path):
    store = write_results(tmp_path, {(FIRST, "ce"): 0.84, (LAST, "ce"): 0.9})
    add_cascades(store)
    other = [one.spec.id for one in store.results() if one.cascade is not None and one.cascade.aim == "accuracy"]
    run = store.read_run()
    store.write_run(run | {"planned": [cell for cell in run["planned"] if cell not in other]})
    (only,) = cascades(gather(read_results(tmp_path)))
    assert only.configuration.model == f"{FIRST}->{LAST} (aim=cost)"


def test_the_difference_is_paired_with_the_last_stage_alone(results, found):
    by_model = {one.configuration.model: one for one in gather(results)}
    for one in found:
        direct = contrast(by_model[one.configuration.model], by_model["distilbert[minilm]"])
        assert one.against_last.estimate.value == pytest.approx(direct.estimate.value)
        assert one.interval == pytest.approx(direct.interval_at(0.05))
        assert one.interval.low < one.against_last.estimate.value < one.interval.high


def test_share_passed_on_speed_and_promise(found):
    for one, faster in zip(found, (1 / 0.4, 1 / 0.6), strict=True):
        counts = [cell.cascade.test_rows for cell in one.configuration.cells]
        assert one.passed == pytest.approx((np.mean([passed / rows for rows, passed in counts]),))
        assert one.faster.value == pytest.approx(faster)
        assert one.promised == pytest.approx(0.01)
        assert one.latency[0].share == 0.5
    assert found[0].passed < found[1].passed


def test_the_sentence_says_share_interval_and_speed(found):
    sentence = found[0].sentence
    assert "passes on" in sentence
    assert "distilbert[minilm] alone is between" in sentence
    assert "2.50 times as fast" in sentence


def test_a_cascade_that_passes_everything_on_makes_the_last_stage_s_predictions(found):
    last = found[0].stages[-1]
    alike = replace(found[0], against_last=contrast(last, last))
    assert "it makes the same predictions on every test text as distilbert[minilm] alone for" in alike.sentence
    assert "points" not in alike.sentence


def test_a_curve_runs_from_the_first_stage_over_the_cascades_to_the_last(found):
    ((first, *middle, last),) = curves(found)
    assert (first.model_name, last.model_name) == (FIRST, LAST)
    assert [one.cells[0].cascade.aim for one in middle] == ["cost", "accuracy"]


def test_a_curve_on_validation_ends_at_the_stages_alone(results, found):
    points = validation_curve(results, found[0])
    cells = [stage.configuration.cells[0] for stage in found[0].stages]
    alone = []
    for cell in cells:
        frame = results_validation(results, cell)
        alone.append((frame[["probability_0", "probability_1"]].to_numpy().argmax(axis=1) == frame["label"]).mean())
    assert (points[0].passed, points[-1].passed) == (0.0, 1.0)
    assert (points[0].accuracy, points[-1].accuracy) == pytest.approx(tuple(alone))
    rates = [point.rate for point in points]
    assert rates == sorted(rates, reverse=True)
    middle = min(points, key=lambda point: abs(point.passed - 0.5))
    first, last = (results_validation(results, cell) for cell in cells)
    least_sure = np.argsort(first[["probability_0", "probability_1"]].max(axis=1).to_numpy(), kind="stable")
    passed = least_sure[: round(middle.passed * len(first))]
    frame = first.copy()
    frame.iloc[passed] = last.iloc[passed]
    right = frame[["probability_0", "probability_1"]].to_numpy().argmax(axis=1) == first["label"]
    assert middle.accuracy == pytest.approx(right.mean())


def results_validation(results, cell):
    return Store(results.folder).read_validation(cell.spec.id)


def test_a_cascade_whose_stage_is_not_there_is_left_out(results):
    evidence = [one for one in gather(results) if one.configuration.model_name != FIRST]
    assert cascades(evidence) == ()
    assert sum(is_cascade(one.configuration) for one in evidence) == 2


def test_cascades_are_candidates(results):
    found = recommend([results], Question(tolerance=0.02))
    names = {one.name for one in found.candidates}
    assert {f"{FIRST}->{LAST} (aim=cost)", f"{FIRST}->{LAST} (aim=accuracy)"} <= names


def test_cascades_do_not_count_as_the_same_work_twice(results):
    single = replace(results, cells=tuple(cell for cell in results.cells if not cell.spec.stages))
    assert len(single.cells) == len(results.cells) - 6
    assert noise(results).spreads == noise(single).spreads


def test_reports_show_cascades(results, tmp_path):
    analysis = analyse(results)
    drawings = gallery(analysis)
    html = write_html(tmp_path, analysis, drawings).read_text()
    page = write_markdown(tmp_path, analysis, drawings).read_text()
    for text in (html, page):
        assert "passes on" in text
    assert f"{FIRST}-&gt;{LAST}" in html
