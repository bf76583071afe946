"""Tables of calibration and of selective prediction."""

import pytest

from reports.analysis.results import read_results
from reports.analysis.run_analysis import analyse
from reports.render.confidence_tables import calibration_table, selective_table
from reports.render.markdown import render

CE = {("tfidf_logreg", "ce"): 0.84, ("distilbert", "ce"): 0.9}


@pytest.fixture
def analysis(write_results, tmp_path):
    def analysis(**options):
        write_results(tmp_path / "r", CE, **options)
        return analyse(read_results(tmp_path / "r"))

    return analysis


def test_every_metric_stands_before_and_after_with_its_interval(analysis):
    table = calibration_table(analysis())
    assert table["temperature"].tolist() == ["0.80", "0.80"]
    for name in ("ECE % (debiased)", "Brier score", "log loss (nats)"):
        for when in ("own", "calibrated"):
            assert table[f"{name}: {when}"].str.contains(r"\(").all()
    assert table["log loss gained (nats)"].str.startswith("+").all()


def test_automatic_labelling_states_share_and_accuracy_with_lower_bounds(analysis):
    table = selective_table(analysis())
    assert table["automatic at 98 % accuracy"].str.count("at least").tolist() == [2, 2]
    assert table["automatic at 99 % accuracy"].tolist() == ["none", "none"]


def test_the_report_holds_both(analysis):
    page = render(analysis())
    assert "automatic at 98 % accuracy" in page
    assert "log loss gained" in page


def test_results_without_calibration_are_still_reported(analysis):
    old = analysis(calibrated=False)
    assert calibration_table(old).empty
    assert "errors in the surest 80 %" in selective_table(old)
    assert render(old)
