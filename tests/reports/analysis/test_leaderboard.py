"""Several datasets, one verdict: figures against hand-computed values, and runs that do not belong together."""

import json
from types import SimpleNamespace

import numpy as np
import pytest

from benchmarks.store.results import StoreError
from reports.analysis.baselines import baselines, class_shares, misleads
from reports.analysis.contenders import NotRankedError
from reports.analysis.dataset_draws import drawn_values
from reports.analysis.estimates import Interval, mean_figure
from reports.analysis.leaderboard import _front, leaderboard
from reports.analysis.metric_figures import ROW_FIGURES
from reports.analysis.results import read_results
from reports.analysis.standings import Field, closed, improvability, standings, win_rate
from reports.analysis.traits import _doubtful, doubtful_labels, script

FIRST = {("tfidf_logreg", "ce"): 0.80, ("lstm", "ce"): 0.70, ("distilbert", "ce"): 0.90}
SECOND = {("tfidf_logreg", "ce"): 0.85, ("lstm", "ce"): 0.80, ("distilbert", "ce"): 0.75}


@pytest.fixture
def write_run(write_results, tmp_path, monkeypatch):
    """A function: name of a dataset, accuracies -> its results; each dataset has a fingerprint of its own."""

    def write(name, accuracy, **options):
        monkeypatch.setitem(write_results.__globals__, "FINGERPRINT", name.encode().hex().ljust(64, "0"))
        write_results(tmp_path / name, accuracy, test_rows=400, **options)
        return read_results(tmp_path / name)

    return write


def test_ranks_wins_and_gaps_are_means_over_datasets(write_run):
    board = leaderboard([write_run("films", FIRST), write_run("mails", SECOND)])
    places = {place.contender.split("[")[0]: place for place in board.places}
    assert {name: place.standing.rank.value for name, place in places.items()} == {
        "tfidf_logreg": 1.5, "distilbert": 2.0, "lstm": 2.5,
    }  # fmt: skip
    assert places["tfidf_logreg"].standing.win_rate.value == 0.75
    floors = [one.baselines.majority for one in board.boards]
    expected = np.mean([(0.80 - floors[0]) / (0.90 - floors[0]), 1.0])
    assert places["tfidf_logreg"].standing.gap_closed.value == pytest.approx(expected)
    assert places["tfidf_logreg"].standing.improvability.value == pytest.approx((0.2 - 0.1) / 0.2 / 2)
    for place in board.places:
        own = place.standing
        for bounded in (own.rank, own.win_rate, own.gap_closed, own.improvability):
            assert bounded.interval.low <= bounded.value <= bounded.interval.high
    assert [one.winner.split("[")[0] for one in board.boards] == ["distilbert", "tfidf_logreg"]


def test_a_lead_is_shown_only_if_it_is_shown_over_every_other(write_run):
    """The second errs where the winner does; the third, a point behind it, errs on other texts."""
    accuracy = {("distilbert", "ce"): 0.90, ("lstm", "ce"): 0.87, ("distilbert", "length_weighted_ce"): 0.865}
    same = {"seeds": (1,), "model_noise": 0.0, "seed_noise": 0.0}
    alone, among = (
        leaderboard([write_run(name, own, long_gain={"length_weighted_ce": 5.0}, **same)]).boards[0]
        for name, own in (("alone", dict(list(accuracy.items())[:2])), ("among", accuracy))
    )
    assert among.lead.interval == alone.lead.interval
    assert alone.lead.interval.low > 0
    assert (alone.lead_shown, among.lead_shown) == (True, False)


def test_the_cheapest_contender_has_multiples_of_one_and_is_on_the_front(write_run):
    board = leaderboard([write_run("films", FIRST), write_run("mails", SECOND)])
    places = {place.contender.split("[")[0]: place for place in board.places}
    assert places["tfidf_logreg"].fit_multiple == pytest.approx(1.0)
    assert places["distilbert"].fit_multiple > 10
    assert places["tfidf_logreg"].on_front
    assert not places["lstm"].on_front


def test_a_contender_missing_from_a_dataset_is_named_and_not_ranked(write_run):
    board = leaderboard([write_run("films", FIRST), write_run("mails", {("tfidf_logreg", "ce"): 0.8})])
    assert [place.contender for place in board.places] == ["tfidf_logreg"]
    assert set(board.partial.values()) == {("mails",)}


def test_no_contender_wins_where_none_beats_the_majority_class(write_run):
    board = leaderboard([write_run("films", {("tfidf_logreg", "ce"): 0.4, ("lstm", "ce"): 0.3})])
    assert board.boards[0].winner == ""


def test_a_run_without_a_good_result_is_named_and_the_others_are_ranked(write_run):
    lost = write_run("mails", {("lstm", "ce"): 0.9}, failed={("lstm", "ce"): ("failed", "no luck")})
    board = leaderboard([write_run("films", FIRST), lost], unreadable={"tools": "it is empty"})
    assert [one.name for one in board.boards] == ["films"]
    assert board.unreadable == {"tools": "it is empty", "mails": "none of its cells ended ok"}
    with pytest.raises(NotRankedError, match="no run has a cell that ended ok"):
        leaderboard([lost])


def test_one_name_with_other_settings_is_refused(write_run):
    first, second = write_run("films", FIRST), write_run("mails", SECOND, model_params={"lstm": [{"epochs": 9}]})
    with pytest.raises(NotRankedError, match=r"lstm\.epochs is 2 in .*films and 9 in .*mails"):
        leaderboard([first, second])
    record = {"trials": 20, "seconds": None, "sampler": "tpe", "searches": []}
    tuned = change_run(second, tuning=record)
    assert len(leaderboard([first, tuned]).places) == 3  # each dataset chose its own settings


def test_cascades_of_different_data_are_the_same_contender(write_run):
    """Their code version covers the data of their stages."""
    found = []
    for name, version in (("films", "1" * 12), ("mails", "2" * 12)):
        results = write_run(name, FIRST, seeds=(1,))
        for path in (results.folder / "cells").glob("lstm-*/result.json"):
            content = json.loads(path.read_text())
            stages = [folder.name for folder in (results.folder / "cells").glob("[dt]*")]
            content["spec"] |= {"code_version": version, "stages": stages}
            path.write_text(json.dumps(content))
            path.parent.rename(path.parent.with_name(_id(content["spec"])))
        found.append(change_run(results, planned=[folder.name for folder in (results.folder / "cells").iterdir()]))
    assert len(leaderboard(found).places) == 3


def change_run(results, **changes):
    path = results.folder / "run.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))
    return read_results(results.folder)


@pytest.mark.parametrize(
    ("changes", "message"),
    [({"suite": "other"}, "different suites"), ({"metric": "macro_f1"}, "different metrics")],
)
def test_runs_of_different_suites_or_metrics_are_refused_in_one_line(write_run, changes, message):
    first, second = write_run("films", FIRST), write_run("mails", SECOND)
    with pytest.raises(StoreError, match=message) as caught:
        leaderboard([first, change_run(second, **changes)])
    assert "\n" not in str(caught.value)


def test_the_same_data_twice_is_refused(write_run, write_results, tmp_path):
    first = write_run("films", FIRST)
    write_results(tmp_path / "copy", FIRST, test_rows=400)
    with pytest.raises(StoreError, match="are of the same data"):
        leaderboard([first, read_results(tmp_path / "copy")])


def test_different_code_is_refused(write_run):
    first, second = write_run("films", FIRST), write_run("mails", SECOND)
    for path in (second.folder / "cells").glob("lstm-*/result.json"):
        content = json.loads(path.read_text())
        content["spec"]["code_version"] = "other"
        path.write_text(json.dumps(content))
        moved = path.parent.with_name(_id(content["spec"]))
        path.parent.rename(moved)
    planned = [folder.name for folder in (second.folder / "cells").iterdir()]
    with pytest.raises(StoreError, match="lstm-ce is of different code"):
        leaderboard([first, change_run(second, planned=planned)])


def _id(spec):
    from benchmarks.schema.cell import CellSpec

    return CellSpec.model_validate(spec).id


def test_draws_are_paired_over_rows_and_have_the_variance_of_the_mean():
    generator = np.random.default_rng(0)
    right = generator.random((1, 500)) < 0.8
    draws = drawn_values([mean_figure(right), mean_figure(right)], generator, draws=4_000)
    np.testing.assert_array_equal(draws[:, 0], draws[:, 1])
    share = right.mean()
    assert draws[:, 0].std() == pytest.approx(np.sqrt(share * (1 - share) / 499), rel=0.05)


def test_draws_vary_with_the_trainings():
    generator = np.random.default_rng(0)
    rows = np.repeat([[True], [False]], 200, axis=1)  # one training is always right, the other never
    draws = drawn_values([mean_figure(rows)], generator, draws=4_000)
    assert sorted(np.unique(draws)) == [0.0, 0.5, 1.0]


def test_hand_computed_shares():
    values, best = np.array([[0.9, 0.8, 0.5]]), np.array([[0.9]])
    np.testing.assert_allclose(closed(values, best, 0.7), [[1.0, 0.5, 0.0]])
    np.testing.assert_allclose(closed(values, best, 0.95), [[0.0, 0.0, 0.0]])
    np.testing.assert_allclose(improvability(values, best, "pp"), [[0.0, 0.5, 0.8]])
    np.testing.assert_allclose(improvability(np.array([[-0.2, -0.4]]), np.array([[-0.2]]), "nats"), [[0.0, 0.5]])
    np.testing.assert_allclose(win_rate(np.array([[0.9, 0.5, 0.5]])), [[1.0, 0.25, 0.25]])
    assert _front(np.array([[1.0, 9.0], [2.0, 1.0], [2.0, 9.0]])) == [True, True, False]


def test_an_interval_over_datasets_holds_its_own_figure():
    """The first is ahead by 0.2 points on each dataset, with a standard error of 1.1: in few draws it is on all."""
    generator = np.random.default_rng(0)
    values = np.array([0.802, 0.800])
    fields = [Field.of(values, values + generator.normal(0, 0.011, (2_000, 2)), 0.5) for _ in range(20)]
    first, second = standings(fields, "pp")
    assert (first.rank.value, first.win_rate.value, first.gap_closed.value) == (1.0, 1.0, 1.0)
    for one in (first, second):
        for bounded in (one.rank, one.win_rate, one.gap_closed, one.improvability):
            assert bounded.interval.low <= bounded.value <= bounded.interval.high
            assert bounded.interval.low < bounded.interval.high


def test_intervals_over_datasets_hold_the_expected_figure():
    """Of 300 samples of 15 datasets, at least nine in ten intervals hold the mean rank over very many."""
    generator = np.random.default_rng(0)

    def sample(number):
        ability = generator.normal([0.85, 0.84, 0.80], 0.03, (number, 3))
        return ability + generator.normal(0, 0.01, ability.shape)

    def rank_of_first(values):
        return 1 + (values[:, 1:] > values[:, :1]).sum(axis=1)

    expected = rank_of_first(sample(200_000)).mean()
    held = 0
    for _ in range(300):
        fields = [Field.of(own, own + generator.normal(0, 0.01, (400, 3)), 0.5) for own in sample(15)]
        low, high = standings(fields, "pp")[0].rank.interval
        held += low <= expected <= high
    assert held >= 270


def test_the_best_of_a_dataset_may_be_a_contender_that_is_not_ranked(write_run):
    """It ran on one of the datasets only."""
    other = {("tfidf_logreg", "ce"): 0.80, ("lstm", "ce"): 0.70}
    board = leaderboard([write_run("films", FIRST), write_run("mails", other)])
    place = next(place for place in board.places if place.contender == "tfidf_logreg")
    floors = [one.baselines.majority for one in board.boards]
    assert place.standing.rank.value == 1.0
    expected = np.mean([(0.80 - floors[0]) / (0.90 - floors[0]), 1.0])
    assert place.standing.gap_closed.value == pytest.approx(expected)
    assert place.standing.improvability.value == pytest.approx((0.2 - 0.1) / 0.2 / 2)
    of_each = [one.scores["tfidf_logreg"].standing.gap_closed.value for one in board.boards]
    assert np.mean(of_each) == pytest.approx(expected)


def test_a_contender_may_beat_the_baselines_where_the_best_by_its_figure_is_not_shown_to(write_run, monkeypatch):
    wide = {"distilbert": Interval(0.4, 1.0)}
    monkeypatch.setattr(
        "reports.analysis.leaderboard._interval",
        lambda entry, found, metric: wide.get(entry.evidence.configuration.model_name, Interval(0.6, 0.9)),
    )
    (board,) = leaderboard([write_run("films", FIRST)]).boards
    assert (board.winner, board.above) == ("", ("tfidf_logreg", "lstm"))


def test_busy_machines_and_failed_audits_are_named(write_run):
    first, second = write_run("films", FIRST), write_run("mails", SECOND)
    for path in (second.folder / "cells").glob("lstm-*/result.json"):
        content = json.loads(path.read_text())
        content["load"] = {"load_average": 3.0, "others": 0.5, "stolen": 0.0}
        content["audits"] = [{"name": "unknown texts", "passed": False, "reason": "most texts hold no known word"}]
        path.write_text(json.dumps(content))
    board = leaderboard([first, read_results(second.folder)])
    assert [one.busy for one in board.boards] == [(), ("lstm",)]
    assert [one.failed_audits.get("unknown texts") for one in board.boards] == [None, ("lstm",)]
    assert {place.contender.split("[")[0]: place.in_doubt for place in board.places}["lstm"]


def test_the_loss_is_part_of_every_name_where_one_run_has_several(write_run):
    one, both = write_run("films", FIRST), write_run("mails", SECOND | {("lstm", "length_weighted_ce"): 0.8})
    names = [place.contender for place in leaderboard([one, both]).places]
    assert sorted(name.split(", ")[1] for name in names) == ["ce", "ce", "ce"]


def test_the_default_metric_may_be_named(write_run):
    first, second = write_run("films", FIRST), write_run("mails", SECOND)
    assert leaderboard([first, change_run(second, metric="accuracy")]).metric == "accuracy"


def test_doubtful_labels_are_of_the_rows_that_count():
    """By the model that is most accurate on them, not on those that leaked."""
    labels, kept = np.array([0, 1] * 10), np.arange(20) < 10
    said = {
        "leaks": np.where(kept & (np.arange(20) < 4), 1 - labels, labels),
        "learns": np.where(kept, labels, 1 - labels),
    }
    cells = [SimpleNamespace(spec=SimpleNamespace(role="result"), name=name) for name in said]
    predictions = {
        name: SimpleNamespace(labels=labels, correct=own == labels, probabilities=0.1 + 0.8 * np.eye(2)[own])
        for name, own in said.items()
    }
    results = SimpleNamespace(ok=cells, predictions=lambda cell: predictions[cell.name])
    assert _doubtful(results, kept) == 0.0
    assert _doubtful(results, np.ones(20, dtype=bool)) > 0.0


@pytest.mark.parametrize("metric", ["accuracy", "balanced_accuracy", "macro_f1", "average_precision", "log_loss"])
def test_the_majority_baseline_is_what_such_a_model_scores(metric):
    labels = np.array([0] * 70 + [1] * 20 + [2] * 10)
    shares = class_shares(labels, 3)
    said = np.tile(shares, (100, 1))
    found = baselines(metric, shares).majority
    if metric == "accuracy":
        assert found == (said.argmax(axis=1) == labels).mean()
    else:
        assert found == pytest.approx(ROW_FIGURES[metric](labels, said)[0])


def test_the_stratified_baseline_is_the_expectation():
    shares = np.array([0.7, 0.2, 0.1])
    generator = np.random.default_rng(0)
    labels = generator.choice(3, 200_000, p=shares)
    said = np.eye(3)[generator.choice(3, 200_000, p=shares)]
    assert baselines("accuracy", shares).stratified == pytest.approx((said.argmax(axis=1) == labels).mean(), abs=0.005)
    for metric in ("balanced_accuracy", "macro_f1"):
        assert baselines(metric, shares).stratified == pytest.approx(ROW_FIGURES[metric](labels, said)[0], abs=0.005)
    costs = [[0, 1, 1], [5, 0, 1], [5, 1, 0]]
    assert baselines("cost", shares, costs).majority == pytest.approx(-1.5)


@pytest.mark.parametrize(
    ("shares", "word"),
    [((0.85, 0.15), "most common"), ((0.79, 0.21), ""), ((0.5, 0.49, 0.01), "rarest"), ((1 / 150,) * 150, "")],
)
def test_accuracy_misleads_where_classes_are_unequal(shares, word):
    assert word in misleads(np.array(shares))
    assert bool(word) == bool(misleads(np.array(shares)))


@pytest.mark.parametrize(
    ("text", "name"),
    [("What a film", "Latin"), ("какой фильм", "Cyrillic"), ("فيلم", "Arabic"), ("סרט", "Hebrew"),
     ("一部好电影", "Chinese characters"), ("123 😀", "")],
)  # fmt: skip
def test_the_script_is_that_of_most_letters(text, name):
    assert script([text]) == name


def test_confident_disagreement_counts_as_doubtful():
    labels = np.array([0] * 50 + [1] * 50)
    probabilities = np.tile([[0.9, 0.1]], (100, 1))
    probabilities[50:] = [0.1, 0.9]
    assert doubtful_labels(labels, probabilities) == 0
    labels[:5] = 1  # five labels are wrong
    assert doubtful_labels(labels, probabilities) == pytest.approx(0.05)


def test_the_best_baseline_is_the_best_answer_without_reading():
    shares = np.array([0.8, 0.2])
    assert baselines("accuracy", shares).best == 0.8
    assert baselines("macro_f1", shares).best == 0.5  # drawn by the shares; the majority class alone has 0.44
    assert baselines("log_loss", shares).best == pytest.approx(0.8 * np.log(0.8) + 0.2 * np.log(0.2))
    missed_is_dear = [[0, 1], [10, 0]]
    assert baselines("cost", shares, missed_is_dear).majority == pytest.approx(-2.0)
    assert baselines("cost", shares, missed_is_dear).best == pytest.approx(-0.8)  # always the rarer class
