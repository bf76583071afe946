"""A ceiling that was read while the machine was held back gives no share."""

import pytest

from benchmarks.store.results import Store
from reports.analysis.limit import limits
from reports.analysis.results import read_results
from reports.render.cells_csv import cell_figures
from reports.render.html import write_html
from reports.render.markdown import write_markdown

SCORING, TRAINING = 40e9, 30e9
"""Operations a second of the synthetic cells of `lstm`."""


@pytest.fixture
def under(write_results, tmp_path):
    """The function that gives the results of cells under a ceiling of so many operations a second."""

    def results_under(flop_per_second, accuracy=None):
        write_results(tmp_path, accuracy)
        store = Store(tmp_path)
        (ceiling,) = store.read_run()["ceilings"]
        store.write_run(store.read_run() | {"ceilings": [ceiling | {"flop_per_second": flop_per_second}]})
        return read_results(tmp_path)

    return results_under


def test_shares_of_a_ceiling(under):
    figures = cell_figures(under(SCORING)).set_index("model")
    assert figures.loc["lstm", "training_share_of_ceiling"].tolist() == pytest.approx([0.75] * 6)
    assert figures.loc["lstm", "scoring_share_of_ceiling"].tolist() == pytest.approx([1.0] * 6)
    assert figures.loc["tfidf_logreg", "training_share_of_ceiling"].isna().all()


def test_a_ceiling_that_cells_went_beyond_by_a_fifth_was_misread(under):
    assert limits(under(SCORING / 1.19)).misread == ()
    found = under(SCORING / 1.21)
    assert limits(found).misread == found.ceilings
    figures = cell_figures(found)
    assert figures["training_share_of_ceiling"].isna().all()
    assert figures["scoring_share_of_ceiling"].isna().all()
    assert figures["training_flop_rate"].max() == pytest.approx(TRAINING)


def test_one_cell_is_enough_to_tell(under):
    results = under(SCORING, {("lstm", "ce"): 0.84})
    cell = results.ok[-1]
    for measurement in cell.measurements:
        if measurement.phase == "encoded_to_scores":
            measurement.seconds = [seconds / 2 for seconds in measurement.seconds]
    assert limits(results).misread == results.ceilings


@pytest.mark.parametrize("write", [write_markdown, write_html])
def test_a_report_says_why_there_is_no_share(under, tmp_path, write):
    under(SCORING)
    said = "Cells computed faster than the matrix product measured (cpu in bf16): the machine was held back"
    assert said not in write(tmp_path).read_text(encoding="utf-8")
    under(1e9)
    assert said in write(tmp_path).read_text(encoding="utf-8")
