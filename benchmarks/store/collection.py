"""The record of runs that belong together: `collection.json` in the folder that holds their folders."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from pydantic import BaseModel, ValidationError

from benchmarks.store.files import DamagedError, StoreError
from benchmarks.store.folder import check_version, first_error, read_json

COLLECTION_FILE = "collection.json"


class _Record(BaseModel):
    suite: str
    runs: list[str]
    unreadable: dict[str, str] = {}


@dataclass(frozen=True)
class Gathered:
    """Results folders, and what should have been among them.

    Attributes:
        folders: of the runs.
        unreadable: title of a dataset that could not be used -> why.
    """

    folders: tuple[Path, ...]
    unreadable: dict[str, str] = field(default_factory=dict)


def gathered(paths: Sequence[Path]) -> Gathered:
    """Return the results folders that are named, those of a collection in its place; each once.

    Raises:
        StoreError: the record of a collection cannot be read.
    """
    folders: dict[Path, None] = {}
    unreadable: dict[str, str] = {}
    for path in paths:
        if (path / COLLECTION_FILE).exists() and not (path / "run.json").exists():
            record = _read(path / COLLECTION_FILE)
            folders |= dict.fromkeys(path / run for run in record.runs)
            unreadable |= record.unreadable
        else:
            folders[path] = None
    return Gathered(tuple(folders), unreadable)


def _read(path: Path) -> _Record:
    content = read_json(path)
    check_version(path, content)
    try:
        record = _Record.model_validate(content)
    except ValidationError as error:
        raise DamagedError(path, first_error(error)) from None
    if any(Path(run).name != run or run.startswith(".") for run in record.runs):
        raise StoreError(f"{path}: a run's folder lies elsewhere")
    return record
