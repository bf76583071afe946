import numpy as np
import pytest
from scipy.special import expit
from sklearn.feature_extraction.text import TfidfVectorizer

from data.dataset import Split
from losses.ce import CrossEntropy
from losses.length_weighted_ce import LengthWeightedCrossEntropy
from models import tfidf_logreg
from models.linear.hashed_ngrams import hashed_runs
from models.tfidf_logreg import TfidfLogReg


def fit(train, valid, loss=CrossEntropy, **settings):
    model = TfidfLogReg(**settings)
    return model, model.fit(train, valid, loss(train.lengths, train.labels))


def test_the_loss_weighs_the_training_texts(train, valid):
    plain, _ = fit(train, valid, C=1.0)
    weighted, _ = fit(train, valid, LengthWeightedCrossEntropy, C=1.0)
    assert not np.allclose(plain.score(plain.encode(valid.texts)), weighted.score(weighted.encode(valid.texts)))


def test_a_mark_counts_where_training_has_it(train, valid):
    texts = tuple(f"{text} !" for text in train.texts)
    model, _ = fit(Split(texts, train.labels, train.lengths, train.rows, train.class_names), valid, analyzer="word")
    assert model.encode(["!"]).known == [1]
    assert model.encode(["?"]).known == [0]


def test_the_weakest_regularisation_has_an_optimum_too(valid):
    random = np.random.default_rng(0)
    words = random.zipf(1.3, size=(1_000, 200)) % 20_000
    texts = tuple(" ".join(f"w{word}" for word in row) for row in words)
    labels = random.integers(2, size=1_000)
    train = Split(texts, labels, np.full(1_000, 200), np.arange(1_000), valid.class_names)
    model, report = fit(train, valid, C=1e6)
    assert report.converged
    features = model.encode(texts).features.astype(np.float64)
    score = features @ model._classifier.coef_[0].astype(np.float64) + model._classifier.intercept_[0]
    gradient = features.T @ (expit(score) - labels) / 1_000 + model._classifier.coef_[0] / (1e6 * 1_000)
    assert np.abs(gradient).max() < 1e-6


@pytest.mark.parametrize("ngrams", [1, 2, 3])
def test_features_are_those_of_scikit_learn(train, valid, ngrams):
    model, _ = fit(train, valid, ngrams=ngrams, min_df=3, C=1.0, analyzer="word")
    stock = TfidfVectorizer(
        ngram_range=(1, ngrams),
        min_df=3,
        sublinear_tf=True,
        token_pattern=r"""\w+(?:'\w+)*|[!?.,:;()"]""",
        dtype=np.float32,
    ).fit(train.texts)
    terms = stock.get_feature_names_out()
    columns = np.array([hashed_runs(term, ngrams, tfidf_logreg.BITS)[1][term.count(" ")][0] for term in terms])
    assert len(set(columns.tolist())) == len(columns)  # so few terms do not meet
    np.testing.assert_array_equal(np.sort(columns), np.sort(model._terms.known.columns))
    features = model.encode(valid.texts).features.toarray()
    expected = stock.transform(valid.texts).toarray()
    np.testing.assert_allclose(features[:, model._terms.known.places(columns)], expected, rtol=1e-5)


def test_a_classifier_of_another_vocabulary_is_refused(train, valid, tmp_path):
    one, _ = fit(train, valid, analyzer="word")
    other, _ = fit(train, valid, ngrams=1, analyzer="word")
    one.save(tmp_path)
    (tmp_path / "other").mkdir()
    other.save(tmp_path / "other")
    (tmp_path / "other" / tfidf_logreg.CLASSIFIER_FILE).replace(tmp_path / tfidf_logreg.CLASSIFIER_FILE)
    with pytest.raises(ValueError, match="do not belong together"):
        TfidfLogReg.load(tmp_path)
