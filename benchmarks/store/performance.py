"""Files of `peers` and `scaling`: JSON lines, one measurement each with its machine and command.

<folder>/peers.jsonl     a PeerRow per contest
<folder>/scaling.jsonl   a ScalingRow per model and size
"""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, TypeVar

from pydantic import ValidationError

from benchmarks.schema.performance import Row
from benchmarks.store.files import StoreError, naming, read_bytes, remove_abandoned, write_text
from benchmarks.store.lock import alone_in

PEERS_FILE, SCALING_FILE = "peers.jsonl", "scaling.jsonl"


R = TypeVar("R", bound=Row)


def read_rows(path: Path, kind: type[R]) -> list[R]:
    """The rows of a file; none where there is no file.

    Raises:
        StoreError: a line is not such a row, or the file cannot be read.
    """
    try:
        lines = read_bytes(path).decode("utf-8", "replace").split("\n")  # `splitlines` would split within texts
        return [kind.model_validate_json(line) for line in lines if line]
    except FileNotFoundError:
        return []
    except OSError as error:
        raise StoreError(f"{path.name} cannot be read: {error.strerror}") from None
    except ValidationError as error:
        raise StoreError(f"{path.name} holds a line that is no {kind.__name__}: {error.errors()[0]['msg']}") from None


def add_rows(path: Path, kind: type[R], rows: Sequence[R]) -> list[R]:
    """Add `rows` to a file, replacing rows with the same key; return all rows of the file.

    Commands may measure side by side, and none loses the rows of another.

    Raises:
        StoreError: the file holds other lines, or cannot be written.
    """
    with naming(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        with alone_in(path.parent):
            kept: dict[tuple[Any, ...], R] = {row.key: row for row in (*read_rows(path, kind), *rows)}
            remove_abandoned(path.parent, path.name)
            write_text(path, "".join(f"{row.model_dump_json()}\n" for row in kept.values()))
    return list(kept.values())


def commands(rows: Iterable[Row]) -> list[str]:
    """The commands that made the rows, each once, in order."""
    return list(dict.fromkeys(row.command for row in rows))
