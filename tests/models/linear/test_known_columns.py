import numpy as np
import pytest
from scipy.sparse import csr_array, random_array

from models.linear.known_columns import KnownColumns


@pytest.mark.parametrize("columns", [[0, 3, 17, 49], [17, 49, 3, 0], []])
def test_the_columns_are_those_scipy_picks(columns):
    wide = csr_array(random_array((20, 50), density=0.3, rng=0, dtype=np.float32))
    columns = np.array(columns, dtype=np.int64)
    selected = KnownColumns(columns, 50).select(wide)
    np.testing.assert_array_equal(selected.toarray(), wide.toarray()[:, columns])
    assert selected.indices.dtype == selected.indptr.dtype == np.int32


def test_rows_without_a_known_column_are_empty():
    assert KnownColumns(np.array([1]), 4).select(csr_array(np.eye(4, dtype=np.float32))).toarray().tolist() == [
        [0],
        [1],
        [0],
        [0],
    ]


def test_frequent_columns_come_most_frequent_first():
    wide = csr_array(np.array([[0, 2, 1, 1, 0], [0, 2, 0, 1, 0], [1, 0, 0, 1, 1]], dtype=np.float32))
    assert KnownColumns.frequent(wide, 2).columns.tolist() == [3, 1]
    assert KnownColumns.frequent(wide, 1).columns.tolist() == [3, 1, 0, 2, 4]
    assert KnownColumns.frequent(wide, 4).columns.tolist() == []


def test_a_column_is_found_where_it_was_put():
    known = KnownColumns(np.array([3, 1]), 5)
    assert known.places(np.arange(5)).tolist() == [-1, 1, -1, 0, -1]


@pytest.mark.parametrize(
    "columns",
    [np.array([1, 1]), np.array([2, 0, 2]), np.array([5]), np.array([-1]), np.array([1.0]), np.array([[1]])],
)
def test_what_are_no_columns_is_refused(columns):
    with pytest.raises(ValueError, match="columns are not"):
        KnownColumns(columns, 5)
