"""Token ids by words, against the tokenizers themselves."""

from functools import cache

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tokenizers import Tokenizer

from data.dataset import DataError
from data.imdb_packaged import ImdbPackaged
from models.encoder.auto import read_tokenizer_file
from models.encoder.weights import packaged_minilm
from models.linear import piece_ids
from models.linear.piece_ids import PieceReader

TEXTS = [
    "The film, it's a so-so plot!  (8/10)",
    "",
    "  \t\n ",
    "naïve café – “quoted” … 東京タワー Ωmega",
    "a\x01b \x00c\x7fd e\x0bf g\u00a0h i\u3000j \u200bk",
    "don't @home #tag $5 50% a_b x^2 `y` {z} [w] ~v|u\\t",
    "word" * 60,
    "e\u0301 \u0301e !\u0301",
]


@cache
def bert_once():
    return read_tokenizer_file(packaged_minilm() / "tokenizer.json")


@pytest.fixture
def bert():
    return bert_once()


def ids(pieces):
    return [own.tolist() for own in np.split(pieces.ids, pieces.ends[:-1])] if len(pieces) else []


def expected(tokenizer, texts):
    return [found.ids for found in tokenizer.encode_batch(list(texts), add_special_tokens=False)]


def test_odd_texts_have_the_tokenizer_s_ids(bert):
    reader = PieceReader(bert)
    for _ in range(2):  # a second time, every word is known
        assert ids(reader.read(TEXTS)) == expected(bert, TEXTS)
    assert ids(reader.read([])) == []
    assert reader.read(TEXTS).counts.tolist() == list(map(len, expected(bert, TEXTS)))


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=30), max_size=5))
def test_any_text_has_the_tokenizer_s_ids(texts):
    assert ids(PieceReader(bert_once()).read(texts)) == expected(bert_once(), texts)


def test_reviews_have_the_tokenizer_s_ids_whatever_the_threads(bert):
    try:
        reviews = ImdbPackaged().load().train.texts[::60]
    except DataError as error:
        pytest.skip(str(error))
    assert len(reviews) > 2 * 128
    reader = PieceReader(bert)
    assert ids(reader.read(reviews, threads=2)) == expected(bert, reviews)
    assert ids(reader.read(reviews)) == expected(bert, reviews)


def test_words_that_share_a_slot_are_told_apart(bert, monkeypatch):
    monkeypatch.setattr(piece_ids, "SLOT_BITS", 2)
    reader = PieceReader(bert)
    for _ in range(2):
        assert ids(reader.read(TEXTS)) == expected(bert, TEXTS)


def test_words_are_forgotten_before_they_fill_the_memory(bert, monkeypatch):
    monkeypatch.setattr(piece_ids, "MOST_WORDS", 3)
    reader = PieceReader(bert)
    for text in ("one two three four five", "six seven", "one six"):
        assert ids(reader.read([text])) == expected(bert, [text])
    assert len(reader._memory) == 3  # of the last two texts


@pytest.mark.parametrize("architecture", ["roberta", "xlm-roberta"])
def test_other_tokenizers_read_whole_texts(tiny_encoder, architecture):
    tokenizer = read_tokenizer_file(tiny_encoder(architecture) / "tokenizer.json")
    assert isinstance(tokenizer, Tokenizer)
    assert ids(PieceReader(tokenizer).read(TEXTS)) == expected(tokenizer, TEXTS)
