from reports.analysis.comparisons import Comparison
from reports.analysis.estimands import Estimand
from reports.analysis.estimates import Interval
from reports.analysis.rate_ratios import ratio, timing
from reports.analysis.results import read_results
from reports.analysis.sentences import (
    difference,
    ends,
    losses,
    multiple,
    shared_rows,
    short,
    times,
    verdict,
    with_interval,
)
from reports.analysis.verdicts import decide


def compared(make_evidence, value, interval, p, *, estimand=Estimand.TRAINING, **options):
    first, second = (make_evidence([[True, False]], model=m, loss=loss) for m, loss in (("a", "lw"), ("b", "ce")))
    finding = decide(value, Interval(*interval), p, **options)
    return Comparison(first.configuration, second.configuration, finding, estimand)


def test_every_verdict_names_its_interval_and_what_it_holds_for(make_evidence):
    better = compared(make_evidence, 0.02, (0.01, 0.03), 0.001)
    assert verdict(better) == "a is better than b for these trained models: between +1.00 and +3.00 points."
    worse = compared(make_evidence, -0.02, (-0.03, -0.01), 0.001, estimand=Estimand.MODEL)
    assert verdict(worse) == (
        "a is worse than b for the models, over training rows and seeds: between −3.00 and −1.00 points."
    )
    unsettled = compared(make_evidence, -0.001, (-0.0027, 0.0001), 0.2, estimand=Estimand.SEEDS)
    assert verdict(unsettled) == (
        "Unsettled for these training rows, over seeds: a less b is between −0.27 and +0.01 points."
    )
    boundless = compared(make_evidence, -0.1, (-1.0, 0.74), 0.6, estimand=Estimand.MODEL)
    assert verdict(boundless) == (
        "Unsettled for the models, over training rows and seeds: trainings are too few, or differ too much, to bound a "
        "less b."
    )
    equal = compared(make_evidence, -0.001, (-0.0027, 0.0001), 0.2, margin=0.005)
    assert verdict(equal) == (
        "a and b are equal within 0.50 points for these trained models: between −0.27 and +0.01 points."
    )
    void = compared(make_evidence, 0.02, (0.01, 0.03), 0.001, void=True)
    assert verdict(void) == "Void: the better of a and b is not shown to beat the majority class."
    assert short(void) == with_interval(void) == "void: not shown to beat the majority class"


def test_the_same_predictions_have_no_difference_to_tell(make_evidence):
    same = compared(make_evidence, 0.0, (0.0, 0.0), 1.0, same=True, void=True, margin=0.005)
    assert verdict(same) == "a and b make the same predictions on every test text (for these trained models)."
    assert short(same) == with_interval(same) == "same predictions on every test text"
    assert difference(same) == "0.00 (same predictions)"
    assert with_interval(compared(make_evidence, 0.0, (-0.01, 0.01), 1.0)) == "unsettled (−1.00 to +1.00)"


def test_unsettled_is_never_said_to_be_equal(make_evidence):
    said = verdict(compared(make_evidence, 0.0, (-0.01, 0.01), 1.0))
    assert not {"equal", "no effect", "cannot be told apart", "tied", "alike"} & set(said.split())
    assert short(compared(make_evidence, 0.0, (-0.01, 0.01), 1.0)) == "unsettled"


def test_losses_are_named_where_losses_are_compared(make_evidence):
    assert losses(compared(make_evidence, 0.02, (0.01, 0.03), 0.001)).startswith("lw is better than ce ")


def test_a_ratio_is_a_range_unless_it_was_repeated():
    once = timing([[15.0]]), timing([[1.0]])
    assert times(ratio(*once)) == "about 15.0 times (one fit each, so no range is known)"
    thrice = timing([[14.0], [15.0], [16.0]]), timing([[1.0], [1.0], [1.0]])
    assert times(ratio(*thrice)) == "14.0 to 16.0 times (range of 3 and 3 fits)"
    often = timing([[14.0], [15.0], [16.0], [15.5], [14.5]]), timing([[1.0], [1.1], [0.9], [1.0], [1.0]])
    assert times(ratio(*often)).endswith("times (95 % interval; 5 and 5 fits)")


def test_repeats_with_training_rows_in_common_are_announced(write_results, tmp_path):
    accuracy = {("lstm", "ce"): 0.8}
    write_results(tmp_path, accuracy, repeats=2, train_sizes=(200, 1500, 3000), redrawn_from=3000)
    said = shared_rows(read_results(tmp_path).configurations)
    assert said.startswith("Any two repeats have training texts in common (50.0 % of 1,500, all of 3,000): ")
    write_results(tmp_path, accuracy, seeds=(1, 2), train_sizes=(3000,), redrawn_from=3000)
    assert shared_rows(read_results(tmp_path).configurations) == ""
    write_results(tmp_path, accuracy, repeats=2, train_sizes=(300,), redrawn_from=3000)
    assert shared_rows(read_results(tmp_path).configurations) == ""


def test_a_ratio_of_one_process_a_side_has_no_range():
    once, twice = ratio(timing([[15.0]]), timing([[1.0]])), ratio(timing([[14.0], [16.0]]), timing([[1.0]]))
    often = ratio(timing([[14.0], [15.0], [16.0], [15.5], [14.5]]), timing([[1.0], [1.1], [0.9], [1.0], [1.0]]))
    assert (ends(once), multiple(once)) == ("[one process]", "15.0 [one process]")
    assert (multiple(once, narrow=True), multiple(None)) == ("≈15.0", "–")
    assert multiple(twice, narrow=True) == "[14.0–16.0]"
    assert (ends(twice), multiple(twice)) == ("[14.00–16.00]", "15.0 [14.0–16.0]")
    assert ends(often).startswith("(1")
    assert multiple(often).endswith(")")
    assert multiple(often, narrow=True) == f"{often.interval.low:.1f}–{often.interval.high:.1f}"
    assert multiple(ratio(timing([[1.0]]), timing([[1.0]]))) == "1"
