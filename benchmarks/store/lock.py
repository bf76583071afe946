"""One run at a time writes into a results folder."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.errors import UsageError

LOCK_FILE = "run.lock"


@contextmanager
def hold(folder: Path) -> Iterator[None]:
    """Keep other runs out of `folder` for as long as the block lasts.

    The operating system frees the lock when its process ends, however it ends: none is ever left behind.

    Raises:
        UsageError: another run holds the folder, and the message says which; or it cannot be written to.
    """
    try:
        file = (folder / LOCK_FILE).open("a+", encoding="utf-8")
    except OSError as error:
        raise UsageError(f"--out {str(folder)!r} cannot be written to: {error.strerror}") from None
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            holder = " ".join(file.read().split()) or "another process"
            raise UsageError(
                f"--out {str(folder)!r} is in use by {holder}: wait for it, or name another folder"
            ) from None
        file.truncate(0)
        file.write(f"process {os.getpid()}, since {datetime.now(UTC).isoformat(timespec='seconds')}\n")
        file.flush()
        yield
