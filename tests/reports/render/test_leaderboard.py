"""The leaderboard as Markdown, HTML and CSV: complete, escaped, the same bytes, and silent on what it cannot know."""

from dataclasses import replace
from types import SimpleNamespace

import pandas as pd
import pytest

from reports.analysis.baselines import Baselines
from reports.analysis.leaderboard import leaderboard, stratified_gap_closed
from reports.analysis.results import read_results
from reports.render.leaderboard import csv_frame, tables, write
from reports.render.leaderboard_words import limits, verdicts

SHARES = {("tfidf_logreg", "ce"): 0.80, ("lstm", "ce"): 0.70, ("distilbert", "ce"): 0.90}


@pytest.fixture(scope="module")
def boards(write_results, tmp_path_factory):
    """A function: number of datasets -> the board over them."""
    folder = tmp_path_factory.mktemp("runs")
    made = {}

    def make(number, **options):
        key = (number, *options)
        if key in made:
            return made[key]
        runs = []
        for index in range(number):
            with pytest.MonkeyPatch.context() as patch:
                patch.setitem(write_results.__globals__, "FINGERPRINT", f"{index:064x}")
                name = f"set{index}{'h' * bool(options)}"
                shares = {key: share + 0.01 * (index % 3) for key, share in SHARES.items()}
                write_results(folder / name, shares, test_rows=200, seeds=(1,), **options)
            runs.append(read_results(folder / name))
        made[key] = leaderboard(runs, unreadable={"torn": "it has no rows"})
        return made[key]

    return make


def test_one_dataset_says_nothing_about_another(boards):
    said = " ".join(limits(boards(1)))
    assert "One dataset says nothing about another" in said
    assert "torn could not be used: it has no rows" in said
    assert "shown" not in " ".join(verdicts(boards(1)))


def test_a_dataset_that_could_not_be_used_is_a_row(boards):
    last = tables(boards(3))["datasets"].iloc[-1]
    assert (last["dataset"], last["winner"]) == ("torn", "could not be used: it has no rows")
    assert set(last.drop(["dataset", "winner"])) == {"–"}


def test_datasets_that_can_decide_no_pair_are_said_to(boards):
    """Six datasets and three contenders: of one that is always ahead, the corrected p-value is 3 / 32."""
    board = boards(6)
    said = " ".join([*limits(board), *verdicts(board)])
    assert "6 datasets cannot show a difference in any of 3 pairs" in said
    assert "is 0.094." in said
    assert "is not shown to differ" not in said
    assert "cannot show a difference" not in " ".join(limits(boards(7)))


def test_a_busy_machine_and_failed_audits_stand_under_what_cannot_be_said(boards):
    board = boards(3)
    lstm = "lstm"
    first = replace(board.boards[0], busy=(lstm,), failed_audits={"unknown texts": (lstm,)})
    second = replace(board.boards[1], failed_audits={"unknown texts": tuple(board.boards[1].scores)})
    third = replace(board.boards[2], failed_audits={})
    places = tuple(replace(place, in_doubt=place.contender == lstm) for place in board.places)
    changed = replace(board, boards=(first, second, third), places=places)
    said = " ".join(limits(changed))
    assert "or held back: lstm on set0." in said
    assert "unknown texts on set0 (lstm) and set1." in said
    assert "Times in doubt" not in " ".join(limits(board))
    overall = tables(changed)["overall"].set_index("contender")["time a text, times the cheapest"]
    assert overall["lstm"].endswith(", in doubt")
    assert not overall["tfidf_logreg"].endswith("doubt")


def test_differing_libraries_are_named(boards):
    changed = replace(boards(3), libraries={"numpy": ("2.1", "2.2")})
    assert "several versions of numpy (2.1 and 2.2)" in " ".join(limits(changed))


def test_a_dataset_where_only_a_lesser_contender_beats_the_baselines(boards):
    board = boards(3)
    changed = replace(board, boards=(replace(board.boards[0], winner="", above=("lstm",)), *board.boards[1:]))
    best = max(changed.boards[0].scores, key=lambda name: changed.boards[0].scores[name].value)
    shown = tables(changed)["datasets"].iloc[0]["winner"]
    assert shown == f"none: {best} has the best figure and is not shown to beat the baselines; lstm is"
    assert tables(changed)["traits"].iloc[0]["winner"] == "none shown"


def test_ranks_of_each_dataset_have_intervals(boards):
    board = boards(3)
    shown = tables(board)["ranks"]
    assert list(shown["dataset"]) == ["set0", "set1", "set2"]
    assert shown["tfidf_logreg"].str.fullmatch(r"\d\.\d \(\d\.\d–\d\.\d\)").all()
    frame = csv_frame(board)
    for name in ("rank", "win_rate", "gap_closed", "improvability"):
        assert (frame[f"{name}_low"] <= frame[name]).all()
        assert (frame[name] <= frame[f"{name}_high"]).all()


def test_the_csv_has_the_front_and_the_traits(boards):
    frame = csv_frame(boards(3))
    assert frame[frame["dataset"] == "(all)"]["on_front"].notna().all()
    assert frame[frame["dataset"] != "(all)"]["accuracy_misleads"].notna().all()


def test_three_datasets_are_too_few_for_a_test(boards):
    board = boards(3)
    assert "too few for a test over datasets" in " ".join(limits(board))
    assert not any("shown" in sentence for sentence in verdicts(board))


def test_twelve_datasets_are_tested(boards):
    board = boards(12)
    said = " ".join(verdicts(board))
    assert "Friedman's test shows that the contenders differ" in said
    assert "is shown to be ahead of" in said
    assert "no model is fitted" in " ".join(limits(board))


def test_a_contender_that_the_signed_ranks_put_behind_is_not_called_ahead(boards):
    board = boards(12)
    pairs = tuple(replace(pair, p_adjusted=0.01, ahead=False) for pair in board.tests.pairs)
    first, second = (place.contender for place in board.places[:2])
    said = " ".join(verdicts(replace(board, tests=replace(board.tests, pairs=pairs))))
    assert f"{first} is shown to be behind, in spite of its mean rank, {second}" in said
    assert "is shown to be ahead of" not in said


@pytest.mark.parametrize(("p", "said"), [(0.01, True), (0.2, False)])
def test_a_posterior_alone_shows_no_contender_to_be_better(boards, p, said):
    board = boards(12)
    pairs = [replace(pair, p_adjusted=p, better=0.99, same=0.01, worse=0.0) for pair in board.tests.pairs]
    found = verdicts(replace(board, tests=replace(board.tests, pairs=tuple(pairs))))
    probable = [sentence for sentence in found if "(posterior probability of this: 0.99)" in sentence]
    assert bool(probable) == said
    assert all("by more than 1 point" in sentence and "on 12 of these 12." in sentence for sentence in probable)


def test_a_practical_difference_is_counted_beside_its_probability(boards):
    """The rule that outcome and count agree: 0.1 points apart, nowhere by more than a point."""
    board = boards(12)
    first, second = (place.contender for place in board.places[:2])
    near = [
        replace(one, scores=one.scores | {second: replace(one.scores[second], value=one.scores[first].value - 0.001)})
        for one in board.boards
    ]
    pairs = [replace(pair, p_adjusted=0.5, better=0.01, same=0.99, worse=0.0) for pair in board.tests.pairs]
    tests = replace(board.tests, pairs=tuple(pairs))
    found = verdicts(replace(board, boards=tuple(near), tests=tests))
    said = f"That {first} and {second} differ by less than 1 point is the likeliest outcome on a further dataset"
    assert any(sentence.startswith(said) and sentence.endswith("it is so on 12 of these 12.") for sentence in found)


def test_a_winner_whose_lead_is_not_shown_is_marked_in_both_tables(boards):
    board = boards(3)
    lead = board.boards[0].lead
    open_ = replace(board.boards[0], lead=replace(lead, value=0.0), lead_shown=False)
    found = tables(replace(board, boards=(open_, *board.boards[1:])))
    assert found["datasets"].iloc[0]["ahead of the second by"].endswith("), not shown")
    assert found["traits"]["winner"].tolist() == [f"{open_.winner} (lead not shown)", *[open_.winner] * 2]


def test_the_gap_that_chance_closes_depends_on_the_metric():
    """Macro-F1 of a class drawn by its share is above that of always naming one class; accuracy is not."""
    scores = {"only": SimpleNamespace(value=0.9)}
    by_f1, by_accuracy = Baselines(majority=0.3, stratified=0.5), Baselines(majority=0.7, stratified=0.6)
    assert stratified_gap_closed([SimpleNamespace(scores=scores, baselines=by_f1)]) == pytest.approx(0.2 / 0.6)
    assert stratified_gap_closed([SimpleNamespace(scores=scores, baselines=by_accuracy)]) == 0.0


def test_a_contender_with_fewer_training_texts_is_named(boards):
    board = boards(3)
    name = board.places[0].contender
    assert not any("fewer texts" in sentence for sentence in limits(board))
    fewer = replace(board.boards[0].scores[name], train_size=100)
    first = replace(board.boards[0], scores={**board.boards[0].scores, name: fewer})
    said = limits(replace(board, boards=(first, *board.boards[1:])))
    assert [sentence for sentence in said if "fewer texts" in sentence] == [
        f"Trained on fewer texts than other contenders: {name}. Neither their ranks nor their training times say "
        "anything about training on all texts."
    ]


def test_all_three_files_and_the_diagram_are_written(boards, tmp_path):
    board = boards(12)
    paths = write(board, tmp_path)
    assert {path.name for path in paths} == {
        "leaderboard.md", "leaderboard.html", "leaderboard.csv", "critical-difference.svg",
    }  # fmt: skip
    page, text = (tmp_path / "leaderboard.html").read_text(), (tmp_path / "leaderboard.md").read_text()
    for name in ("(majority class)", "(stratified random)", "not kept", "mean rank"):
        assert name in page
    assert "What cannot be said" in text
    frame = pd.read_csv(tmp_path / "leaderboard.csv")
    assert len(frame) == 12 * 3 + 3
    before = {path.name: path.read_bytes() for path in paths}
    assert {path.name: path.read_bytes() for path in write(boards(12), tmp_path)} == before


def test_names_from_data_are_escaped(boards, tmp_path, hostile_text):
    write(boards(2, hostile=True), tmp_path)
    page, text = (tmp_path / "leaderboard.html").read_text(), (tmp_path / "leaderboard.md").read_text()
    assert "<script>alert" not in page
    assert "<script>" not in text
    assert "\x1b" not in page + text + (tmp_path / "leaderboard.csv").read_text()
