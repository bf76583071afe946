"""Locks of folders: one run at a time writes into a results folder, and one process at a time changes a file."""

import errno
import fcntl
import os
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.errors import UsageError

LOCK_FILE = "run.lock"
HOLDER = b"process "
"""Begins a lock file; any other content belongs to somebody else, and is not overwritten."""


@contextmanager
def hold(folder: Path, option: str = "out") -> Iterator[Callable[[], bool]]:
    """Keep other runs out of `folder` for as long as the block lasts.

    The operating system frees the lock when its process ends, so no stale lock is left behind.

    Args:
        folder: a results folder.
        option: argument that names the folder, for messages; empty: none does.

    Yields:
        A function that returns whether the lock still holds; False once the folder was deleted, moved or replaced.

    Raises:
        UsageError: another run holds the folder, and the message says which; or it cannot be written to.
    """
    try:
        descriptor = os.open(
            folder / LOCK_FILE, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, 0o666
        )
    except OSError as error:
        reason = f"its {LOCK_FILE} is a link" if error.errno == errno.ELOOP else error.strerror
        raise _unusable(folder, option, f"cannot be written to: {reason}") from None
    try:
        _lock(descriptor, folder, option)
        absolute, held = folder.absolute() / LOCK_FILE, os.fstat(descriptor)
        yield lambda: _is_same(absolute, held)
    finally:
        os.close(descriptor)


@contextmanager
def alone_in(folder: Path) -> Iterator[None]:
    """Wait for other processes in such a block of the same folder, and let others wait for this one; leaves no file.

    Raises:
        OSError: the folder cannot be opened or locked.
    """
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _unusable(folder: Path, option: str, reason: str) -> UsageError:
    if option:
        return UsageError(reason, option=option, value=folder)
    return UsageError(f"results folder {str(folder)!r} {reason}")


def _is_same(path: Path, held: os.stat_result) -> bool:
    try:
        return os.path.samestat(path.lstat(), held)
    except OSError:
        return False


def _lock(descriptor: int, folder: Path, option: str) -> None:
    content = os.read(descriptor, 200) if stat.S_ISREG(os.fstat(descriptor).st_mode) else b"not a file"
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        holder = " ".join(content.decode(errors="replace").split()) or "another process"
        raise _unusable(folder, option, f"is in use by {holder}: wait for it, or name another folder") from None
    except OSError as error:
        raise _unusable(folder, option, f"cannot be locked ({error.strerror}): name a folder on a local disk") from None
    if content and not content.startswith(HOLDER):
        raise _unusable(folder, option, f"its {LOCK_FILE} is no lock of a run: name another folder")
    os.ftruncate(descriptor, 0)
    os.pwrite(
        descriptor, HOLDER + f"{os.getpid()}, since {datetime.now(UTC).isoformat(timespec='seconds')}\n".encode(), 0
    )
