"""The choice of thresholds on validation, against a choice by brute force."""

import itertools

import numpy as np
import pytest

from benchmarks.cells.thresholds import StageOnValidation, candidates, choose, is_ahead, outcomes, right_alone
from benchmarks.schema.cascade import AIMS

COSTS = (1.0, 10.0, 100.0)


def stages(count, rows=60, classes=3, seed=0):
    """Stages of rising skill on the same rows, and the labels."""
    generator = np.random.default_rng(seed)
    labels = generator.integers(0, classes, rows)
    truth = np.eye(classes)[labels]
    found = []
    for skill, cost in zip((0.8, 1.1, 1.4), COSTS[:count], strict=False):
        logits = skill * truth + generator.normal(size=(rows, classes))
        found.append(StageOnValidation(np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True), cost))
    return found, labels


def replay(found, labels, thresholds, answer):
    """A cascade row by row: rows right, rows read by each stage."""
    right, read = [], [0] * len(found)
    for row, label in enumerate(labels):
        seen = []
        for number, stage in enumerate(found):
            read[number] += 1
            seen.append(stage.probabilities[row])
            now = seen[-1] if answer == "last" else np.mean(seen, axis=0)
            if number == len(thresholds) or now.max() > thresholds[number]:
                break
        right.append(now.argmax() == label)
    return np.array(right), tuple(read)


def grids(found, answer):
    """The thresholds that are considered at each stage but the last."""
    for end in range(1, len(found)):
        so_far = [stage.probabilities for stage in found[:end]]
        yield candidates((so_far[-1] if answer == "last" else np.mean(so_far, axis=0)).max(axis=1))


@pytest.mark.parametrize(("count", "seed"), [(2, 0), (2, 1), (2, 2), (3, 3)])
@pytest.mark.parametrize("aim", AIMS)
def test_the_choice_is_that_of_brute_force(count, seed, aim):
    found, labels = stages(count, rows=60 if count == 2 else 24, seed=seed)
    alone = right_alone(found[-1], labels)
    best = None
    for answer in ("last", "mean"):
        for thresholds in itertools.product(*grids(found, answer)):
            right, read = replay(found, labels, thresholds, answer)
            seconds = sum(n * cost for n, cost in zip(read, COSTS, strict=False))
            lead, discordant = int(right.sum() - alone.sum()), int((right != alone).sum())
            if aim == "cost" and not (lead >= 0 and lead**2 >= discordant):
                continue
            key = (-right.sum(), seconds) if aim == "accuracy" else (seconds, -right.sum())
            if best is None or key < best[0]:
                best = key, thresholds, answer, read, int(right.sum())
    chosen = choose(found, labels, aim)
    assert (chosen.cascade.thresholds, chosen.cascade.answer) == best[1:3]
    assert (chosen.read, chosen.score) == best[3:]


def test_every_outcome_is_what_the_rows_say():
    found, labels = stages(2, rows=30)
    for outcome in outcomes(found, labels):
        right, read = replay(found, labels, outcome.cascade.thresholds, outcome.cascade.answer)
        np.testing.assert_array_equal(outcome.right, right)
        assert outcome.read == read


def test_for_cost_the_cascade_is_never_behind_the_last_stage_on_validation():
    for seed in range(20):
        found, labels = stages(2, rows=200, seed=seed)
        chosen = choose(found, labels, "cost")
        assert chosen.score >= right_alone(found[-1], labels).sum()
        assert chosen.score <= choose(found, labels, "accuracy").score


def test_a_first_stage_that_knows_nothing_passes_everything_on():
    _, labels = stages(2, rows=400)
    generator = np.random.default_rng(1)
    noise = generator.uniform(0.1, 1.0, size=(400, 3))
    good = np.where(generator.uniform(size=400) < 0.9, labels, (labels + 1) % 3)
    found = [
        StageOnValidation(noise / noise.sum(axis=1, keepdims=True), 1.0),
        StageOnValidation(0.7 * np.eye(3)[good] + 0.1, 10.0),
    ]
    chosen = choose(found, labels, "cost")
    assert (chosen.cascade.thresholds, chosen.cascade.answer, chosen.read) == ((1.0,), "last", (400, 400))


def test_a_first_stage_as_good_as_the_last_passes_nothing_on():
    found, labels = stages(1)
    twice = [found[0], StageOnValidation(found[0].probabilities, 10.0)]
    chosen = choose(twice, labels, "cost")
    assert (chosen.cascade.thresholds, chosen.read) == ((0.0,), (60, 0))


def test_candidates_pass_on_nothing_about_every_twentieth_and_everything():
    confidence = np.random.default_rng(0).uniform(0.4, 0.99, 1000)
    found = candidates(confidence)
    assert found[0] == 0.0
    assert found[-1] == 1.0
    assert [int((confidence <= threshold).sum()) for threshold in found] == [50 * part for part in range(21)]


def test_rows_of_one_confidence_are_passed_on_together():
    assert candidates(np.full(10, 0.6)) == [0.0, 1.0]
    assert candidates(np.array([0.5] * 7 + [0.9] * 3)) == [0.0, pytest.approx(0.7), 1.0]


def test_rows_of_a_cluster_count_together():
    right, other = np.ones(16, dtype=bool), np.array([False] * 4 + [True] * 12)
    assert is_ahead(right, other, np.arange(16))  # 4 ahead, standard error 2
    right[4:6] = False
    assert not is_ahead(right, other, np.repeat([0, 1, 2, 3], 4))  # 2 ahead, clusters differ by 4 and -2
    assert is_ahead(other, other, np.arange(16))
    assert not is_ahead(other, np.ones(16, dtype=bool), np.arange(16))


def correlated(rows, seed):
    """Two stages that often make the same mistakes, the second much better, and the labels."""
    generator = np.random.default_rng(seed)
    labels = generator.integers(0, 2, rows)
    ease, shared = (2 * labels - 1) * generator.gamma(2.0, 0.5, rows), generator.normal(size=rows)
    found = []
    for skill, cost in ((1.0, 1.0), (1.6, 100.0)):
        logits = 2.2 * (skill * ease + np.sqrt(0.5) * (shared + generator.normal(size=rows)))
        positive = 1 / (1 + np.exp(-logits))
        found.append(StageOnValidation(np.stack([1 - positive, positive], axis=1), cost))
    return found, labels


def test_the_margin_keeps_what_is_chosen_no_less_accurate_on_new_rows():
    """Without it the cheapest of many cascades is there by chance, and 0.4 points behind on average."""
    new, new_labels = correlated(20_000, seed=1000)
    leads = []
    for seed in range(60):
        found, labels = correlated(500, seed)
        rule = choose(found, labels, "cost").cascade
        unsure = new[0].probabilities.max(axis=1) <= rule.thresholds[0]
        mean = (new[0].probabilities + new[1].probabilities) / 2
        second = new[1].probabilities if rule.answer == "last" else mean
        answer = np.where(unsure[:, None], second, new[0].probabilities)
        leads.append((answer.argmax(axis=1) == new_labels).mean() - right_alone(new[1], new_labels).mean())
    assert np.mean(leads) > -0.002
