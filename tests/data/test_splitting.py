import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from data.splitting import blocks, content_order, first_occurrences, held_out, latest, random_rows, whole_groups

LABELS = np.array([0] * 60 + [1] * 40)
TEXTS = [f"text {row}" for row in range(100)]


def test_the_first_of_each_text_stays():
    assert first_occurrences(["a", "b", "a", "c", "b"], np.array([0, 1, 0, 1, 1])).tolist() == [0, 1, 3]


def test_a_text_with_two_labels_goes_altogether():
    assert first_occurrences(["a", "b", "a", "a"], np.array([0, 1, 1, 0])).tolist() == [1]


@given(size=st.integers(1, 99))
def test_random_rows_are_stratified_and_of_the_size_asked_for(size):
    rows = random_rows(LABELS, TEXTS, size)
    assert len(set(rows.tolist())) == size - (size == 99)  # 98 leave a row of each class
    assert abs((LABELS[rows] == 0).sum() - 0.6 * size) < 1.5


def test_random_rows_depend_on_the_texts_and_not_on_their_order():
    rows = random_rows(LABELS, TEXTS, 20)
    shuffled = np.random.default_rng(1).permutation(100)
    again = random_rows(LABELS[shuffled], [TEXTS[i] for i in shuffled], 20)
    assert {TEXTS[i] for i in rows} == {TEXTS[shuffled[i]] for i in again}
    assert rows.tolist() != random_rows(LABELS, TEXTS, 20, seed=1).tolist()
    assert not set(rows.tolist()) <= set(range(50, 60)) | set(range(90, 100))  # no block at the end of a class


def test_rows_added_later_move_few_of_the_others():
    before = set(random_rows(LABELS, TEXTS, 20).tolist())
    more = [*TEXTS, *(f"new {row}" for row in range(10))]
    after = set(random_rows(np.append(LABELS, [0] * 6 + [1] * 4), more, 22).tolist())
    assert len(before - after) <= 4


def test_a_class_keeps_its_last_row_for_training():
    labels = np.array([0] * 98 + [1, 1])
    assert (labels[random_rows(labels, TEXTS, 30)] == 1).sum() == 1
    labels = np.array([0] * 99 + [1])
    assert (labels[random_rows(labels, TEXTS, 30)] == 1).sum() == 0
    assert 99 not in whole_groups(labels, [str(row // 10) for row in range(100)], 50).tolist()


@given(st.lists(st.tuples(st.integers(0, 8), st.integers(0, 1)), min_size=30, max_size=40), st.integers(5, 20))
def test_groups_stay_whole(rows, size):
    groups, labels = [f"film {film}" for film, _ in rows], np.array([label for _, label in rows])
    held = whole_groups(labels, groups, size)
    inside = {groups[i] for i in held}
    largest = max(groups.count(group) for group in groups)
    spare = min(np.bincount(labels)[np.unique(labels)]) - 1
    assert abs(len(held) - size) <= largest or spare < size
    assert not inside & {groups[i] for i in range(len(rows)) if i not in set(held.tolist())}


def test_groups_fill_the_size_and_keep_the_classes_in_proportion():
    generator = np.random.default_rng(0)
    groups = [f"film {film}" for film in generator.integers(0, 200, 2000)]
    labels = generator.integers(0, 2, 2000)
    held = whole_groups(labels, groups, 300)
    assert len(held) > 290
    assert abs(labels[held].mean() - 0.5) < 0.1


def test_groups_depend_on_their_names_and_not_on_the_order_of_rows():
    generator = np.random.default_rng(0)
    groups, labels = [f"film {film}" for film in generator.integers(0, 50, 500)], generator.integers(0, 2, 500)
    shuffled = generator.permutation(500)
    held = {groups[i] for i in whole_groups(labels, groups, 100)}
    again = whole_groups(labels[shuffled], [groups[i] for i in shuffled], 100)
    assert held == {groups[shuffled[i]] for i in again}


@pytest.mark.parametrize("groups", [None, [f"g{row // 3}" for row in range(100)]])
def test_the_latest_rows_are_held_out_in_whole_groups(groups):
    times = np.arange(100.0)
    order = np.random.default_rng(0).permutation(100)
    names = None if groups is None else [groups[i] for i in order]
    held = latest(times[order], [TEXTS[i] for i in order], names, 20)
    assert min(times[order[held]]) >= 78
    assert abs(len(held) - 20) <= 1


def test_rows_of_one_time_are_ordered_by_content():
    held = latest(np.zeros(100), TEXTS, None, 10)
    again = latest(np.zeros(100), TEXTS[::-1], None, 10)
    assert {TEXTS[i] for i in held} == {TEXTS[::-1][i] for i in again}


def test_blocks_are_short_and_many():
    assert blocks(4) == ("block 0", "block 1", "block 2", "block 3")
    assert len(set(blocks(1_000))) == 100
    assert max(np.bincount([int(name.split()[1]) for name in blocks(100_000)])) == 50


def test_an_order_by_content_is_the_same_in_every_process():
    assert content_order(["a", "b", "c", "d", "e"], seed=0).tolist() == [3, 0, 4, 1, 2]


def test_groups_are_drawn_where_there_are_any():
    groups = [f"g{row // 10}" for row in range(100)]
    held = held_out(LABELS, TEXTS, groups, 20)
    assert len({groups[row] for row in held}) == 2
