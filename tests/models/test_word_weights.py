"""Shares of words add up to the decision function, with repeated words, collisions and any number of classes."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.registry.model_contract import easy_texts
from losses.ce import CrossEntropy
from models import tfidf_logreg
from models.linear.hashed_ngrams import hashed_ngrams, hashed_runs
from models.linear.word_shares import word_shares
from models.lstm import Lstm
from models.nbsvm import NbSvm
from models.tfidf_logreg import TfidfLogReg

CLASSES = ("negative", "positive", "neither")
TEXTS = [
    "", "?", "superb", "unheard", "superb superb superb", "The film was DULL, dull! Isn't it? A plot with the actor.",
    "a film of the actor was a film of the actor was awful", "İstanbul’da — naïve film", "\ud800 great",
]  # fmt: skip


def fitted(model, classes):
    train = easy_texts(48, classes=classes)
    model.fit(train, easy_texts(24, seed=1, classes=classes), CrossEntropy(train.lengths, train.labels))
    return model


def decision(model, text):
    """(C,) in float64, from the features and the learnt numbers."""
    features = model.encode([text]).features.astype(np.float64)
    if isinstance(model, NbSvm):
        coefficients, intercepts = model._coefficients, model._intercepts
    else:
        coefficients, intercepts = model._classifier.coef_.T, model._classifier.intercept_
    logits = (features @ coefficients.astype(np.float64) + intercepts)[0]
    return np.array([-logits[0], logits[0]]) if len(logits) == 1 else logits


@pytest.mark.parametrize("collisions", [False, True])
@pytest.mark.parametrize("classes", [CLASSES[:2], CLASSES], ids=len)
@pytest.mark.parametrize(("analyzer", "ngrams"), [("word", 1), ("word", 2), ("word", 3), ("char_wb", 2)])
@pytest.mark.parametrize("kind", [TfidfLogReg, NbSvm])
def test_shares_and_intercept_are_the_decision_function(kind, analyzer, ngrams, classes, collisions, monkeypatch):
    settings = {"analyzer": analyzer, "ngrams": ngrams, "C": 10.0}
    if collisions:
        monkeypatch.setattr(tfidf_logreg, "BITS", 4)
        settings |= {"bits": 4} if kind is NbSvm else {}
    model = fitted(kind(**settings), classes)
    for text in TEXTS:
        weights = model.word_weights(text)
        assert weights.added.shape == (len(weights.words), len(classes))
        np.testing.assert_allclose(weights.intercept + weights.added.sum(axis=0), decision(model, text), atol=1e-6)


@pytest.mark.parametrize("kind", [TfidfLogReg, NbSvm])
def test_words_are_those_the_model_reads_and_unknown_ones_add_nothing(kind):
    model = fitted(kind(C=10.0, analyzer="word"), CLASSES[:2])
    weights = model.word_weights("Unheard, superb! isn't")
    assert weights.words == ("unheard", ",", "superb", "!", "isn't")
    superb = weights.added[2]
    assert superb[1] > 0 > superb[0]
    np.testing.assert_array_equal(np.delete(weights.added, 2, axis=0), 0)


@pytest.mark.parametrize("kind", [TfidfLogReg, NbSvm])
def test_weights_are_of_one_word_where_features_are_words(kind):
    model = fitted(kind(C=10.0, ngrams=1, analyzer="word"), CLASSES[:2])
    weights = model.word_weights("superb dull superb")
    np.testing.assert_array_equal(weights.added[0], weights.added[2])  # an occurrence as much as the other
    assert weights.added[1, 0] > 0 > weights.added[1, 1]


def test_a_network_has_none():
    assert Lstm().word_weights("a film") is None


def test_a_pair_s_part_is_split_between_its_words():
    runs = [np.array([0, -1, 1]), np.array([2, 3])]  # a, unknown, b; "a x" in 2, "x b" in 3
    features = np.array([[1.0, 2.0, 3.0, 4.0]])
    coefficients = np.array([[1.0], [10.0], [100.0], [1000.0]])
    assert word_shares(runs, features, coefficients)[:, 0].tolist() == [1 + 150, 150 + 2000, 2000 + 20]


def test_runs_that_collide_share_their_column():
    runs = [np.array([0, 0]), np.array([0])]
    shares = word_shares(runs, np.array([[6.0]]), np.array([[1.0, -2.0]]))
    np.testing.assert_allclose(shares, [[3.0, -6.0], [3.0, -6.0]])  # a third each, the pair's halved


@given(st.text(alphabet=st.one_of(st.characters(), st.sampled_from("abAB'’!? .,-_İΣßé漢\n"))))
def test_runs_are_in_the_buckets_of_the_features(text):
    words, runs = hashed_runs(text, 3, 20)
    assert [len(run) for run in runs] == [max(0, len(words) - before) for before in range(3)]
    assert set(np.concatenate(runs).tolist()) == set(hashed_ngrams([text], 3, 20).indices.tolist())
    assert all(hashed_runs(word, 1, 20) == ([word], [run]) for word, run in zip(words, runs[0], strict=True))
