"""What the two linear models have in common: a strength of regularisation, and a solver that may not get there."""

import warnings
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from scipy.sparse import csr_array
from sklearn.linear_model import LogisticRegression

from losses.ce import CrossEntropy
from models import nbsvm, tfidf_logreg
from models.linear import convergence, hashed_ngrams
from models.model import Runtime, select
from models.nbsvm import NbSvm
from models.tfidf_logreg import TfidfLogReg


@pytest.fixture(params=[(nbsvm, NbSvm), (tfidf_logreg, TfidfLogReg)], ids=["nbsvm", "tfidf_logreg"])
def linear(request):
    """A model's module and its class."""
    return request.param


def report(model, train, valid, runtime=Runtime()):
    return model.fit(train, valid, CrossEntropy(train.lengths, train.labels), runtime)


def test_c_is_the_one_with_the_highest_accuracy_on_validation(linear, train, valid):
    module, model = linear
    found = report(model(analyzer="word"), train, valid)
    assert {step["C"] for step in found.history} >= set(module.C_GRID)
    assert found.selected == select(found.history)


def test_a_grid_that_ends_too_early_is_widened(linear, train, valid, monkeypatch):
    """So far that the text's own words decide: with too strong a regularisation, all texts have one class."""
    module, model = linear
    monkeypatch.setattr(module, "C_GRID", (1e-6, 1e-5))
    skewed = train.take(np.flatnonzero((train.labels == 0) | (np.arange(len(train)) < 8)))
    found = report(model(analyzer="word"), skewed, valid)
    assert [step["C"] for step in found.history][:4] == [1e-6, 1e-5, 1e-4, 1e-3]
    assert found.optimum_inside is not None
    assert report(model(C=1.0), train, valid).optimum_inside is None


def test_a_given_c_is_not_searched(linear, train, valid):
    assert [step["C"] for step in report(linear[1](C=7.0, analyzer="word"), train, valid).history] == [7.0]


def test_convergence_is_recorded(linear, train, valid, monkeypatch):
    module, model = linear
    assert report(model(), train, valid).converged is True
    monkeypatch.setattr(module, "TOLERANCE", 1e-30)  # beyond what numbers can tell apart
    assert report(model(), train, valid).converged is False


@pytest.mark.parametrize("threads", [1, 2, 5])
def test_the_number_of_threads_changes_no_digit(linear, train, valid, threads):
    _, model = linear
    expected = report(model(), train, valid)
    assert report(model(), train, valid, runtime=Runtime(threads=threads)) == expected


@pytest.mark.parametrize("threads", [1, 3])
def test_no_more_threads_than_the_runtime_allows(linear, train, valid, monkeypatch, threads, tmp_path):
    """In training, scoring and after loading; the machine is not asked."""
    asked = []

    def pool(count):
        asked.append(count)
        return ThreadPoolExecutor(count)

    monkeypatch.setattr(convergence, "ThreadPoolExecutor", pool)
    monkeypatch.setattr(hashed_ngrams, "ThreadPoolExecutor", pool)
    monkeypatch.setattr(hashed_ngrams, "CHUNK_TEXTS", 4)
    model = linear[1]()
    report(model, train, valid, runtime=Runtime(threads=threads))
    model.save(tmp_path)
    type(model).load(tmp_path, Runtime(threads=threads)).encode(train.texts)
    assert set(asked) <= {threads}
    assert (threads == 1) or asked


def test_each_strength_answers_for_its_own_convergence():
    """All at the same time: the warnings of one solver are not another's."""
    generator = np.random.default_rng(0)
    features = csr_array(generator.normal(size=(200, 30)))
    labels = features @ generator.normal(size=30) + generator.normal(size=200) > 0
    found = convergence.solve_each(
        LogisticRegression(solver="newton-cg", tol=1e-8),
        [1e-6, 1e4, 1e-6, 1e4],
        features,
        labels,
        np.ones(200),
        [convergence.Attempt(iterations=4, dtype=np.float64)],
    )
    assert [solution.converged for solution in found] == [True, False, True, False]
    assert [solution.classifier.C for solution in found] == [1e-6, 1e4, 1e-6, 1e4]


def test_an_attempt_goes_on_where_the_one_before_stopped_short():
    features, labels, weights = csr_array(np.eye(4)), np.array([0, 1, 0, 1]), np.ones(4)
    attempts = [convergence.Attempt(1, np.float32), convergence.Attempt(100, np.float64)]
    classifier = LogisticRegression(solver="newton-cg", tol=1e-10, warm_start=True)

    def solve(attempts):
        return convergence.solve_each(classifier, [10.0], features, labels, weights, attempts)[0]

    assert not solve(attempts[:1]).converged
    assert solve(attempts).converged
    assert solve(attempts).classifier.n_iter_[0] < solve(attempts[1:]).classifier.n_iter_[0]
    assert not hasattr(classifier, "coef_")


def test_warnings_are_heard_elsewhere_again_afterwards(linear, train, valid, recwarn):
    report(linear[1](), train, valid)
    warnings.warn("heard", UserWarning, stacklevel=1)
    assert [str(warning.message) for warning in recwarn] == ["heard"]


def test_a_subclass_of_another_name_is_loaded_again(linear, train, valid, tmp_path):
    """As a plug-in's class is."""

    class Derived(linear[1]):
        name = "derived"

    model = Derived()
    report(model, train, valid)
    model.save(tmp_path)
    np.testing.assert_array_equal(
        Derived.load(tmp_path).score(model.encode(valid.texts)), model.score(model.encode(valid.texts))
    )
    with pytest.raises(ValueError, match="derived"):
        linear[1].load(tmp_path)
