import json

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file
from scipy.sparse import hstack
from sklearn.linear_model import LogisticRegression

from data.dataset import Split
from losses.ce import CrossEntropy
from losses.length_weighted_ce import LengthWeightedCrossEntropy
from models import nbsvm
from models.linear.hashed_ngrams import hashed_ngrams
from models.nbsvm import NbSvm, log_count_ratio


def fit(train, valid, loss=CrossEntropy, **settings):
    model = NbSvm(**settings)
    return model, model.fit(train, valid, loss(train.lengths, train.labels))


def scores(model, texts):
    return model.score(model.encode(texts))


def split(texts, labels, class_names):
    lengths = np.array([len(text.split()) for text in texts])
    return Split(tuple(texts), np.array(labels), lengths, np.arange(len(texts)), class_names)


def test_ratios_are_those_of_wang_and_manning():
    texts = ("good good film", "good plot", "bad film", "dull")
    features = nbsvm._held(hashed_ngrams(texts, 1, 20))
    ratio = log_count_ratio(features, np.array([True, True, False, False]), np.ones(4, dtype=np.float32), 1.0)
    # With one added to each, of 2^20 features: good is in 2 positive texts and 0 negative, film in 1 and 1.
    rest = np.log((2**20 + 4) / (2**20 + 3))
    (good,), (film,) = (hashed_ngrams([word], 1, 20).indices for word in ("good", "film"))
    assert ratio[good] == pytest.approx(np.log(3 / 1) - rest, abs=1e-5)
    assert ratio[film] == pytest.approx(np.log(2 / 2) - rest, abs=1e-5)


def test_an_n_gram_that_a_small_class_lacks_speaks_against_it():
    """One text is of the class: with one constant for both sides, words of the other nine texts would speak for it."""
    texts = ("rare words here", *["common words there"] * 8, "lone")
    inside = np.arange(10) == 0
    ratio = log_count_ratio(hashed_ngrams(texts, 1, 8), inside, np.ones(10, dtype=np.float32), 1.0)
    rare, words, common, lone = (
        float(ratio[hashed_ngrams([word], 1, 8).indices].item()) for word in ("rare", "words", "common", "lone")
    )
    # Smoothing 0.2 inside and 1.8 outside, over 256 features; 3 counts inside and 25 outside.
    assert rare == pytest.approx(np.log((1.2 / (0.2 * 256 + 3)) / (1.8 / (1.8 * 256 + 25))), abs=1e-5)
    assert common < lone < 0 < words < rare


def test_a_text_s_weight_counts_it_as_often_in_the_ratios():
    texts = ("good", "good", "bad")
    inside = np.array([True, True, False])
    twice = log_count_ratio(hashed_ngrams(texts, 1, 16), inside, np.ones(3, dtype=np.float32), 1.0)
    once = log_count_ratio(hashed_ngrams(texts[1:], 1, 16), inside[1:], np.array([2, 1], dtype=np.float32), 1.0)
    np.testing.assert_allclose(twice, once, rtol=1e-6)


def test_the_loss_weighs_the_training_texts(train, valid):
    plain, _ = fit(train, valid, C=1.0)
    weighted, _ = fit(train, valid, LengthWeightedCrossEntropy, C=1.0)
    assert not np.allclose(scores(plain, valid.texts), scores(weighted, valid.texts))


@pytest.mark.parametrize("C", [0.3, 3.0])
def test_the_classifier_is_the_one_that_newton_s_method_finds(train, valid, C):  # noqa: N803
    """Few texts, most of one class: their intercept matters, and is found as if little held it back."""
    rare = train.take(np.flatnonzero((train.labels == 0) | (np.arange(len(train)) < 8)))
    model, _ = fit(rare, valid, C=C, analyzer="word", min_df=3)
    features = model.encode(rare.texts).features
    ratio = log_count_ratio(features, rare.labels == 1, np.ones(len(rare), dtype=np.float32), model.smoothing)
    scaled = hstack([features.multiply(ratio), np.full((len(rare), 1), nbsvm.INTERCEPT_SCALING)]).tocsr()
    newton = LogisticRegression(C=C, solver="newton-cg", tol=1e-9, fit_intercept=False).fit(scaled, rare.labels)
    found = [*model._coefficients[:, 0] / ratio, model._intercepts[0] / nbsvm.INTERCEPT_SCALING]
    np.testing.assert_allclose(found, newton.coef_[0], atol=1e-4)
    free = LogisticRegression(C=C, solver="newton-cg", tol=1e-9).fit(scaled[:, :-1], rare.labels)
    assert model._intercepts[0] == pytest.approx(free.intercept_[0], rel=0.25)


def test_word_pairs_tell_what_words_cannot(monkeypatch):
    monkeypatch.setattr(nbsvm, "TOLERANCE", 1e-8)
    texts = ["not good but bad", "not bad but good"] * 10
    both = split(texts, [0, 1] * 10, ("negative", "positive"))
    pairs, _ = fit(both, both, C=10.0, analyzer="word")
    words, _ = fit(both, both, C=10.0, analyzer="word", ngrams=1)
    assert (scores(pairs, texts).argmax(axis=1) == both.labels).all()
    np.testing.assert_allclose(scores(words, texts), 0.5, atol=1e-6)


def test_rare_n_grams_are_left_out(train, valid):
    every, few = (fit(train, valid, C=1.0, min_df=least, analyzer="word")[0] for least in (1, 5))
    assert (few.encode(valid.texts).known < every.encode(valid.texts).known).all()
    with pytest.raises(ValueError, match="min_df=1000"):
        fit(train, valid, min_df=1000)


def test_each_of_three_classes_is_learnt():
    texts = ["good film", "bad film", "odd film"] * 8
    three = split(texts, [0, 1, 2] * 8, ("good", "bad", "odd"))
    model, report = fit(three, three, C=10.0)
    assert (scores(model, texts).argmax(axis=1) == three.labels).all()
    assert report.parameters == 3 * (model.encode(texts).features.shape[1] + 1)


def test_a_text_without_a_known_word_and_no_text_at_all_are_scored(train, valid):
    model, _ = fit(train, valid, C=1.0)
    assert scores(model, ["", "Ξένο", "\ud800"]).shape == (3, 2)
    assert scores(model, []).shape == (0, 2)


def test_scores_of_one_text_are_the_very_same_in_any_batch(train, valid):
    model, _ = fit(train, valid, C=1.0)
    many = valid.texts * 20
    np.testing.assert_array_equal(scores(model, many), np.concatenate([scores(model, [text]) for text in many]))


@pytest.mark.parametrize(
    "damage",
    [
        lambda arrays: arrays | {"intercepts": np.zeros(2, dtype=np.float32)},
        lambda arrays: arrays | {"buckets": np.zeros_like(arrays["buckets"])},
        lambda arrays: arrays | {"buckets": arrays["buckets"] + (1 << 22)},
        lambda arrays: arrays | {"coefficients": arrays["coefficients"].astype(np.float64)},
        lambda arrays: {"buckets": arrays["buckets"]},
    ],
)
def test_arrays_that_do_not_belong_together_are_refused(train, valid, tmp_path, damage):
    fit(train, valid, C=1.0)[0].save(tmp_path)
    path = tmp_path / nbsvm.WEIGHTS_FILE
    save_file(damage(load_file(path)), path)
    with pytest.raises(ValueError, match="holds no saved nbsvm model"):
        NbSvm.load(tmp_path)


def test_another_model_s_settings_are_refused(train, valid, tmp_path):
    fit(train, valid, C=1.0)[0].save(tmp_path)
    path = tmp_path / nbsvm.CONFIG_FILE
    path.write_text(json.dumps(json.loads(path.read_text()) | {"model": "tfidf_logreg"}))
    with pytest.raises(ValueError, match="holds no saved nbsvm model"):
        NbSvm.load(tmp_path)
