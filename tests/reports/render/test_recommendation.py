"""A recommendation in words, as a table and as JSON."""

import io
import json
from dataclasses import replace

import pytest
from rich.console import Console

from reports import formats
from reports.analysis.metric_figures import METRICS
from reports.analysis.price import Terms
from reports.analysis.recommendation import Question, recommend
from reports.analysis.requirements import Limits
from reports.analysis.results import read_results
from reports.analysis.run_analysis import analyse
from reports.figures.draw import first_figures
from reports.render import recommendation_words as words
from reports.render.candidates import candidates_table, short_table
from reports.render.recommendation import print_recommendation, recommendation_json, recommendation_table

CE = {("tfidf_logreg", "ce"): 0.895, ("lstm", "ce"): 0.8, ("distilbert", "ce"): 0.9}


@pytest.fixture(scope="module")
def results(write_results, tmp_path_factory):
    folder = tmp_path_factory.mktemp("one")
    write_results(folder, CE, test_rows=4_000, model_noise=0.2)
    return read_results(folder)


@pytest.fixture
def found(results):
    return recommend([results], Question(tolerance=0.02, terms=Terms(price_per_hour=0.5)))


def test_the_decision_names_model_tolerance_claim_and_price(found):
    assert words.decision(found) == (
        "Take tfidf_logreg: the cheapest of those shown to be within 2.00 points of the best (for these training rows, "
        "over seeds), at 0.136 a month."
    )


def test_one_that_trains_cheaper_and_labels_dearer_names_the_volume_below_which_it_pays(found):
    own = found.chosen.price
    other = replace(found.candidates[0], price=replace(own, training=own.training / 2, labelling=2 * own.labelling))
    volume = own.training / 2 / own.labelling
    assert words.pays(other, found) == f"It would pay below {formats.significant(volume)} texts a month."


def test_every_other_candidate_has_its_reason(found):
    best, chosen, worst = (words.reason(one, found) for one in found.candidates)
    assert "is good enough, and dearer" in best
    assert "It would pay if a mistake cost" in best
    assert "at most" in chosen
    assert "not good enough: between" in worst


def test_one_training_is_said(write_results, tmp_path):
    write_results(tmp_path / "r", CE, seeds=(1,), test_rows=4_000, model_noise=0.2)
    found = recommend([read_results(tmp_path / "r")], Question(tolerance=0.02))
    assert "(for this training)" in words.decision(found)
    assert any("may differ for the next" in note for note in words.notes(found))
    assert any(
        "timed once for every candidate: its price may be off by a factor of 1.7" in n for n in words.notes(found)
    )


def test_an_undecided_candidate_says_what_would_decide(results):
    found = recommend([results], Question(tolerance=0.003))
    undecided = [one for one in found.candidates if one.judged.standing.value == "undecided"]
    assert undecided
    assert all("test texts (now 4,000)" in words.reason(one, found) for one in undecided)
    assert words.decision(found).startswith(("Undecided: ", "Take "))


def test_a_missed_requirement_names_limit_and_measurement(results):
    found = recommend([results], Question(tolerance=0.02, limits=Limits(max_fit=0.1, max_size=1e6)))
    assert words.decision(found).startswith("Take none: no candidate is within 2.00 points")
    text = words.reason(found.candidates[1], found)
    assert "misses the training time of at most 0.1 s: 0.816 s" in text
    assert "misses the model size of at most 1 MB: 3.00 MB" in text


def test_the_table_fits_a_terminal_of_80_columns(found):
    console = Console(width=80, record=True, file=io.StringIO())
    print_recommendation(found, console)
    assert max(map(len, console.export_text().splitlines())) <= 80
    assert list(recommendation_table(found)["verdict"]) == ["good enough, dearer", "recommended", "not good enough"]


def test_the_json_says_the_same_and_holds_no_infinity(found):
    content = json.loads(json.dumps(recommendation_json(found), allow_nan=False))
    assert content["recommended"] == "tfidf_logreg"
    assert [one["verdict"] for one in content["candidates"]] == list(recommendation_table(found)["verdict"])
    assert content["candidates"][0]["pays_from_texts_per_month"] is None


def test_a_log_loss_is_shown_in_nats(results):
    found = recommend([results], Question(metric="log_loss"))
    content = recommendation_json(found)["candidates"][0]
    assert 0 < content["interval"]["low"] < content["value"] < content["interval"]["high"]
    assert "nats" in words.decision(found)


@pytest.mark.parametrize(("metric", "unit"), [("log_loss", "nats"), ("cost", "cost"), ("macro_f1", "points")])
def test_a_report_decides_by_the_metric_of_its_run(write_results, tmp_path, metric, unit):
    store = write_results(tmp_path, CE)
    store.write_run(store.read_run() | {"metric": metric, "costs": [[0.0, 1.0], [5.0, 0.0]]})
    analysis = analyse(read_results(tmp_path))
    found = analysis.recommendation
    assert found.question.metric == metric
    heading, behind = list(short_table(found).columns)[1:3]
    assert heading == METRICS[metric].heading
    assert behind == f"behind ({unit})"
    (drawing,) = first_figures(analysis).front
    assert f"{METRICS[metric].title} over the machine hours of a month" in drawing.svg
    table = candidates_table(found)
    assert all(float(value.split()[0]) > 0 for value in table[heading])
    sign = 1 if unit == "points" else -1
    shown = [sign * float(value.split()[0].replace("−", "-")) for value in table[f"difference to the best ({unit})"]]
    assert shown[0] == 0
    assert all(one <= 0 for one in shown)


def test_hostile_names_stay_on_their_line(write_results, tmp_path):
    write_results(tmp_path / "r", CE, hostile=True)
    found = recommend([read_results(tmp_path / "r")], Question())
    console = Console(width=80, record=True, file=io.StringIO())
    print_recommendation(found, console)
    assert "\x1b" not in console.export_text(styles=False)


def test_candidates_with_the_same_predictions_are_named(write_results, tmp_path):
    accuracy = {("tfidf_logreg", "ce"): 0.84, ("tfidf_logreg", "length_weighted_ce"): 0.84, ("lstm", "ce"): 0.8}
    write_results(tmp_path, accuracy, seed_noise=0.0)
    found = recommend([read_results(tmp_path)], Question())
    said = "tfidf_logreg, ce and tfidf_logreg, length_weighted_ce make the same predictions on every test text."
    assert said in words.notes(found)
