import numpy as np
import pytest

from reports.analysis.estimands import Estimand, estimand
from reports.analysis.estimates import Clusters, estimate, mean_figure


def two_way(trainings, rows, row_deviation, training_deviation, seed=0):
    """Right or wrong for trainings x rows with both effects, the rows easier or harder for all trainings."""
    generator = np.random.default_rng(seed)
    score = (
        row_deviation * generator.normal(size=rows)
        + training_deviation * generator.normal(size=(trainings, 1))
        + 0.3 * generator.normal(size=(trainings, rows))
    )
    return score > -1


def test_one_training_s_variance_is_the_binomial_one():
    right = np.repeat([True, False], [90, 10])
    found = estimate(mean_figure(right))
    assert found.value == 0.9
    assert found.standard_error == pytest.approx(np.sqrt(0.9 * 0.1 / 99))
    assert found.degrees == pytest.approx(99)


def test_crossed_variance_is_rows_plus_trainings_less_interaction():
    """Against the mean squares of a two-way analysis of variance."""
    values = two_way(4, 300, 1.0, 0.2).astype(float)
    mean, by_row, by_training = values.mean(), values.mean(axis=0), values.mean(axis=1)
    rows_square = 4 * ((by_row - mean) ** 2).sum() / 299
    trainings_square = 300 * ((by_training - mean) ** 2).sum() / 3
    residual = values - by_row - by_training[:, None] + mean
    interaction_square = (residual**2).sum() / (3 * 299)
    variance = (rows_square + trainings_square - interaction_square) / (4 * 300)
    assert estimate(mean_figure(values)).standard_error == pytest.approx(np.sqrt(variance))


def test_variance_never_falls_below_that_of_the_rows():
    values = np.tile(two_way(1, 200, 1.0, 0.0), (3, 1))
    values[1, 0] = ~values[1, 0]
    values[1, 1] = ~values[1, 1]
    found = estimate(mean_figure(values))
    assert found.standard_error >= np.sqrt((found.influence**2).sum()) - 1e-12


def test_rows_in_clusters_widen_the_interval():
    generator = np.random.default_rng(1)
    films = generator.normal(size=100)
    right = np.repeat(films, 10) + 0.5 * generator.normal(size=1000) > -1
    clusters = Clusters(np.repeat(np.arange(100), 10), 100)
    assert clusters.effective == pytest.approx(100)
    alone, together = estimate(mean_figure(right)), estimate(mean_figure(right, clusters=clusters))
    assert together.value == alone.value
    assert together.standard_error > 2 * alone.standard_error
    assert together.degrees == pytest.approx(99)


def clusters_of(*sizes):
    return Clusters(np.repeat(np.arange(len(sizes)), sizes), len(sizes))


def test_degrees_and_correction_are_those_of_bell_and_mccaffrey():
    """Against the matrices of their definition, for a mean and independent rows."""
    sizes = (2, 3, 5, 20)
    clusters, rows = clusters_of(*sizes), sum(sizes)
    residual_maker = np.eye(rows) - np.full((rows, rows), 1 / rows)
    columns = []
    for cluster, size in enumerate(sizes):
        own = clusters.codes == cluster
        values, vectors = np.linalg.eigh(residual_maker[np.ix_(own, own)])
        adjusted = (vectors / np.sqrt(values)) @ vectors.T @ np.ones(size)
        columns.append(residual_maker[:, own] @ adjusted / rows)
    spread = np.stack(columns, axis=1).T @ np.stack(columns, axis=1)
    assert clusters.degrees == pytest.approx(np.trace(spread) ** 2 / (spread**2).sum())
    right = two_way(1, rows, 1.0, 0.0, 4)
    residuals = right[0] - right.mean()
    variance = sum((residuals @ column) ** 2 for column in columns)
    figure = mean_figure(right, clusters=clusters)
    assert (figure.summed**2).sum() == pytest.approx(variance)


def test_equally_large_clusters_have_one_degree_fewer():
    assert clusters_of(*[10] * 7).degrees == pytest.approx(6)
    assert clusters_of(100, 1, 1, 1).degrees < 2
    assert clusters_of(50).degrees == 1


def test_fewer_than_ten_clusters_are_few():
    assert clusters_of(*[10] * 9).few
    assert not clusters_of(*[10] * 10).few
    assert clusters_of(1000, *[1] * 20).few  # one of them counts


def test_clusters_that_are_alike_narrow_nothing():
    right = np.tile([True, False, True, True, False, True, True, True, True, True], 7)  # each cluster has the mean
    clusters = Clusters(np.repeat(np.arange(7), 10), 7)
    alone, together = estimate(mean_figure(right)), estimate(mean_figure(right, clusters=clusters))
    assert together.standard_error == pytest.approx(alone.standard_error)
    assert together.degrees == pytest.approx(6)
    assert together.design_effect == 1.0


def test_a_cluster_outside_of_a_subset_counts_for_nothing():
    right = two_way(1, 40, 1.0, 0.0)
    inside = np.arange(40) < 30
    found = estimate(mean_figure(right, inside, clusters_of(10, 10, 10, 10)))
    expected = estimate(mean_figure(right[:, :30], clusters=clusters_of(10, 10, 10)))
    assert (found.value, found.standard_error, found.degrees) == pytest.approx(
        (expected.value, expected.standard_error, expected.degrees)
    )


def test_singleton_clusters_are_no_clusters():
    values = two_way(3, 50, 1.0, 0.1)
    singles = Clusters(np.arange(50), 50)
    assert estimate(mean_figure(values, clusters=singles)).standard_error == pytest.approx(
        estimate(mean_figure(values)).standard_error
    )


def test_a_difference_of_paired_figures_keeps_the_covariance_of_rows():
    first, second = two_way(1, 500, 1.0, 0.0, 1), two_way(1, 500, 1.0, 0.0, 1)
    assert estimate(mean_figure(first), mean_figure(second)).standard_error == 0


def test_independent_trainings_of_both_sides_add_up():
    first, second = two_way(3, 500, 1.0, 0.3, 2), two_way(3, 500, 1.0, 0.3, 3)
    apart = estimate(mean_figure(first), mean_figure(second))
    assert apart.degrees < 50
    assert apart.standard_error > estimate(mean_figure(first[:1]), mean_figure(second[:1])).standard_error / 2


def test_degrees_of_freedom_are_at_least_the_fewest_of_a_component():
    """Models at chance that predict other classes: nearly all is interaction, which is subtracted."""
    half = np.arange(100) < 50
    at_chance = np.array([half, ~half, half, ~half, half ^ (np.arange(100) < 8)])
    found = estimate(mean_figure(at_chance))
    assert found.degrees == 4
    assert estimate(mean_figure(at_chance), mean_figure(two_way(3, 100, 1.0, 0.1, 4))).degrees >= 2


def test_a_subset_without_rows_is_unknown():
    assert np.isnan(estimate(mean_figure(two_way(1, 5, 1.0, 0.0), np.zeros(5, dtype=bool))).value)


@pytest.mark.parametrize(
    ("trainings", "expected"),
    [
        ([(0, 1)], Estimand.TRAINING),
        ([(0, 1), (0, 2)], Estimand.SEEDS),
        ([(0, 1), (1, 1)], Estimand.MODEL),
        ([(0, 1), (1, 2), (1, 3)], Estimand.MODEL),
    ],
)
def test_estimand_follows_from_what_was_drawn_anew(trainings, expected):
    assert estimand(trainings) is expected


def test_repeats_of_overlapping_rows_cover_training_rows_in_part():
    repeats = [(0, 1), (1, 2)]
    claims = [estimand(repeats, shared) for shared in (0.0, 0.5, 0.51, 0.99, 1.0)]
    assert claims == [Estimand.MODEL] * 2 + [Estimand.OVERLAPPING] * 2 + [Estimand.SEEDS]
    assert Estimand.OVERLAPPING.weaker(Estimand.MODEL) is Estimand.OVERLAPPING
    assert "part of the variation of training rows" in Estimand.OVERLAPPING.covers


def test_the_weaker_estimand_holds_for_both():
    assert Estimand.MODEL.weaker(Estimand.TRAINING) is Estimand.TRAINING
    assert Estimand.SEEDS.weaker(Estimand.MODEL) is Estimand.SEEDS
