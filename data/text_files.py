"""Files that hold one text each."""

from pathlib import Path

from data.errors import DataError


def read_text(path: Path) -> str:
    """Return the text of a UTF-8 file, without a byte order mark.

    Raises:
        DataError: it cannot be read, or is not UTF-8.
    """
    try:
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise DataError(f"{path.parent.name}/{path.name} is not UTF-8: {error.reason}") from None
    except OSError as error:
        raise DataError(f"{path.parent.name}/{path.name} cannot be read: {error.strerror}") from None
