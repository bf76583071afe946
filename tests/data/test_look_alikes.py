import pytest

from data.label_map import parse_label_map
from data.look_alikes import described, described_rare, look_alikes, proposed_map


@pytest.mark.parametrize(
    ("counts", "alike"),
    [
        ({"Positive": 200, "Positve": 1, "Negative": 190}, [("Positive", "Positve")]),
        ({"Positive": 200, "Psoitive": 2, "Negative": 190}, [("Positive", "Psoitive")]),
        ({"ham": 50, "Ham": 60, "spam": 40}, [("Ham", "ham")]),
        ({"ham": 50, "h\u200bam": 60, "ｈａｍ": 1}, [("h\u200bam", "ham", "ｈａｍ")]),
        ({"1": 10, "01": 20, "2": 10, "02": 10, "+2": 1}, [("01", "1"), ("02", "2", "+2")]),
        ({"very good": 9, "very_good": 9, "very-bad": 9}, [("very good", "very_good")]),
        ({"HUM:ind": 100, "HUM:gr": 90, "NUM:ind": 1}, []),
        ({"dog": 100, "dig": 1}, []),
        ({"alarm": 100, "alarms": 90}, []),
        ({"1": 100, "2": 1, "11": 1, "-1": 1}, []),
        ({"0": 10, "-0": 9, "0.5": 10, ".50": 3}, [("0", "-0"), ("0.5", ".50")]),
        ({"1" + "0" * 40: 10, "1" + "0" * 39 + "1": 9}, []),
        ({"+": 10, "-": 10, "": 10}, []),
        ({"C": 10, "C#": 10, "C++": 10}, []),
    ],
)  # fmt: skip
def test_names_that_are_probably_one_class(counts, alike):
    assert [found.names for found in look_alikes(counts)] == alike
    assert [found.names for found in look_alikes(dict(reversed(counts.items())))] == alike


def test_the_map_that_would_join_them_is_shown_and_can_be_read():
    counts = {"Positive": 200, "Positve": 1, "bad, very": 190}
    sentence = described(look_alikes(counts), list(counts))
    assert sentence == (
        "classes that look alike: 'Positive' (200 rows) and 'Positve' (1 row); join them with `label_map` "
        '\'Positive,Positve=Positive;"bad, very"="bad, very"\''
    )
    proposed = sentence.partition("`label_map` ")[2].strip("'")
    assert parse_label_map(proposed).resolved(()) == {
        "Positive": "Positive",
        "Positve": "Positive",
        "bad, very": "bad, very",
    }


def test_of_many_classes_only_those_to_be_joined_are_shown():
    counts = {f"class {letter}x": 9 for letter in "abcdefghijklm"} | {"ham": 9, "Ham": 8}
    assert described(look_alikes(counts), list(counts)).endswith("'ham,Ham=ham;..'")


def test_a_class_with_too_few_rows_is_named_with_the_map_that_leaves_it_out():
    counts = {"1": 300, "2": 290, "four": 1, "x": 2}
    sentence = described_rare(counts)
    assert sentence == (
        "classes with fewer than 3 rows, one each to train, validate and test: 'four' (1), 'x' (2); leave them out "
        "with `label_map` '1=1;2=2'"
    )
    assert described_rare({"1": 300, "2": 290}) == ""
    assert described_rare({"1": 300, "2": 2}) == ""  # one class would be left
    many = {f"c{n}": 9 for n in range(30)} | {f"r{n}": 1 for n in range(12)}
    assert "'r7' (1) and 4 more; a `label_map` leaves them out" in described_rare(many)


def test_a_map_joins_before_it_leaves_out():
    assert str(proposed_map({"Positive": 200, "Positve": 1, "Negative": 190, "odd": 1})) == (
        "Positive,Positve=Positive;Negative=Negative"
    )
    assert proposed_map({"a": 9, "b": 9}) is None
