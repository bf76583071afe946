import numpy as np

from reports.analysis.results import read_results
from reports.render.cells_csv import cell_figures


def test_every_planned_cell_has_a_row_in_full_precision(write_results, tmp_path):
    write_results(tmp_path, seeds=(1,), failed={("lstm", "ce"): ("failed", "broken")}, missing=[("distilbert", "ce")])
    results = read_results(tmp_path)
    figures = cell_figures(results).set_index("cell")
    assert len(figures) == len(results.run["planned"]) == 6
    for cell in results.ok:
        row = figures.loc[cell.spec.id]
        assert row["log_loss"] == cell.metrics["log_loss"]
        assert row["fit_seconds"] == cell.measurement("fit").seconds[0]
        assert row["seed"] == 1
    failed = figures[figures["status"] != "ok"]
    assert sorted(failed["status"]) == ["failed", "not run"]
    assert failed[["accuracy", "fit_seconds"]].isna().all(axis=None)


def test_accuracy_is_that_of_the_predictions(write_results, tmp_path):
    write_results(tmp_path, {("lstm", "ce"): 0.87})
    assert np.allclose(cell_figures(read_results(tmp_path))["accuracy"], 0.87)


def test_nothing_ran(write_results, tmp_path):
    write_results(tmp_path, {("lstm", "ce"): 0.87}, missing=[("lstm", "ce")])
    assert cell_figures(read_results(tmp_path))["status"].tolist() == ["not run"] * 3
