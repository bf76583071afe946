"""Contenders over several runs: the name of one that had fewer texts than another says how many."""

from dataclasses import dataclass

from reports.analysis.contenders import _sized


@dataclass
class Trained:
    train_size: int


def names(**datasets):
    entries = {dataset: {name: Trained(size) for name, size in sizes.items()} for dataset, sizes in datasets.items()}
    return {dataset: list(own) for dataset, own in _sized(entries).items()}


def test_equal_sizes_need_no_name():
    found = names(films={"nbsvm": 5_000, "lstm": 5_000}, mails={"nbsvm": 900, "lstm": 900})
    assert found == {"films": ["nbsvm", "lstm"], "mails": ["nbsvm", "lstm"]}


def test_one_size_on_every_dataset_stands_in_the_name_on_every_dataset():
    found = names(films={"nbsvm": 5_000, "lstm": 3_000}, mails={"nbsvm": 3_000, "lstm": 3_000})
    assert found == {"films": ["nbsvm", "lstm (3,000 texts)"], "mails": ["nbsvm", "lstm (3,000 texts)"]}


def test_several_smaller_sizes_are_called_fewer_texts():
    found = names(films={"nbsvm": 5_000, "lstm": 3_000}, mails={"nbsvm": 900, "lstm": 500})
    assert found["films"] == found["mails"] == ["nbsvm", "lstm (fewer texts)"]
