import pytest
from hypothesis import given
from hypothesis import strategies as st

from data.cleaning import clean, count_words


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("Good.<br /><br />Bad.", "Good. Bad."),
        ("a<BR>b<br/>c< br / >d</br>e", "a b c d e"),
        ("fish &amp; chips &quot;caf&eacute;&quot; &#39;", 'fish & chips "café" \''),
        ("  two\t\tspaces\n\nand\xa0more ", "two spaces and more"),
        ("null\x00byte\x85and\x7fdelete", "null byte and delete"),
        ("5 < 6 && 7 > 3", "5 < 6 && 7 > 3"),
        ("", ""),
    ],
)
def test_markup_entities_and_white_space(raw, expected):
    assert clean(raw) == expected


@given(st.text())
def test_white_space_is_single_and_within(text):
    cleaned = clean(text)
    assert cleaned == " ".join(cleaned.split())
    assert not any(character in cleaned for character in "\x00\n\t\x7f\x85")


@given(st.lists(st.text(alphabet="abc", min_size=1)))
def test_words_are_counted(words):
    assert count_words(" ".join(words)) == len(words)
