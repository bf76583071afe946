"""Reading of saved models; every fault of their files becomes one clear error."""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from zipfile import ZipFile, is_zipfile

from pydantic import ConfigDict, TypeAdapter, ValidationError, create_model

from data.memory import available
from models.model import Model

LARGEST_JSON = 64 * 2**20
"""Bytes; parsing takes about ten times as much memory."""


@contextmanager
def saved_model(folder: Path, name: str) -> Iterator[None]:
    """Read a model's files in this context.

    Args:
        folder: where they are.
        name: of the model's class in the registry.

    Raises:
        ValueError: the folder does not hold such a model.
    """
    try:
        check_sizes([path for path in folder.rglob("*") if not path.is_dir()])
        yield
    except Exception as error:  # noqa: BLE001  (there is no end to what parsers raise on files that are not theirs)
        raise ValueError(f"{folder} holds no saved {name} model: {_one_line(error)}") from None


def check_sizes(paths: Sequence[Path]) -> None:
    """Refuse files that memory could not hold before one of them is read; a few megabytes may unpack to gigabytes.

    Args:
        paths: the files of a model.

    Raises:
        ValueError: one is no regular file, such as a pipe; or together they declare more than half of the free memory.
    """
    free, declared = available(), 0
    for path in paths:
        if path.exists() and not path.is_file():
            raise ValueError(f"{path.name} is not a regular file")
        size = _declared_size(path)
        if path.suffix == ".json" and size > LARGEST_JSON:
            raise ValueError(f"{path.name} is larger than {LARGEST_JSON / 1e6:.0f} MB")
        declared += size
    if declared > free // 2:
        raise ValueError(f"its files hold {declared / 1e9:.1f} GB, more than half of the memory that is free")


def _declared_size(path: Path) -> int:
    """Bytes of a file, or of the content of a ZIP archive; 0 where there is none."""
    if not path.exists():
        return 0
    if not is_zipfile(path):
        return path.stat().st_size
    with ZipFile(path) as archive:
        return sum(entry.file_size for entry in archive.infolist())


def checked_parameters(model: type[Model], parameters: dict[str, Any]) -> dict[str, Any]:
    """Return a model's parameters as saved, each there and of its type.

    Raises:
        ValidationError: one is missing, of another type, or unknown.
    """
    fields: dict[str, Any] = {name: (annotation, ...) for name, annotation in model.parameter_types().items()}
    schema = create_model("Parameters", __config__=ConfigDict(extra="forbid", strict=True), **fields)
    checked: dict[str, Any] = schema.model_validate(parameters).model_dump()
    return checked


def write_parameters(model: Model, path: Path, **decided: Any) -> None:
    """Write a model's name and parameters as JSON.

    Args:
        model: the model.
        path: the file.
        decided: parameters with the values that training has decided on.
    """
    parameters = {"model": model.name, **model.parameters(), **decided}
    path.write_text(json.dumps(parameters, indent=2), encoding="utf-8")


def read_parameters(model: type[Model], path: Path) -> dict[str, Any]:
    """Return the parameters that `write_parameters` wrote.

    Raises:
        ValueError: the file holds other parameters, or another model's.
    """
    parameters = TypeAdapter(dict[str, Any]).validate_json(path.read_bytes())
    name = parameters.pop("model", None)
    if name != model.name:
        raise ValueError(f"it holds a {name!r}")
    return checked_parameters(model, parameters)


def _one_line(error: Exception) -> str:
    if isinstance(error, ValidationError):
        first = error.errors()[0]
        return f"{error.title}: {'.'.join(map(str, first['loc']))}: {first['msg']}"
    return " ".join(str(error).split()) or type(error).__name__
