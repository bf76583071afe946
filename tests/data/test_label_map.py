import pytest

from data.errors import DataError
from data.label_map import joining, parse_label_map


@pytest.mark.parametrize(
    ("text", "present", "classes"),
    [
        ("1, 2 =neg; 4,5=pos;3=so so;", {}, {"1": "neg", "2": "neg", "4": "pos", "5": "pos", "3": "so so"}),
        ("1.0,2.0=neg;4=pos", {}, {"1": "neg", "2": "neg", "4": "pos"}),
        ("a=b=x;c=y", {}, {"a=b": "x", "c": "y"}),
        ('"good, very"=g;"a;b=c"=s;"say ""no"""=n', {}, {"good, very": "g", "a;b=c": "s", 'say "no"': "n"}),
        ("good, very=g;bad=b", {"good, very", "bad"}, {"good, very": "g", "bad": "b"}),
        ("good, very=g;bad=b", {"good", "very"}, {"good": "g", "very": "g", "bad": "b"}),
    ],
)
def test_labels_are_written_as_the_file_shows_them(text, present, classes):
    found = parse_label_map(text)
    assert found.resolved(present) == classes
    assert parse_label_map(str(found)).resolved(present) == classes


def test_classes_are_in_the_order_they_are_named():
    classes = parse_label_map("5=pos;1=neg;4=pos").resolved(())
    assert list(dict.fromkeys(classes.values())) == ["pos", "neg"]


def test_a_list_that_is_also_a_label_must_be_told_apart():
    with pytest.raises(
        DataError, match="'good, very' is a label and also a list of labels; put each label in quotation"
    ):
        parse_label_map("good, very=g;bad=b").resolved({"good, very", "good"})


def test_a_map_is_written_as_it_is_read():
    assert str(parse_label_map("1.0=neg;4=pos;2=neg")) == "1,2=neg;4=pos"
    assert str(joining({"a,b": "x", "c": "x", 'd"': "y=z"})) == '"a,b",c=x;"d"""="y=z"'


@pytest.mark.parametrize(
    ("text", "finding"),
    [
        ("1,2", "'1,2' is not of the form LABEL"),
        ("1,=neg;2=pos", "'1,=neg' is not of the form"),
        ("1=;2=pos", "is not of the form"),
        ("=neg;2=pos", "is not of the form"),
        ("1=neg;1.0=pos", "label '1' is given to two classes, 'neg' and 'pos'"),
        ("1,2=neg", "fewer than two classes"),
        ("", "fewer than two classes"),
    ],
)
def test_another_form_is_said_in_one_line(text, finding):
    with pytest.raises(DataError, match=finding):
        parse_label_map(text)
