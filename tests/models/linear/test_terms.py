"""Which analyzers are tried, how rare a term may be, and that the better analyzer is kept."""

import numpy as np
import pytest
from safetensors.numpy import load_file

from data.dataset import Split
from losses.ce import CrossEntropy
from models.linear.terms import Terms, analyzers, least_frequency
from models.model import Runtime
from models.nbsvm import NbSvm
from models.tfidf_logreg import TfidfLogReg

CHARACTERS = "天地玄黄宇宙洪荒日月盈昃辰宿列张寒来暑往秋收冬藏"


def split(texts, labels=None, words=None):
    labels = np.arange(len(texts)) % 2 if labels is None else np.array(labels)
    lengths = np.array([len(text.split()) for text in texts]) if words is None else np.full(len(texts), words)
    return Split(tuple(texts), labels, lengths, np.arange(len(texts)), ("no", "yes"))


def unspaced(count, seed):
    """Texts of a word each, a word that occurs once; a character in it tells the class."""
    generator = np.random.default_rng(seed)
    letters = list(CHARACTERS)
    texts = ["".join(generator.choice(letters, 12)) + "好坏"[label % 2] + "了" for label in range(count)]
    return split(texts, np.arange(count) % 2)


def fit(model, train, valid):
    return model.fit(train, valid, CrossEntropy(train.lengths, train.labels))


@pytest.mark.parametrize(
    ("text", "words", "texts", "expected"),
    [
        ("a film of some words", 230, 10, ("word",)),
        ("a short text", 20, 10, ("word", "char_wb")),
        ("a short text", 90, 120_000, ("word",)),  # 21.6 million words times classes
        ("漢字仮名交じり文" * 400, 110, 10, ("word", "char_wb")),  # long, but a word is a sentence
        ("", 0, 10, ("word", "char_wb")),
    ],
)
def test_both_are_tried_where_characters_may_be_better(text, words, texts, expected):
    train = split([text] * texts, words=words)
    assert analyzers("auto", train) == expected
    assert analyzers("word", train) == ("word",)
    assert analyzers("char_wb", train) == ("char_wb",)


@pytest.mark.parametrize(
    ("texts", "words", "expected"), [(100, 20, 1), (1000, 230, 2), (2000, 230, 3), (25_000, 230, 3), (10_000, 40, 3)]
)
def test_a_term_may_be_the_rarer_the_fewer_words_there_are(texts, words, expected):
    train = split(["a"] * texts, words=words)
    assert least_frequency(None, train) == expected
    assert least_frequency(7, train) == 7


def test_a_term_of_too_few_texts_is_not_known():
    texts = ["a b", "b", "b c c"]
    terms, counts = Terms.of(texts, analyzer="word", ngrams=1, bits=20, min_df=2, threads=1)
    assert counts.toarray().tolist() == [[1], [1], [1]]
    known, of_all = terms.count(["b b c", ""], 1)
    assert (known.toarray().tolist(), of_all.tolist()) == ([[2], [0]], [2, 0])


@pytest.mark.parametrize("kind", [NbSvm, TfidfLogReg])
def test_auto_keeps_what_is_better_on_validation(kind, tmp_path):
    train, valid, test = unspaced(200, 0), unspaced(60, 1), unspaced(100, 2)
    model = kind()
    report = fit(model, train, valid)
    assert {entry["characters"] for entry in report.history} == {1.0}
    scores = model.score(model.encode(test.texts))
    assert (scores.argmax(axis=1) == test.labels).mean() > 0.9
    words = kind(analyzer="word")
    fit(words, train, valid)
    assert (words.score(words.encode(test.texts)).argmax(axis=1) == test.labels).mean() < 0.7
    model.save(tmp_path)
    loaded = kind.load(tmp_path, Runtime(threads=2))
    assert loaded.analyzer == "char_wb"
    np.testing.assert_array_equal(loaded.score(loaded.encode(test.texts)), scores)


@pytest.mark.parametrize("kind", [NbSvm, TfidfLogReg])
def test_a_saved_model_that_names_no_analyzer_is_refused(kind, train, valid, tmp_path):
    model = kind(C=1.0)
    fit(model, train, valid)
    model.save(tmp_path)
    path = tmp_path / "config.json"
    path.write_text(path.read_text().replace('"word"', '"auto"').replace('"char_wb"', '"auto"'))
    with pytest.raises(ValueError, match=r"config.json does not say which analyzer was chosen$"):
        kind.load(tmp_path)


@pytest.mark.parametrize("kind", [NbSvm, TfidfLogReg])
def test_characters_explain_texts_without_spaces(kind):
    train, valid = unspaced(200, 0), unspaced(60, 1)
    model = kind(analyzer="char_wb")
    fit(model, train, valid)
    weights = model.word_weights("天地好了")
    assert weights.words == ("天", "地", "好", "了")
    assert weights.added[:, 0].argmax() == 2  # of the first class


@pytest.mark.parametrize("kind", [NbSvm, TfidfLogReg])
def test_long_texts_are_read_as_words_only(kind, tmp_path):
    generator = np.random.default_rng(0)
    texts = [" ".join(f"w{n}" for n in generator.integers(50, size=150)) for _ in range(30)]
    model = kind(C=1.0)
    report = fit(model, split(texts), split(texts))
    assert [entry["characters"] for entry in report.history] == [0.0]
    model.save(tmp_path)
    assert load_file(next(tmp_path.glob("*.safetensors")))
