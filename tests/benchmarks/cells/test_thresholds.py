"""The choice of thresholds on validation, against a choice by brute force."""

import itertools

import numpy as np
import pytest

from benchmarks.cells.thresholds import (
    StageOnValidation,
    _jackknife,
    candidates,
    choose,
    is_ahead,
    outcomes,
    replay,
    value_alone,
)
from benchmarks.schema.cascade import AIMS
from models.selection import ACCURACY, Criterion

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


def row_by_row(found, labels, thresholds, answer):
    """A cascade row by row: probabilities, rows right, rows read by each stage."""
    answers, read = [], [0] * len(found)
    for row in range(len(labels)):
        seen = []
        for number, stage in enumerate(found):
            read[number] += 1
            seen.append(stage.probabilities[row])
            now = seen[-1] if answer == "last" else np.mean(seen, axis=0)
            if number == len(thresholds) or now.max() > thresholds[number]:
                break
        answers.append(now)
    return np.array(answers), np.array(answers).argmax(axis=1) == labels, tuple(read)


def grids(found, answer):
    """The thresholds that are considered at each stage but the last."""
    for end in range(1, len(found)):
        so_far = [stage.probabilities for stage in found[:end]]
        yield candidates((so_far[-1] if answer == "last" else np.mean(so_far, axis=0)).max(axis=1))


@pytest.mark.parametrize(("count", "seed"), [(2, 0), (2, 1), (2, 2), (3, 3)])
@pytest.mark.parametrize("aim", AIMS)
def test_the_choice_is_that_of_brute_force(count, seed, aim):
    found, labels = stages(count, rows=60 if count == 2 else 24, seed=seed)
    alone = found[-1].probabilities.argmax(axis=1) == labels
    best = None
    for answer in ("last", "mean"):
        for thresholds in itertools.product(*grids(found, answer)):
            _, right, read = row_by_row(found, labels, thresholds, answer)
            seconds = sum(n * cost for n, cost in zip(read, COSTS, strict=False))
            lead, discordant = int(right.sum() - alone.sum()), int((right != alone).sum())
            if aim == "cost" and not (lead >= 0 and lead**2 >= discordant):
                continue
            key = (-right.sum(), seconds) if aim == "accuracy" else (seconds, -right.sum())
            if best is None or key < best[0]:
                best = key, thresholds, answer, read, right.mean()
    chosen = choose(found, labels, aim)
    assert (chosen.cascade.thresholds, chosen.cascade.answer) == best[1:3]
    assert (chosen.read, chosen.value) == best[3:]


def test_every_outcome_is_what_the_rows_say():
    found, labels = stages(2, rows=30)
    for outcome in outcomes(found, labels):
        answers, right, read = row_by_row(found, labels, outcome.cascade.thresholds, outcome.cascade.answer)
        np.testing.assert_allclose(replay(found, outcome.cascade), answers)
        assert (outcome.value, outcome.read) == (right.mean(), read)


def test_for_cost_the_cascade_is_never_behind_the_last_stage_on_validation():
    for seed in range(20):
        found, labels = stages(2, rows=200, seed=seed)
        chosen = choose(found, labels, "cost")
        assert chosen.value >= value_alone(found[-1], labels)
        assert chosen.value <= choose(found, labels, "accuracy").value


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
    def ahead(right, other, codes):
        return is_ahead(np.eye(2)[right.astype(int)], np.eye(2)[other.astype(int)], np.ones(16, dtype=int), codes)

    right, other = np.ones(16, dtype=bool), np.array([False] * 4 + [True] * 12)
    assert ahead(right, other, np.arange(16))  # 4 ahead, standard error 2
    right[4:6] = False
    assert not ahead(right, other, np.repeat([0, 1, 2, 3], 4))  # 2 ahead, clusters differ by 4 and -2
    assert ahead(other, other, np.arange(16))
    assert not ahead(other, np.ones(16, dtype=bool), np.arange(16))


COSTLY_MISS = Criterion("cost", ((0.0, 1.0, 1.0), (9.0, 0.0, 9.0), (1.0, 1.0, 0.0)))


@pytest.mark.parametrize(
    "criterion", [Criterion("macro_f1"), Criterion("average_precision"), Criterion("log_loss"), COSTLY_MISS]
)
def test_thresholds_go_by_the_metric(criterion):
    found, labels = stages(2, rows=200)
    best = choose(found, labels, "accuracy", criterion=criterion)
    values = [criterion.value(labels, replay(found, one.cascade)) for one in outcomes(found, labels)]
    assert best.value == pytest.approx(max(values))
    cheap = choose(found, labels, "cost", criterion=criterion)
    assert value_alone(found[-1], labels, criterion) <= cheap.value <= best.value
    assert cheap.seconds <= 200 * sum(COSTS[:2])


def test_another_metric_chooses_other_thresholds():
    chosen = [
        [choose(*stages(2, rows=400, seed=seed), "accuracy", criterion=one).cascade for one in (ACCURACY, COSTLY_MISS)]
        for seed in range(10)
    ]
    assert any(first != second for first, second in chosen)


@pytest.mark.parametrize("metric", ["log_loss", "cost"])
def test_the_jackknife_of_a_mean_is_its_standard_error(metric):
    """A lead of 0.9 standard errors is none, one of 1.1 is."""
    criterion = Criterion("log_loss") if metric == "log_loss" else COSTLY_MISS
    found, labels = stages(2, rows=4_000, seed=5)
    one, other = (stage.probabilities for stage in reversed(found))
    gains = [
        np.array([criterion.value(labels[[row]], side[[row]]) for row in range(len(labels))]) for side in (one, other)
    ]
    difference = gains[0] - gains[1]
    error = difference.std(ddof=1) / len(labels) ** 0.5
    lead, variance = _jackknife(one, other, labels, np.arange(len(labels)), criterion)
    assert lead == pytest.approx(difference.mean())
    assert variance**0.5 == pytest.approx(error, rel=0.4)  # of 20 blocks
    assert is_ahead(one, other, labels, np.arange(len(labels)), criterion)
    assert not is_ahead(other, one, labels, np.arange(len(labels)), criterion)


def test_one_cluster_shows_no_lead_in_another_metric():
    found, labels = stages(2, rows=100)
    one, other = (stage.probabilities for stage in reversed(found))
    assert not is_ahead(one, other, labels, np.zeros(100, dtype=int), Criterion("log_loss"))
    assert choose(found, labels, "cost", ["one"] * 100, Criterion("log_loss")).read == (100, 100)


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
        leads.append((answer.argmax(axis=1) == new_labels).mean() - value_alone(new[1], new_labels))
    assert np.mean(leads) > -0.002
