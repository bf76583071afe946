import numpy as np
import pytest
from sklearn.feature_extraction.text import TfidfVectorizer

from losses.ce import CrossEntropy
from losses.length_weighted_ce import LengthWeightedCrossEntropy
from models import tfidf_logreg
from models.model import select
from models.tfidf_logreg import C_GRID, TfidfLogReg


def fit(train, valid, loss=CrossEntropy, **settings):
    model = TfidfLogReg(**settings)
    return model, model.fit(train, valid, loss(train.lengths))


def test_c_is_the_one_with_the_highest_accuracy_on_validation(train, valid):
    _, report = fit(train, valid)
    assert [step["C"] for step in report.history] == list(C_GRID)
    assert report.selected == select(report.history)


def test_a_given_c_is_not_searched(train, valid):
    _, report = fit(train, valid, C=7.0)
    assert [step["C"] for step in report.history] == [7.0]


def test_convergence_is_recorded(train, valid, monkeypatch):
    assert fit(train, valid)[1].converged is True
    monkeypatch.setattr(tfidf_logreg, "MAX_ITERATIONS", 1)
    assert fit(train, valid)[1].converged is False


def test_the_loss_weighs_the_training_texts(train, valid):
    plain, _ = fit(train, valid, C=1.0)
    weighted, _ = fit(train, valid, LengthWeightedCrossEntropy, C=1.0)
    assert not np.allclose(plain.score(plain.encode(valid.texts)), weighted.score(weighted.encode(valid.texts)))


def test_exclamation_and_question_marks_are_words(train, valid):
    texts = tuple(f"{text} !" for text in train.texts)
    model, _ = fit(train.__class__(texts, train.labels, train.lengths, train.rows, train.class_names), valid)
    assert "!" in model._vectorizer.vocabulary_


def test_features_are_those_of_scikit_learn(train, valid):
    model, _ = fit(train, valid)
    stock = TfidfVectorizer(
        ngram_range=(1, 2), min_df=2, sublinear_tf=True, token_pattern=tfidf_logreg.TOKEN, dtype=np.float32
    ).fit(train.texts)
    np.testing.assert_allclose(
        model.encode(valid.texts).features.toarray(), stock.transform(valid.texts).toarray(), rtol=1e-6
    )


def test_a_classifier_of_another_vocabulary_is_refused(train, valid, tmp_path):
    one, _ = fit(train, valid)
    other, _ = fit(train, valid, ngrams=1)
    one.save(tmp_path)
    (tmp_path / "other").mkdir()
    other.save(tmp_path / "other")
    (tmp_path / "other" / tfidf_logreg.CLASSIFIER_FILE).replace(tmp_path / tfidf_logreg.CLASSIFIER_FILE)
    with pytest.raises(ValueError, match="do not belong together"):
        TfidfLogReg.load(tmp_path)
