import itertools
from collections import Counter

import numpy as np
import pytest
import regex
from hypothesis import given
from hypothesis import strategies as st

from models.linear import hashed_ngrams as module
from models.linear.hashed_ngrams import MOST_BITS, hashed_ngrams

LETTERS = f"[{module.IN_WORDS}]+"
WORD = regex.compile(rf"""{module.SYMBOL.pattern}|{LETTERS}(?:'{LETTERS})*|[!?.,:;()"]""")


def words_of(text):
    return WORD.findall(text.lower())


def buckets(text, ngrams=1, bits=MOST_BITS):
    """How often the text holds each."""
    found = hashed_ngrams([text], ngrams, bits)
    return dict(zip(found.indices.tolist(), found.data.tolist(), strict=True))


def expected(text, ngrams):
    """From words found one by one, and hashed one by one."""
    words = words_of(text)
    runs = [tuple(words[i : i + n]) for n in range(1, ngrams + 1) for i in range(len(words) - n + 1)]
    return Counter(map(hash_of, runs))


def hash_of(words, bits=MOST_BITS):
    def scatter(number):
        return number * int(module.SCATTER) % 2**64

    run = 0
    for word in words:
        value = sum(int(module.BYTE_VALUES[b]) * pow(module.BASE, i, 2**64) for i, b in enumerate(word.encode()))
        value %= 2**64
        run = (run * int(module.NEXT_WORD) + scatter(value ^ (value >> 32))) % 2**64
    return scatter(run) >> (64 - bits)


@pytest.mark.parametrize("ngrams", [1, 2, 3])
@given(st.text(alphabet=st.one_of(st.characters(), st.sampled_from("abAB'’!? .,-_İΣßé漢हि🙂👍🏽\u200d\ufe0f\n\xff"))))
def test_runs_are_those_found_word_by_word(ngrams, text):
    assert buckets(text, ngrams) == expected(text, ngrams)


def test_words_are_lower_case_and_keep_their_apostrophes_and_marks():
    assert buckets("Don't STOP!") == buckets("stop ! don't") != buckets("stop don t !")
    assert buckets("'quoted'") == buckets("quoted")
    assert buckets("well-made — film…") == buckets("well made film")
    assert buckets('(7/10: "odd", but; fun.)?') == buckets('( 7 10 : " odd " , but ; fun . ) ?')


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("कि", "की"),  # Hindi: two vowel signs
        ("ดี", "ดู"),  # Thai
        ("عَلِمَ", "عُلِمَ"),  # Arabic with vowels
        ("re\u0301sume\u0301", "resume"),  # accents as combining marks
        ("good 🙂", "good 🙁"),
        ("❤️", "💔"),
        ("👍🏽", "👎🏽"),
    ],
)
def test_marks_and_symbols_tell_words_apart(one, other):
    assert buckets(one) != buckets(other)
    assert len(buckets(one)) == len(one.split())


def test_a_symbol_is_a_word_of_its_own():
    assert buckets("fun🙂🙂fun") == buckets("fun 🙂 🙂 fun")
    assert buckets("👩‍🚀") == {next(iter(buckets("👩‍🚀"))): 1.0}


def test_different_words_have_different_buckets():
    words = [f"{a}{b}" for a in "abcdefghij" for b in range(200)]
    found = hashed_ngrams(words, 1, MOST_BITS).indices
    assert len(found) == len(words)
    assert len(set(found.tolist())) >= len(words) - 2  # 2,000 of 16.8 million: 0.1 pairs are expected to meet


def test_buckets_are_used_evenly():
    found = hashed_ngrams([f"word{n}" for n in range(4096)], 1, 16).indices
    counts = np.bincount(found >> 8, minlength=256)  # 16 each are expected
    assert ((counts - 16) ** 2 / 16).sum() < 340  # chi-squared with 255 degrees of freedom: p about 0.0003


def test_no_run_crosses_from_one_text_into_the_next():
    both = hashed_ngrams(["a b", "c d"], 2, MOST_BITS)
    assert [row.indices.tolist() for row in (both[[0]], both[[1]])] == [[*buckets("a b", 2)], [*buckets("c d", 2)]]


def test_a_run_is_counted_as_often_as_it_occurs():
    assert sorted(hashed_ngrams(["a a a a", "b"], 2, MOST_BITS).data.tolist()) == [1.0, 3.0, 4.0]  # b; a a; a


@pytest.mark.parametrize("bits", [1, 16, MOST_BITS])
def test_chunks_of_texts_change_nothing(monkeypatch, bits):
    texts = ["", "one", "one two " * 50, "!", *(f"text number {n}" for n in range(300)), ""]
    alone = [hashed_ngrams([text], 2, bits).indices.tolist() for text in texts]
    for texts_at_a_time, characters in ((128, 1 << 18), (256, 10), (1, 1)):
        monkeypatch.setattr(module, "CHUNK_TEXTS", texts_at_a_time)
        monkeypatch.setattr(module, "CHUNK_CHARACTERS", characters)
        together = hashed_ngrams(texts, 2, bits)
        assert together.shape == (len(texts), 1 << bits)
        ends = together.indptr
        assert [together.indices[a:b].tolist() for a, b in itertools.pairwise(ends)] == alone


def test_no_texts_are_no_rows():
    assert hashed_ngrams([], 2, 16).shape == (0, 1 << 16)
