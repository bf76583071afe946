import pytest

from models.encoder.truncation import truncate


@pytest.mark.parametrize(
    ("truncation", "kept"),
    [
        ("head", [0, 1, 2, 3, 4, 5, 6, 7]),
        ("tail", [4, 5, 6, 7, 8, 9, 10, 11]),
        ("head_tail", [0, 1, 6, 7, 8, 9, 10, 11]),
    ],
)
def test_a_long_text_keeps_the_part_that_is_named(truncation, kept):
    assert truncate(list(range(12)), 8, truncation) == kept


@pytest.mark.parametrize("truncation", ["head", "tail", "head_tail"])
@pytest.mark.parametrize("size", [0, 1, 7, 8])
def test_a_text_that_fits_is_kept_whole(truncation, size):
    assert truncate(list(range(size)), 8, truncation) == list(range(size))


@pytest.mark.parametrize("truncation", ["head", "tail", "head_tail"])
@pytest.mark.parametrize("length", [1, 3, 4])
def test_no_more_is_kept_than_asked_for(truncation, length):
    assert len(truncate(list(range(12)), length, truncation)) == length
