import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.neural.batching import PAD_ID, WINDOW, pad, scoring_batches, training_batches

COUNTS = st.lists(st.integers(0, 300), min_size=1, max_size=400).map(np.array)
BATCH_SIZES = st.integers(1, 40)


def padding_share(batches, counts):
    """Share of the padded batches that is padding."""
    padded = sum(len(rows) * counts[rows].max() for rows in batches)
    return 1 - counts.sum() / padded


def review_lengths(size=6_400):
    """Word counts spread as those of reviews are: most are short, a few very long, none beyond 256."""
    return np.random.default_rng(0).lognormal(5.2, 0.7, size).astype(np.int64).clip(8, 256)


def batches_of(counts, batch_size=32, seed=0):
    return training_batches(counts, batch_size, np.random.default_rng(seed))


@given(COUNTS, BATCH_SIZES, st.integers(0, 5))
def test_an_epoch_holds_every_row_once(counts, batch_size, seed):
    batches = batches_of(counts, batch_size, seed)
    assert sorted(np.concatenate(batches)) == list(range(len(counts)))


@given(COUNTS, BATCH_SIZES)
def test_an_epoch_has_as_many_steps_as_the_schedule_plans(counts, batch_size):
    batches = batches_of(counts, batch_size)
    assert len(batches) == -(-len(counts) // batch_size)
    assert sorted(map(len, batches))[1:] == [batch_size] * (len(batches) - 1)


def test_an_epoch_of_several_windows_holds_every_row_once():
    assert sorted(np.concatenate(batches_of(review_lengths(5_000)))) == list(range(5_000))


def test_texts_of_a_training_batch_are_of_similar_length():
    counts = review_lengths()
    shuffled = np.split(np.random.default_rng(0).permutation(len(counts)), len(counts) // 32)
    assert padding_share(batches_of(counts), counts) < 0.03
    assert padding_share(shuffled, counts) > 0.25  # the bound above means something


def test_batches_do_not_come_in_order_of_length():
    counts = review_lengths(32 * WINDOW)  # within one window batches are cut in that order
    longest = np.array([counts[rows].max() for rows in batches_of(counts)])
    assert abs(np.corrcoef(longest, np.arange(len(longest)))[0, 1]) < 0.3


def test_rows_of_one_length_change_company_every_epoch():
    counts = np.full(2 * WINDOW * 8, 20)
    generator = np.random.default_rng(0)
    first, second = ({frozenset(rows.tolist()) for rows in training_batches(counts, 8, generator)} for _ in range(2))
    assert not first & second


def test_one_seed_gives_one_order():
    counts = review_lengths(500)
    same, again, other = batches_of(counts, seed=3), batches_of(counts, seed=3), batches_of(counts, seed=4)
    assert all(np.array_equal(a, b) for a, b in zip(same, again, strict=True))
    assert not np.array_equal(np.concatenate(same), np.concatenate(other))


@given(COUNTS, st.integers(1, 2_000))
def test_scoring_holds_every_row_once_and_longest_first(counts, token_budget):
    order = np.concatenate(scoring_batches(counts, token_budget))
    assert sorted(order) == list(range(len(counts)))
    assert (np.diff(counts[order]) <= 0).all()


@given(COUNTS, st.integers(1, 2_000))
def test_scoring_keeps_to_the_budget_and_uses_it(counts, token_budget):
    batches = scoring_batches(counts, token_budget)
    for rows in batches:
        assert len(rows) == 1 or len(rows) * counts[rows].max() <= token_budget
    for rows in batches[:-1]:
        assert (len(rows) + 1) * max(1, counts[rows].max()) > token_budget


def test_texts_without_tokens_still_count_towards_the_budget():
    assert [len(rows) for rows in scoring_batches(np.zeros(25, dtype=np.int64), 10)] == [10, 10, 5]


@pytest.mark.parametrize(
    ("texts", "padded"),
    [
        ([[5], [7, 8, 9], []], [[5, PAD_ID, PAD_ID], [7, 8, 9], [PAD_ID] * 3]),
        ([[4, 2]], [[4, 2]]),
        ([[], []], [[PAD_ID], [PAD_ID]]),
    ],
)
def test_padding_is_on_the_right_and_never_leaves_a_batch_without_columns(texts, padded):
    filled = pad([np.array(ids, dtype=np.int32) for ids in texts])
    assert filled.dtype == np.int32
    assert filled.tolist() == padded
