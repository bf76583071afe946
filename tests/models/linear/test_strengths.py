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


@pytest.mark.parametrize("given", [None, 10.0])
def test_of_several_kinds_the_one_with_the_lowest_log_loss_is_kept(given):
    """Though another has the highest accuracy."""

    def worse(grid):
        return [Trial({"C": C, "valid_accuracy": 0.9, "valid_loss": 5.0}, f"worse {C}") for C in grid]

    better, asked = peak(100.0)
    for kinds in ((worse, better), (better, worse)):
        found = search(given, GRID, *kinds)
        assert found.fitted == ("fit 100.0" if given is None else "fit 10.0")
        assert {entry["valid_accuracy"] for entry in found.history} == {0.5}
    assert asked == 2 * ([*GRID, 100.0, 1000.0] if given is None else [10.0])


def test_a_value_without_a_mistake_needs_no_further_one():
    asked = []

    def fit(grid):
        asked.extend(grid)
        return [Trial({"C": C, "valid_accuracy": 1.0, "valid_loss": 1 / C}, f"fit {C}") for C in grid]

    found = search(None, GRID, fit)
    assert (found.entry["C"], found.inside, asked) == (10.0, True, list(GRID))
