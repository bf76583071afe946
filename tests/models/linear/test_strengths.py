import pytest

from models.linear.strengths import MOST_STEPS, Trial, search

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
    assert (found.best.entry["C"], found.best.fitted, found.inside) == (1.0, "fit 1.0", True)
    assert asked == list(GRID)


@pytest.mark.parametrize(("at", "values"), [(0.01, [0.001, 0.01, *GRID]), (100.0, [*GRID, 100.0, 1000.0])])
def test_the_grid_widens_until_the_optimum_is_inside(at, values):
    found = search(None, GRID, peak(at)[0])
    assert [trial.entry["C"] for trial in found.trials] == values
    assert (found.best.entry["C"], found.inside) == (at, True)
    assert found.history[found.selected]["C"] == at


@pytest.mark.parametrize("at", [1e-30, 1e30])
def test_an_optimum_out_of_reach_is_named(at):
    found = search(None, GRID, peak(at)[0])
    assert len(found.trials) == len(GRID) + MOST_STEPS
    assert found.inside is False


def test_a_given_value_is_not_searched():
    fit, asked = peak(1.0)
    assert search(7.0, GRID, fit).inside is None
    assert asked == [7.0]
