import pytest

from data.dataset import DataError
from data.label_map import parse_label_map


def test_classes_are_in_the_order_they_are_named():
    classes = parse_label_map("1, 2 =neg; 4,5=pos;3=so so;")
    assert classes == {"1": "neg", "2": "neg", "4": "pos", "5": "pos", "3": "so so"}
    assert list(dict.fromkeys(classes.values())) == ["neg", "pos", "so so"]


def test_a_label_may_hold_an_equals_sign():
    assert parse_label_map("a=b=x;c=y") == {"a=b": "x", "c": "y"}


@pytest.mark.parametrize(
    ("text", "finding"),
    [
        ("1,2", "'1,2' is not of the form LABEL"),
        ("1,=neg;2=pos", "'1,=neg' is not of the form"),
        ("1=;2=pos", "is not of the form"),
        ("1=neg;1=pos", "label '1' is given to two classes, 'neg' and 'pos'"),
        ("1,2=neg", "fewer than two classes"),
        ("", "fewer than two classes"),
    ],
)
def test_another_form_is_said_in_one_line(text, finding):
    with pytest.raises(DataError, match=finding):
        parse_label_map(text)
