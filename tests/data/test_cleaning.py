import time
import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from data.cleaning import clean, count_words

PIECES = [
    "&",
    "amp;",
    "amp",
    "lt;",
    "gt;",
    "#38;",
    "#x26;",
    "#97;",
    "mp;",
    "&copy",
    "=",
    "<",
    ">",
    "br",
    "/",
    " ",
    "\x00",
    "a",
]
PIECES += ["́", "̸", "&#824;", "&#769;", ";", "&#894;", "e", "K", "ཱི", "&#99999999;", "&#xD800;"]
MARKUP = st.lists(st.sampled_from(PIECES), max_size=40).map("".join)


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("Good.<br /><br />Bad.", "Good. Bad."),
        ("a<BR>b<br/>c< br / >d</br>e", "a b c d e"),
        ("fish &amp; chips &quot;caf&eacute;&quot; &#39;", 'fish & chips "café" \''),
        ("&amp;amp;lt;br&gt; twice", "twice"),
        ("  two\t\tspaces\n\nand\xa0more ", "two spaces and more"),
        ("null\x00byte\x85and\x7fdelete", "null byte and delete"),
        ("5 < 6 && 7 > 3", "5 < 6 && 7 > 3"),
        ("https://x.test/?a=1&copy=2&reg=3&not=4&para=5", "https://x.test/?a=1&copy=2&reg=3&not=4&para=5"),
        ("AT&T, R&D, Marks &ampere; &copy 2020", "AT&T, R&D, Marks &ampere; © 2020"),
        ("&#" + "9" * 5_000 + ";", "&#" + "9" * 5_000 + ";"),
        ("", ""),
    ],
)
def test_markup_entities_and_white_space(raw, expected):
    assert clean(raw) == expected


@pytest.mark.parametrize("raw", ["cafe\u0301", "caf\u00e9", "cafe&#769;", "caf&#233;", "caf&amp;eacute;"])
def test_one_letter_is_one_character_however_it_was_typed(raw):
    assert clean(raw) == "caf\u00e9"


@given(st.text())
def test_white_space_is_single_and_within(text):
    cleaned = clean(text)
    assert cleaned == " ".join(cleaned.split())
    assert not any(character in cleaned for character in "\x00\n\t\x7f\x85")


@given(st.text() | MARKUP)
@example("&amp;lt;br&gt;")
@example("<br<br>>")
@example("<br<br<br<br<br>>>>> &amp;amp;amp;amp;amp;lt;")
@example("<br>&#824;")
@example("&am&#112;\u037e")
def test_cleaning_twice_is_cleaning_once(text):
    cleaned = clean(text)
    assert clean(cleaned) == cleaned
    assert unicodedata.is_normalized("NFC", cleaned)


def encoded_letter(depth):
    """A letter that `depth` passes over the text uncover."""
    text = "a"
    for _ in range(depth):
        text = f"&{text}mp;#97;"
    return text


@pytest.mark.parametrize(
    "text",
    [
        "&" + "amp;" * 40_000,
        "&" + "#38;" * 40_000,
        "<br" * 40_000 + ">" * 40_000,
        "&" + encoded_letter(20_000),
        "a" + "\u0316\u0301" * 40_000,
        "\u0f73" * 40_000,
        "&#769;&#790;" * 20_000,
    ],
    ids=["entity", "number", "break", "letters", "marks", "double marks", "encoded marks"],
)
def test_nested_markup_and_piles_of_marks_take_time_in_proportion_to_the_text(text):
    began = time.process_time()
    clean(text)
    assert time.process_time() - began < 3  # 30 s to minutes where each level takes a pass


@given(st.lists(st.text(alphabet="abc", min_size=1)))
def test_words_are_counted(words):
    assert count_words(" ".join(words)) == len(words)
