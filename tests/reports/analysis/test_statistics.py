import numpy as np
import pytest
from scipy import stats
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.proportion import proportion_confint

from reports.analysis.statistics import accuracy, comparable_pairs, compare, holm, mcnemar_detectable, rank


def rows(*counts):
    """Whether each row is right: so many right, then so many wrong, and so on in turn."""
    return np.repeat([i % 2 == 0 for i in range(len(counts))], counts)


def noisy(share, seeds, size, seed):
    """Rows right for each seed: harder rows are wrong more often; `share` right in all."""
    generator = np.random.default_rng(3)
    own = np.random.default_rng(seed)
    hardness = generator.normal(size=size) + 0.5 * own.normal(size=size) + 0.3 * own.normal(size=(seeds, size))
    return hardness.argsort(axis=1).argsort(axis=1) < round(share * size)


def test_one_seed_has_wilson_s_interval(make_evidence):
    found = accuracy(make_evidence(rows(90, 10)))
    assert found.value == 0.9
    assert found.interval == pytest.approx(proportion_confint(90, 100, method="wilson"))
    assert found.interval == pytest.approx((0.8256, 0.9448), abs=1e-4)  # as published calculators give it
    assert not found.deterministic


def test_seeds_that_predict_the_same_count_as_one(write_results, tmp_path):
    from reports.analysis.results import read_results
    from reports.analysis.run_analysis import analyse

    write_results(tmp_path, {("tfidf_logreg", "ce"): 0.84, ("lstm", "ce"): 0.84}, seeds=(1, 2, 3))
    same, differing = analyse(read_results(tmp_path)).accuracies
    assert same.deterministic
    assert same.interval == pytest.approx(proportion_confint(840, 1000, method="wilson"))
    assert not differing.deterministic
    assert differing.interval != same.interval


def test_several_seeds_stay_within_nought_and_one(make_evidence):
    found = accuracy(make_evidence([rows(20, 0), rows(19, 1), rows(18, 2)]))
    assert found.interval.high == 1.0
    assert found.value == pytest.approx(0.95)


def test_mcnemar_agrees_with_the_textbook(make_evidence):
    """Agresti, Categorical Data Analysis, table 10.1: 150 and 86 changed their minds; z^2 = 17.36 uncorrected."""
    first = make_evidence(rows(794 + 150, 86 + 570), model="a")
    second = make_evidence(rows(794, 150, 86, 570), model="b")
    (found,) = compare([(first, second)])
    assert found.p_value == pytest.approx(stats.chi2.sf((150 - 86 - 1) ** 2 / 236, df=1))
    assert found.difference == pytest.approx((150 - 86) / 1600)
    assert found.better == first.configuration


def test_few_discordant_rows_are_tested_exactly(make_evidence):
    first, second = make_evidence(rows(59, 41), model="a"), make_evidence(rows(50, 9, 1, 40), model="b")
    (found,) = compare([(first, second)])
    assert found.p_value == pytest.approx(22 / 1024)  # 2 (1 + 10) / 2^10


def test_the_same_rows_right_is_no_difference(make_evidence):
    (found,) = compare([(make_evidence(rows(50, 50), model="a"), make_evidence(rows(50, 50), model="b"))])
    assert (found.p_value, found.difference, found.identical) == (1.0, 0.0, True)
    assert found.better is None


def test_holm_known_answer():
    """Holm (1979): the smallest of m p-values times m, the next times m - 1 .., never falling."""
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([]) == []


def test_comparisons_are_corrected_as_one_family(make_evidence):
    evidence = [
        make_evidence(noisy(share, 1, 500, seed), model=f"m{seed}") for seed, share in enumerate([0.7, 0.72, 0.8])
    ]
    found = compare(comparable_pairs(evidence))
    assert [c.p_corrected for c in found] == pytest.approx(multipletests([c.p_value for c in found], method="holm")[1])
    assert found[0].p_corrected > found[0].p_value or found[0].p_value == max(c.p_value for c in found)


@pytest.mark.parametrize("seeds", [1, 3])
def test_planted_differences_are_found_and_none_are_tied(make_evidence, seeds):
    shares = {"worst": 0.70, "alike": 0.84, "same": 0.842, "best": 0.95}
    evidence = [
        make_evidence(noisy(share, seeds, 1500, i), model=name) for i, (name, share) in enumerate(shares.items())
    ]
    ranks = rank([e.configuration for e in evidence], compare(comparable_pairs(evidence)))
    assert [(r.place, r.tied) for r in ranks] == [(4, False), (2, True), (2, True), (1, False)]


def test_the_order_of_a_pair_does_not_matter(make_evidence):
    first, second = make_evidence(noisy(0.8, 3, 500, 1), model="a"), make_evidence(noisy(0.84, 3, 500, 2), model="b")
    (one,), (other,) = compare([(first, second)]), compare([(second, first)])
    assert one.difference == pytest.approx(-other.difference)
    assert one.p_value == pytest.approx(other.p_value, rel=0.2)


def test_only_the_same_loss_and_size_are_compared(make_evidence):
    right = rows(6, 4)
    evidence = [
        make_evidence(right, model="a"),
        make_evidence(right, model="b"),
        make_evidence(right, model="b", loss="other"),
        make_evidence(right, model="b", train_size=5),
    ]
    assert comparable_pairs(evidence) == [(evidence[0], evidence[1])]


def test_losses_of_a_model_are_paired_by_seed(make_evidence):
    """A good seed is good for both losses: what it brings to both says nothing of their difference."""
    generator = np.random.default_rng(0)
    base = generator.random((4, 1000)) < np.array([0.7, 0.8, 0.85, 0.9])[:, None]
    better = base | (generator.random((4, 1000)) < 0.03 / (1 - base.mean(axis=1, keepdims=True)))
    (paired,) = compare([(make_evidence(better, loss="other"), make_evidence(base))])
    (unpaired,) = compare([(make_evidence(better, loss="other", seeds=[5, 6, 7, 8]), make_evidence(base))])
    assert paired.significant
    assert not unpaired.significant


def test_the_detectable_difference_has_the_power_it_claims():
    """Simulated: at the difference that the formula gives, McNemar's test finds it in about 80 % of runs."""
    size, discordant = 2000, 0.10
    difference = mcnemar_detectable(discordant, size, alpha=0.05)
    only_first, only_second = (discordant + difference) / 2, (discordant - difference) / 2
    draws = np.random.default_rng(0).multinomial(size, [only_first, only_second, 1 - discordant], size=4000)
    z = (draws[:, 0] - draws[:, 1]) / np.sqrt(draws[:, 0] + draws[:, 1])
    assert np.mean(np.abs(z) > stats.norm.ppf(0.975)) == pytest.approx(0.8, abs=0.02)


def test_the_detectable_difference_solves_connor_s_formula():
    difference = mcnemar_detectable(0.1, 2000, alpha=0.01)
    z_a, z_b = stats.norm.ppf(0.995), stats.norm.ppf(0.8)
    needed = ((z_a * np.sqrt(0.1) + z_b * np.sqrt(0.1 - difference**2)) / difference) ** 2
    assert needed == pytest.approx(2000)


def test_the_detectable_difference_is_never_less_than_rows_allow():
    assert mcnemar_detectable(0.0, 1000, alpha=0.05) == pytest.approx(7.849 / 1000, abs=1e-6)
    assert mcnemar_detectable(0.001, 1000, alpha=0.05) == pytest.approx(7.849 / 1000, abs=1e-6)


def test_a_larger_family_sees_less(make_evidence):
    pair = (make_evidence(noisy(0.8, 1, 500, 1), model="a"), make_evidence(noisy(0.8, 1, 500, 2), model="b"))
    assert compare([pair] * 10)[0].detectable > compare([pair])[0].detectable
