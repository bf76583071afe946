import numpy as np
import pytest

from reports.analysis.comparisons import contrast, paired_by_training
from reports.analysis.estimands import Estimand
from reports.analysis.paired import difference_interval, mid_p


def noisy(share, trainings, seed, size=2000, shift=0.0):
    """Rows right for each training: harder rows are wrong more often; `shift` between trainings, in points."""
    generator, own = np.random.default_rng(3), np.random.default_rng(seed)
    hardness = generator.normal(size=size) + 0.5 * own.normal(size=size) + 0.3 * own.normal(size=(trainings, size))
    shares = share + shift / 100 * own.normal(size=trainings)
    return np.stack([one.argsort().argsort() < round(s * size) for one, s in zip(hardness, shares, strict=True)])


def repeats(count):
    return [(repeat, repeat + 1) for repeat in range(count)]


def test_two_single_trainings_are_compared_by_mid_p_mcnemar(make_evidence):
    first, second = make_evidence(noisy(0.88, 1, 1)), make_evidence(noisy(0.86, 1, 2), model="other")
    found = contrast(first, second)
    ours, theirs = first.right[0], second.right[0]
    counts = int((ours & ~theirs).sum()), int((theirs & ~ours).sum())
    assert found.discordant == counts
    assert found.p_value == pytest.approx(float(mid_p(*counts)))
    assert found.interval_at(0.05) == pytest.approx(difference_interval(*counts, 2000, 0.05))
    assert found.estimand is Estimand.TRAINING


def test_one_training_against_several_speaks_of_one_training(make_evidence):
    found = contrast(make_evidence(noisy(0.9, 1, 1)), make_evidence(noisy(0.9, 3, 2), model="other"))
    assert found.estimand is Estimand.TRAINING
    assert found.discordant is None


def test_the_spread_of_trainings_widens_the_interval(make_evidence):
    def width(shift):
        first = make_evidence(noisy(0.9, 5, 1, shift=shift))
        found = contrast(first, make_evidence(noisy(0.9, 5, 2, shift=shift), model="other"))
        low, high = found.interval_at(0.05)
        return high - low

    assert width(1.0) > 1.3 * width(0.0)


def test_no_difference_is_beyond_a_hundred_points(make_evidence):
    first, second = make_evidence(noisy(0.9, 2, 1, shift=5)), make_evidence(noisy(0.5, 2, 2, shift=5), model="other")
    assert contrast(first, second).interval_at(1e-6) == (-1, 1)


def test_models_are_paired_by_repeat_and_not_by_seed(make_evidence):
    seeds = make_evidence(noisy(0.9, 3, 1)), make_evidence(noisy(0.9, 3, 2), model="other")
    assert not paired_by_training(*seeds)
    anew = [make_evidence(noisy(0.9, 3, s), model=m, trainings=repeats(3)) for s, m in ((1, "lstm"), (2, "other"))]
    assert paired_by_training(*anew)


def test_two_losses_of_a_model_are_paired_by_seed(make_evidence):
    first, second = make_evidence(noisy(0.9, 3, 1)), make_evidence(noisy(0.9, 3, 2), loss="other")
    assert paired_by_training(first, second)


def test_two_trainings_are_too_few_to_pair(make_evidence):
    first, second = make_evidence(noisy(0.9, 2, 1)), make_evidence(noisy(0.9, 2, 2), loss="other")
    assert not paired_by_training(first, second)


def test_repeats_that_do_not_match_are_not_paired(make_evidence):
    first = make_evidence(noisy(0.9, 3, 1), trainings=repeats(3))
    second = make_evidence(noisy(0.9, 3, 2), model="other", trainings=[(0, 1), (1, 2), (3, 4)])
    assert not paired_by_training(first, second)


def test_rows_in_groups_are_compared_by_groups(make_evidence):
    films = np.repeat(np.arange(200), 10)
    first = make_evidence(noisy(0.88, 1, 1), groups=films)
    second = make_evidence(noisy(0.86, 1, 2), model="other", groups=films)
    found = contrast(first, second)
    assert found.estimate.degrees == pytest.approx(199)
    assert found.p_value >= found.estimate.p_value


@pytest.mark.parametrize("seed", range(20))
def test_few_groups_never_make_a_difference_more_certain(make_evidence, seed):
    generator = np.random.default_rng(seed)
    rights = generator.random(200) < 0.8, generator.random(200) < 0.7
    films = np.repeat(np.arange(7), [29, 29, 29, 29, 28, 28, 28])
    alone, together = (
        contrast(make_evidence(rights[0], groups=groups), make_evidence(rights[1], model="other", groups=groups))
        for groups in (None, films)
    )
    assert together.p_value >= alone.p_value
    (low, high), (least, most) = alone.interval_at(0.05), together.interval_at(0.05)
    assert most - least >= high - low


def test_groups_that_are_right_or_wrong_as_a_whole_widen_the_interval(make_evidence):
    films = np.repeat(np.arange(100), 10)
    rights = [np.repeat(np.random.default_rng(seed).random(100) < 0.85, 10) for seed in (1, 2)]
    (low, high), (least, most) = (
        contrast(
            make_evidence(rights[0], groups=groups), make_evidence(rights[1], model="other", groups=groups)
        ).interval_at(0.05)
        for groups in (None, films)
    )
    assert most - least == pytest.approx(np.sqrt(10) * (high - low), rel=0.1)


def test_the_same_predictions_are_identical(make_evidence):
    right = noisy(0.9, 1, 1)
    found = contrast(make_evidence(right), make_evidence(right, model="other"))
    assert found.identical
    assert found.p_value == 1
    assert not contrast(make_evidence(right), make_evidence(noisy(0.9, 1, 2), model="other")).identical


def test_the_other_way_round_is_the_same_test(make_evidence):
    first, second = make_evidence(noisy(0.88, 1, 1)), make_evidence(noisy(0.86, 1, 2), model="other")
    ours, theirs = contrast(first, second), contrast(second, first)
    assert ours.p_value == theirs.p_value
    assert ours.p_greater == pytest.approx(1 - theirs.p_greater)
    assert ours.interval_at(0.05) == pytest.approx(tuple(-end for end in reversed(theirs.interval_at(0.05))))
