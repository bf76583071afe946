"""Samples of a split."""

import numpy as np

from data.dataset import Split


def test_a_sample_of_each_class_has_as_many_texts_of_each():
    labels = np.array([0] * 70 + [1] * 15 + [2] * 5)
    split = Split(
        texts=tuple(f"text {n}" for n in range(90)),
        labels=labels,
        lengths=np.full(90, 2),
        rows=np.arange(90),
        class_names=("a", "b", "c"),
    )
    few, more = split.sample_each(3, seed=0), split.sample_each(8, seed=0)
    assert np.bincount(few.labels).tolist() == [3, 3, 3]
    assert np.bincount(more.labels).tolist() == [8, 8, 5]  # a class that has fewer gives all
    assert set(few.texts) <= set(more.texts)
    assert split.sample_each(3, seed=1).texts != few.texts
