"""Character n-grams are those of scikit-learn's char_wb, in buckets of their own."""

from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.linear import hashed_ngrams as module
from models.linear.char_ngrams import hashed_char_ngrams, hashed_char_runs
from models.linear.hashed_ngrams import MOST_BITS

TEXTS = st.text(alphabet=st.one_of(st.characters(), st.sampled_from("abAB'!? .,İΣßé漢字ดี🙂\u0301\u200d\xa0\n\xff")))


def buckets(text, longest=5):
    """How often the text holds each."""
    found = hashed_char_ngrams([text], longest, MOST_BITS)
    return Counter(dict(zip(found.indices.tolist(), found.data.astype(int).tolist(), strict=True)))


def runs(text, longest=5):
    """Every run within each word and its two spaces, one by one."""
    padded = [f" {word} " for word in text.lower().split()]
    return [
        word[start : start + length]
        for word in padded
        for length in range(1, longest + 1)
        for start in range(len(word) - length + 1)
        if word[start : start + length] != " "
    ]


def hash_of(run):
    def scatter(number):
        return number * int(module.SCATTER) % 2**64

    value = 0
    for character in run:
        number = ord(character) + 1
        value = (value * int(module.NEXT_WORD) + scatter(number ^ (number >> 32))) % 2**64
    return scatter(value) >> (64 - MOST_BITS)


@pytest.mark.parametrize("longest", [1, 2, 3, 5])
@given(TEXTS)
def test_runs_are_those_found_character_by_character(longest, text):
    assert buckets(text, longest) == Counter(map(hash_of, runs(text, longest)))


def test_no_run_crosses_from_one_word_or_text_into_the_next():
    assert buckets("ab cd") == buckets("ab") + buckets("cd")
    together = hashed_char_ngrams(["ab", "", "cd ab"], 5, MOST_BITS)
    assert [row.indices.tolist() for row in (together[[0]], together[[1]], together[[2]])] == [
        sorted(buckets("ab")),
        [],
        sorted(buckets("ab cd")),
    ]


def test_neither_chunks_nor_threads_change_anything(monkeypatch):
    texts = ["", "one", "one two " * 50, "漢字", *(f"text number {n}" for n in range(300)), ""]
    expected = hashed_char_ngrams(texts, 5, 22)
    for at_a_time, threads in ((1, 1), (7, 3), (256, 2)):
        monkeypatch.setattr(module, "CHUNK_TEXTS", at_a_time)
        found = hashed_char_ngrams(texts, 5, 22, threads)
        for name in ("indptr", "indices", "data"):
            np.testing.assert_array_equal(getattr(found, name), getattr(expected, name))


def test_different_runs_have_different_buckets():
    words = [f"{a}{b}" for a in "abcdefghij" for b in "漢字仮名交じり文アイウエオ"]
    found = hashed_char_ngrams(["".join(words)], 2, MOST_BITS)
    assert found.nnz == len(set(runs("".join(words), 2)))


@given(TEXTS)
def test_every_character_but_a_space_belongs_to_one_unit(text):
    units, owners, found = hashed_char_runs(text, 5, MOST_BITS)
    spaced = " ".join(["", *text.lower().split(), ""]) if text.split() else ""
    assert [c == " " for c in spaced] == [owner == -1 for owner in owners]
    assert "".join(units) == spaced.replace(" ", "")
    assert Counter(np.concatenate(found)[np.concatenate(found) >= 0].tolist()) == buckets(text)


def test_units_are_words_or_characters_of_scripts_without_spaces():
    assert hashed_char_runs("Tokio 東京 ดีมาก!", 3, 20)[0] == ["tokio", "東", "京", "ดี", "ม", "า", "ก", "!"]
