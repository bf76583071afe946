import numpy as np
import pytest

from reports.analysis.accuracy import accuracy
from reports.analysis.comparisons import contrast
from reports.analysis.estimates import ALPHA
from reports.analysis.primary import EXPLORED, exploratory, leading_loss, primary
from reports.analysis.verdicts import Verdict


def noisy(share, seed, trainings=1, size=2000):
    generator, own = np.random.default_rng(3), np.random.default_rng(seed)
    hardness = generator.normal(size=size) + 0.5 * own.normal(size=size) + 0.3 * own.normal(size=(trainings, size))
    return hardness.argsort(axis=1).argsort(axis=1) < round(share * size)


@pytest.fixture
def compared(make_evidence):
    """A function: (model, loss) -> share, the cheapest first -> the evidence, the accuracies and the family."""

    def compare(shares, margin=None, trainings=1, size=2000):
        evidence = [
            make_evidence(noisy(share, seed, trainings, size), model=model, loss=loss)
            for seed, ((model, loss), share) in enumerate(shares.items())
        ]
        accuracies = [accuracy(one) for one in evidence]
        return evidence, accuracies, primary(evidence, accuracies, range(1, len(evidence) + 1), margin)

    return compare


def ce(**shares):
    return {(model, "ce"): share for model, share in shares.items()}


def test_every_model_is_compared_with_the_cheapest(compared):
    _, _, found = compared(ce(a=0.80, b=0.90, c=0.70, d=0.801))
    cheapest, comparisons = found.against_cheapest[2000]
    assert cheapest.model == "a"
    assert [(c.first.model, c.verdict) for c in comparisons] == [
        ("b", Verdict.BETTER),
        ("c", Verdict.WORSE),
        ("d", Verdict.UNSETTLED),
    ]
    assert {c.second.model for c in comparisons} == {"a"}


def test_the_family_is_linear_in_the_models(compared):
    shares = ce(**{f"m{n}": 0.8 + 0.001 * n for n in range(20)})
    _, _, found = compared(shares)
    assert found.size == 19 + 18  # against the cheapest, and the most accurate against the rest


def test_intervals_are_those_of_the_family_and_not_of_one_comparison(compared):
    evidence, _, found = compared(ce(a=0.80, b=0.81, c=0.805, d=0.79, e=0.80))
    for comparison in found.against_cheapest[2000][1]:
        own = next(e for e in evidence if e.configuration.model == comparison.first.model)
        low, high = contrast(own, evidence[0]).interval_at(ALPHA)
        assert comparison.finding.interval.low < low
        assert comparison.finding.interval.high > high


def test_nothing_is_equal_without_a_margin(compared):
    shares = ce(a=0.80, b=0.801)
    assert compared(shares)[2].against_cheapest[2000][1][0].verdict is Verdict.UNSETTLED
    assert compared(shares, margin=0.1)[2].against_cheapest[2000][1][0].verdict is Verdict.EQUAL


def test_no_better_among_models_that_learnt_nothing(compared):
    """0.52 of rows whose majority class has 0.50, against 0.40: a large difference that means nothing."""
    _, _, found = compared(ce(a=0.40, b=0.52))
    assert found.against_cheapest[2000][1][0].verdict is Verdict.VOID
    assert not found.best[2000].learnt
    _, _, found = compared(ce(a=0.40, b=0.80))
    assert found.against_cheapest[2000][1][0].verdict is Verdict.BETTER


def test_the_set_of_the_best_holds_what_the_top_is_not_shown_to_beat(compared):
    _, _, found = compared(ce(a=0.80, b=0.90, c=0.899, d=0.85))
    best = found.best[2000]
    assert [a.configuration.model for a in best.candidates] == ["b", "c"]
    assert (best.top.configuration.model, best.models) == ("b", 4)


def test_how_far_each_may_be_behind_the_best(compared):
    evidence, _, found = compared(ce(a=0.80, b=0.90, c=0.899))
    behind = {e.configuration.model: found.best[2000].behind[e.configuration.key] for e in evidence}
    assert 0.10 < behind["a"] < 0.14
    assert 0.001 < behind["c"] < 0.03
    assert 0.0 < behind["b"] < 0.03  # c may be ahead of it
    _, _, found = compared(ce(a=0.80, b=0.95))
    assert found.best[2000].behind[found.best[2000].top.configuration.key] == 0


def test_the_search_for_the_best_and_the_verdict_against_the_cheapest_agree(compared):
    for share in np.linspace(0.80, 0.84, 15):
        _, _, found = compared(ce(a=0.80, b=float(share)))
        alone = len(found.best[2000].candidates) == 1
        assert alone == (found.against_cheapest[2000][1][0].verdict in {Verdict.BETTER, Verdict.WORSE})


def test_other_losses_are_compared_with_the_reference(compared):
    _, _, found = compared({("a", "ce"): 0.8, ("a", "lw"): 0.9, ("b", "ce"): 0.85, ("b", "lw"): 0.85})
    assert [(c.first.model, c.first.loss, c.second.loss) for c in found.against_reference] == [
        ("a", "lw", "ce"),
        ("b", "lw", "ce"),
    ]
    assert found.against_reference[0].verdict is Verdict.BETTER
    assert [c.first.model for c in found.against_cheapest[2000][1]] == ["b"]


def test_all_other_pairs_are_exploratory_and_bounded(compared):
    evidence, accuracies, family = compared(ce(**{f"m{n:02}": 0.8 + 0.001 * n for n in range(EXPLORED + 5)}))
    found = exploratory(evidence, accuracies, family)
    assert len(found) == EXPLORED * (EXPLORED - 1) / 2 - (EXPLORED - 1)  # without those against the best
    assert all(one.exploratory for one in found)
    assert "m00" not in {c.first.model for c in found}  # the least accurate, and the cheapest


def test_a_pair_has_one_verdict(compared):
    """Each model against the cheapest and against the best are of the family; the other pairs are exploratory."""
    evidence, accuracies, family = compared(ce(cheap=0.8, a=0.82, b=0.84, best=0.9))
    assert family.size == 5
    (other,) = exploratory(evidence, accuracies, family)
    assert {other.first.model, other.second.model} == {"a", "b"}


def test_one_model_has_nothing_to_be_compared_with(compared):
    _, _, found = compared(ce(a=0.8))
    assert found.size == 0
    assert [a.configuration.model for a in found.best[2000].candidates] == ["a"]


def test_models_that_were_not_timed_are_not_the_cheapest(make_evidence):
    evidence = [make_evidence(noisy(0.8, n), model=model) for n, model in enumerate("ab")]
    accuracies = [accuracy(one) for one in evidence]
    found = primary(evidence, accuracies, [float("nan"), 5.0])
    assert found.against_cheapest[2000][0].model == "b"


def test_the_leading_loss_is_cross_entropy_if_it_ran(make_evidence):
    one, other = (make_evidence(noisy(0.8, 1), loss=loss).configuration for loss in ("lw", "ce"))
    assert leading_loss([one, other]) == "ce"
    assert leading_loss([one]) == "lw"
