import pytest

from models.linear.strengths import MOST_STEPS, Search, Trial, best_of, search

GRID = (0.1, 1.0, 10.0)


def peak(at):
    """Fits that are the better the nearer C is to the peak; what was asked for is kept."""
    asked = []

    def fit(grid):
        asked.extend(grid)
        return [
            Trial({"C": C, "valid_accuracy": 0.5, "valid_loss": abs(float(f"{C / at:.3g}") - 1)}, f"fit {C}")
            for C in grid
        ]

    return fit, asked


def test_an_optimum_inside_the_grid_is_found_with_no_further_value():
    fit, asked = peak(1.0)
    found = search(None, GRID, fit)
    assert (found.entry["C"], found.fitted, found.inside) == (1.0, "fit 1.0", True)
    assert asked == list(GRID)


@pytest.mark.parametrize(("at", "values"), [(0.01, [0.001, 0.01, *GRID]), (100.0, [*GRID, 100.0, 1000.0])])
def test_the_grid_widens_until_the_optimum_is_inside(at, values):
    found = search(None, GRID, peak(at)[0])
    assert [entry["C"] for entry in found.history] == values
    assert (found.entry["C"], found.fitted, found.inside) == (at, f"fit {at}", True)


@pytest.mark.parametrize("at", [1e-30, 1e30])
def test_an_optimum_out_of_reach_is_named(at):
    found = search(None, GRID, peak(at)[0])
    assert len(found.history) == len(GRID) + MOST_STEPS
    assert found.inside is False


def test_a_given_value_is_not_searched():
    fit, asked = peak(1.0)
    assert search(7.0, GRID, fit).inside is None
    assert asked == [7.0]


def test_the_best_of_several_searches_is_kept_beside_the_history_of_all():
    weak, strong = (
        Search([{"C": 1.0, "valid_accuracy": accuracy, "valid_loss": 1.0}] * 2, 1, name, inside)
        for accuracy, name, inside in ((0.5, "weak", False), (0.75, "strong", True))
    )
    for searches, selected in (([weak, strong], 3), ([strong, weak], 1)):
        found = best_of(searches)
        assert (found.fitted, found.inside, found.selected, len(found.history)) == ("strong", True, selected, 4)
        assert found.entry["valid_accuracy"] == 0.75
