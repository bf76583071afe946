"""Content addresses of the files that a model reads from outside of this project: a pre-trained encoder's."""

import hashlib
from collections.abc import Iterable, Mapping
from errno import EINVAL
from functools import lru_cache
from pathlib import Path
from stat import S_ISREG

from models.model import Model

KEPT = 1_000
"""Digests of the most recently read files that a process keeps."""


def external_digests(model: Model) -> dict[str, str]:
    """Parameter -> sha256 of the names and contents of the external files that its value names.

    Raises:
        ValueError: a file cannot be read.
    """
    return {parameter: _digest_of_all(parameter, paths) for parameter, paths in model.external_files().items()}


def require_files(model: Model, wanted: Mapping[str, str]) -> None:
    """Check that the external files are the ones the cell was planned with.

    Raises:
        ValueError: they are not; one line that names the parameter.
    """
    found = external_digests(model)
    for parameter in sorted(found.keys() | wanted.keys()):
        if found.get(parameter) != wanted.get(parameter):
            raise ValueError(
                f"{parameter}={getattr(model, parameter)!r} holds other files than when the cell was planned: run again"
            )


def file_digest(path: Path) -> str:
    """Sha256 of a file's content; computed again when its size or time of change is another.

    Raises:
        OSError: it cannot be read.
    """
    status = path.stat()
    if not S_ISREG(status.st_mode):  # a pipe or a device would keep the reader waiting
        raise OSError(EINVAL, "not a regular file", str(path))
    return _digest(path.resolve(), status.st_size, status.st_mtime_ns, status.st_ino)


def _digest_of_all(parameter: str, paths: Iterable[Path]) -> str:
    found = hashlib.sha256()
    try:
        for path in sorted(paths, key=lambda path: path.name):
            found.update(f"{path.name}\0{file_digest(path)}\n".encode())
    except OSError as error:
        raise ValueError(f"{parameter}: {path.name} cannot be read: {error.strerror}") from None
    return found.hexdigest()


@lru_cache(maxsize=KEPT)
def _digest(path: Path, size: int, changed: int, number: int) -> str:
    """Sha256 of a file; the other arguments make the cache notice a changed file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
