"""The same metrics before and after temperature scaling."""

import numpy as np
import pytest
from sklearn.metrics import log_loss

from reports.analysis.calibration import brier_score
from reports.analysis.evidence import gather
from reports.analysis.results import read_results
from reports.analysis.temperature import calibrated, scalings

CE = {("tfidf_logreg", "ce"): 0.84, ("distilbert", "ce"): 0.9}


@pytest.fixture
def results(write_results, tmp_path):
    write_results(tmp_path / "r", CE, test_rows=2_000)
    return read_results(tmp_path / "r")


def test_scores_are_means_over_trainings_of_the_plain_ones(results):
    for one in scalings(gather(results), results):
        cells = one.evidence.configuration.cells
        own = [results.predictions(cell) for cell in cells]
        scaled = [calibrated(p, cell) for p, cell in zip(own, cells, strict=True)]
        for scores, predictions in ((one.before, own), (one.after, scaled)):
            assert scores.brier.value == pytest.approx(np.mean([brier_score(p) for p in predictions]))
            plain = np.mean([log_loss(p.labels, p.probabilities) for p in predictions])
            assert scores.log_loss.value == pytest.approx(plain)
            assert scores.log_loss.interval.low < plain < scores.log_loss.interval.high
        assert one.gain.value == pytest.approx(one.before.log_loss.value - one.after.log_loss.value)
        assert one.gain.interval.low > 0  # the synthetic models are not sure enough
        assert one.temperatures == (0.8,) * 3


def test_the_labels_stay(results):
    cell = results.ok[0]
    own = results.predictions(cell)
    np.testing.assert_array_equal(calibrated(own, cell).predicted, own.predicted)


def test_older_results_are_left_out(write_results, tmp_path):
    write_results(tmp_path / "old", CE, calibrated=False)
    results = read_results(tmp_path / "old")
    assert scalings(gather(results), results) == ()
    assert calibrated(results.predictions(results.ok[0]), results.ok[0]) is results.predictions(results.ok[0])
