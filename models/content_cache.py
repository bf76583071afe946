"""Vectors of texts, kept by content in a folder that processes and runs share.

The folder is $BENCHMARKS_CACHE, or text-classification-baselines in the user's cache folder; "off" keeps nothing. It
may be deleted at any time.
"""

import hashlib
import logging
import os
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save_file

log = logging.getLogger(__package__)

VARIABLE, OFF = "BENCHMARKS_CACHE", "off"
FOLDER = "text-classification-baselines"

Float32 = npt.NDArray[np.float32]


class Vectors(NamedTuple):
    """Vectors of N texts.

    Attributes:
        values: (N, D).
        reused: texts whose vectors were in the cache.
    """

    values: Float32
    reused: int


def cache_folder() -> Path | None:
    """Return the cache's folder, which need not exist; None where the cache is off."""
    chosen = os.environ.get(VARIABLE, "")
    if chosen.lower() == OFF:
        return None
    return Path(chosen) if chosen else Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / FOLDER


def cached_vectors(space: str, texts: Sequence[str], compute: Callable[[Sequence[str]], Float32]) -> Vectors:
    """Return the vectors of texts; compute and keep those that are not in the cache.

    Args:
        space: digest of everything but the text that a vector depends on.
        texts: N texts.
        compute: N texts -> (N, D).
    """
    folder = cache_folder()
    if folder is None:
        return Vectors(compute(texts), 0)
    keys = [hashlib.sha256(text.encode()).digest() for text in texts]
    found = _read(folder / "vectors" / space, set(keys))
    missing = {key: text for key, text in zip(keys, texts, strict=True) if key not in found}
    if missing:
        computed = dict(zip(missing, compute(list(missing.values())), strict=True))
        _write(folder / "vectors" / space, computed)
        found |= computed
    return Vectors(np.stack([found[key] for key in keys]), sum(key not in missing for key in keys))


def code_digest(*paths: Path) -> str:
    """Return the digest of the code that vectors are computed by.

    Args:
        paths: files, and folders of which every module counts.
    """
    found = hashlib.sha256()
    for path in paths:
        for file in sorted(path.glob("*.py")) if path.is_dir() else [path]:
            found.update(hashlib.sha256(file.read_bytes()).digest())
    return found.hexdigest()


def write_whole(path: Path, write: Callable[[Path], None]) -> None:
    """Write a file of the cache under a temporary name, then rename it; warn where the folder cannot be written to.

    Args:
        path: the file.
        write: writes it under the name that it is given.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        handle, name = tempfile.mkstemp(dir=path.parent, suffix=".tmp")
        os.close(handle)
        try:
            write(Path(name))
            Path(name).replace(path)
        finally:
            Path(name).unlink(missing_ok=True)
    except OSError as error:
        log.warning("the cache %s cannot be written to: %s; %s=off uses none", path.parent, error.strerror, VARIABLE)


def _read(folder: Path, wanted: set[bytes]) -> dict[bytes, Float32]:
    """The vectors that the files of a folder have; one that cannot be read just now is left alone."""
    found: dict[bytes, Float32] = {}
    for path in sorted(folder.glob("*.safetensors")):
        try:
            with safe_open(path, framework="numpy") as file:
                keys = [key.tobytes() for key in file.get_tensor("keys")]
                rows = [row for row, key in enumerate(keys) if key in wanted and key not in found]
                if rows:
                    values = file.get_tensor("vectors")
                    found |= {keys[row]: values[row] for row in rows}
        except OSError as error:
            log.warning("a file of the cache cannot be read: %s: %s", path.name, error)
        except (SafetensorError, IndexError):
            _remove(path)
    return found


def _remove(path: Path) -> None:
    """Remove a damaged file, or warn of it in a cache that cannot be written to."""
    try:
        path.unlink(missing_ok=True)
        log.warning("a damaged file of the cache is removed: %s", path.name)
    except OSError as error:
        log.warning("a damaged file of the cache cannot be removed: %s: %s", path.name, error.strerror)


def _write(folder: Path, vectors: dict[bytes, Float32]) -> None:
    keys = np.frombuffer(b"".join(vectors), dtype=np.uint8).reshape(len(vectors), -1)
    values = np.stack(list(vectors.values()))
    name = hashlib.sha256(keys.tobytes()).hexdigest()[:32]
    write_whole(folder / f"{name}.safetensors", lambda path: save_file({"keys": keys.copy(), "vectors": values}, path))
