import pytest

from benchmarks.schema.measurements import Load
from benchmarks.store.results import Store
from reports.analysis.results import read_results
from reports.analysis.run_analysis import analyse


@pytest.fixture
def ladders(write_results, tmp_path):
    def ladders_of(accuracy, **options):
        write_results(tmp_path, accuracy, **options)
        return analyse(read_results(tmp_path)).ladders

    return ladders_of


def test_each_step_says_what_it_costs_and_whether_it_is_better(ladders):
    (ladder,) = ladders({("tfidf_logreg", "ce"): 0.84, ("lstm", "ce"): 0.84, ("distilbert", "ce"): 0.92})
    assert ladder.sentence == (
        "With 2,000 training texts, tfidf_logreg is the cheapest as measured: 84.0 (81.6–86.1) % in 0.816 s of "
        "training (median of 3 fits)."
    )
    lstm, distilbert = ladder.steps
    assert lstm.sentence.startswith(
        "lstm takes 14.7 to 15.3 times (range of 3 and 3 fits) the training time of tfidf_logreg. Unsettled for these "
        "training rows, over seeds: lstm less tfidf_logreg is between −"
    )
    assert "distilbert[minilm] is better than tfidf_logreg for these training rows, over seeds: between +" in (
        distilbert.sentence
    )


def test_every_model_is_held_against_the_cheapest(ladders):
    (ladder,) = ladders({("tfidf_logreg", "ce"): 0.80, ("lstm", "ce"): 0.90, ("distilbert", "ce"): 0.82})
    assert {step.cheapest.configuration.model for step in ladder.steps} == {"tfidf_logreg"}
    assert [step.model.configuration.model for step in ladder.steps] == ["lstm", "distilbert[minilm]"]


def test_a_ratio_of_single_fits_has_no_range(ladders):
    (ladder,) = ladders({("tfidf_logreg", "ce"): 0.84, ("lstm", "ce"): 0.9}, seeds=(1,))
    assert "takes about 15.0 times (one fit each, so no range is known) the training time" in ladder.steps[0].sentence
    assert "(1 fit)" in ladder.sentence
    assert "for these trained models" in ladder.steps[0].sentence


def test_enough_fits_give_an_interval(ladders):
    (ladder,) = ladders({("tfidf_logreg", "ce"): 0.84, ("lstm", "ce"): 0.9}, repeats=5)
    assert ladder.steps[0].times.interval is not None
    assert "times (95 % interval; 5 and 5 fits)" in ladder.steps[0].sentence
    assert "for the models, over training rows and seeds" in ladder.steps[0].sentence


def test_a_cheapest_that_was_timed_on_a_busy_machine_is_said_to_be_in_doubt(ladders, tmp_path):
    ladders({("tfidf_logreg", "ce"): 0.84, ("lstm", "ce"): 0.9})
    for cell in read_results(tmp_path).ok:
        busy = Load(load_average=1.0, others=0.4 if cell.spec.seed == 2 else 0.0, stolen=0.0)
        Store(tmp_path).write_result(cell.model_copy(update={"load": busy}))
    (ladder,) = analyse(read_results(tmp_path)).ladders
    assert ladder.sentence.endswith("That is in doubt: other processes took 40.0 % of its processors' time.")
    assert "(in doubt: other processes took 40.0 %" in ladder.steps[0].sentence


def test_a_ladder_for_each_size_and_cross_entropy_only(ladders):
    found = ladders(
        {("lstm", "ce"): 0.84, ("distilbert", "ce"): 0.9, ("distilbert", "other"): 0.9}, train_sizes=(2000, 500)
    )
    assert [ladder.cheapest.configuration.train_size for ladder in found] == [500, 2000]
    assert [len(ladder.steps) for ladder in found] == [1, 1]


def test_models_that_were_not_timed_have_no_ladder(ladders, tmp_path):
    ladders({("lstm", "ce"): 0.84, ("distilbert", "ce"): 0.9})
    for cell in read_results(tmp_path).ok:
        Store(tmp_path).write_result(cell.model_copy(update={"measurements": []}))
    assert analyse(read_results(tmp_path)).ladders == ()
