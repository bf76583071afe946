"""Reading saved models: whatever is wrong with their files becomes one clear error."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pydantic import ValidationError


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
        yield
    except Exception as error:  # noqa: BLE001  (there is no end to what parsers raise on files that are not theirs)
        raise ValueError(f"{folder} holds no saved {name} model: {_one_line(error)}") from None


def _one_line(error: Exception) -> str:
    if isinstance(error, ValidationError):
        first = error.errors()[0]
        return f"{error.title}: {'.'.join(map(str, first['loc']))}: {first['msg']}"
    return " ".join(str(error).split()) or type(error).__name__
