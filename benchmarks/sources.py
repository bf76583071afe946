"""From the name or path that `--dataset` gives to a prepared dataset."""

from pathlib import Path

from benchmarks.errors import UsageError, unknown
from benchmarks.registry import names, source_class
from benchmarks.suite import Data
from data.dataset import DataError, Dataset
from data.files import open_path
from data.prepare import prepare
from data.source import Source


def load_dataset(data: Data) -> Dataset:
    """Read, clean and split.

    Raises:
        UsageError: there is no such dataset, or it cannot be used.
    """
    try:
        return prepare(_source(data.name), data.name, valid_size=data.valid_size, test_size=data.test_size)
    except DataError as error:
        raise UsageError(f"--dataset {data.name!r}: {error}") from None


def _source(name: str) -> Source:
    if name in names("datasets"):
        return source_class(name)()
    path = Path(name)
    if not path.exists() and path.name == name and not path.suffix:
        raise unknown("dataset", name, (*names("datasets"), "a path"))
    return open_path(path)
