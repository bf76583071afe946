"""What the two linear models have in common: a strength of regularisation, and a solver that may not get there."""

import pytest

from losses.ce import CrossEntropy
from models import nbsvm, tfidf_logreg
from models.model import select
from models.nbsvm import NbSvm
from models.tfidf_logreg import TfidfLogReg


@pytest.fixture(params=[(nbsvm, NbSvm), (tfidf_logreg, TfidfLogReg)], ids=["nbsvm", "tfidf_logreg"])
def linear(request):
    """A model's module and its class."""
    return request.param


def report(model, train, valid):
    return model.fit(train, valid, CrossEntropy(train.lengths))


def test_c_is_the_one_with_the_highest_accuracy_on_validation(linear, train, valid):
    module, model = linear
    found = report(model(), train, valid)
    assert [step["C"] for step in found.history] == list(module.C_GRID)
    assert found.selected == select(found.history)


def test_a_given_c_is_not_searched(linear, train, valid):
    assert [step["C"] for step in report(linear[1](C=7.0), train, valid).history] == [7.0]


def test_convergence_is_recorded(linear, train, valid, monkeypatch):
    module, model = linear
    assert report(model(), train, valid).converged is True
    monkeypatch.setattr(module, "TOLERANCE", 1e-30)  # beyond what numbers can tell apart
    assert report(model(), train, valid).converged is False
