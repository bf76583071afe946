import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from data.splitting import first_occurrences, last_blocks, random_rows, whole_groups

LABELS = np.array([0] * 60 + [1] * 40)


def test_the_first_of_each_text_stays():
    assert first_occurrences(["a", "b", "a", "c", "b"], np.array([0, 1, 0, 1, 1])).tolist() == [0, 1, 3]


def test_a_text_with_two_labels_goes_altogether():
    assert first_occurrences(["a", "b", "a", "a"], np.array([0, 1, 1, 0])).tolist() == [1]


def test_blocks_are_the_last_rows_of_each_class():
    assert last_blocks(LABELS, 10).tolist() == [54, 55, 56, 57, 58, 59, 96, 97, 98, 99]


@pytest.mark.parametrize("cut", [last_blocks, random_rows])
@given(size=st.integers(1, 99))
def test_cuts_are_stratified_and_of_the_size_asked_for(cut, size):
    rows = cut(LABELS, size)
    assert len(set(rows.tolist())) == size
    assert abs((LABELS[rows] == 0).sum() - 0.6 * size) < 1


def test_random_rows_are_the_same_every_time_and_not_a_block():
    rows = random_rows(LABELS, 20)
    assert rows.tolist() == random_rows(LABELS, 20).tolist()
    assert rows.tolist() != last_blocks(LABELS, 20).tolist()


@given(st.lists(st.tuples(st.integers(0, 8), st.integers(0, 1)), min_size=30, max_size=40), st.integers(5, 20))
def test_groups_stay_whole(rows, size):
    groups, labels = [f"film {film}" for film, _ in rows], np.array([label for _, label in rows])
    held = whole_groups(labels, groups, size)
    inside = {groups[i] for i in held}
    largest = max(groups.count(group) for group in groups)
    assert abs(len(held) - size) <= largest
    assert not inside & {groups[i] for i in range(len(rows)) if i not in set(held.tolist())}


def test_groups_fill_the_size_and_keep_the_classes_in_proportion():
    generator = np.random.default_rng(0)
    groups = [f"film {film}" for film in generator.integers(0, 200, 2000)]
    labels = generator.integers(0, 2, 2000)
    held = whole_groups(labels, groups, 300)
    assert len(held) > 290
    assert abs(labels[held].mean() - 0.5) < 0.1
