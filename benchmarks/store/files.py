"""Atomic files: every file in a results folder, and every output of a command, is written through this module.

A file is written under a random temporary name beside its target, synced, renamed over the target, and the folder is
synced: whatever ends the process or the machine leaves the old file or the new one. Links are replaced, never followed,
so a folder from a stranger cannot direct a write elsewhere. Only regular files are read.

Temporary names are `.NAME.<16 hex digits>.tmp`. A writer holds a lock on its temporary file, so `remove_abandoned` can
tell what a killed process left from what is still being written, whatever their process ids.
"""

import errno
import fcntl
import os
import re
import secrets
import shutil
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from benchmarks.errors import BenchmarkError

LARGEST_JSON = 64 * 2**20
"""Bytes of a JSON file that is read; parsing takes about ten times as much memory."""

TEMPORARY = re.compile(r"\.(?P<name>.+)\.[0-9a-f]{16}\.tmp")


class StoreError(BenchmarkError, RuntimeError):
    """A results folder that cannot be used; the message is one line."""


class DamagedError(StoreError):
    """A file that differs from what was written: a fault of the disk, or of another program."""

    def __init__(self, path: Path, finding: str) -> None:
        self.path = path
        super().__init__(f"{path} is damaged ({finding})")


class WriteError(StoreError):
    """A file or folder cannot be written: the disk is full or read-only, or a link or a device is in the way."""


class GoneError(WriteError):
    """The results folder was deleted, moved or replaced while it was written to."""


def write_text(path: Path, content: str) -> None:
    """Write a UTF-8 text file, whole or not at all.

    Raises:
        WriteError: it cannot be written.
    """
    write_bytes(path, content.encode())


def write_bytes(path: Path, content: bytes) -> None:
    """Write a file, whole or not at all.

    Raises:
        WriteError: it cannot be written.
    """
    with opened(path) as stream:
        stream.write(content)


@contextmanager
def opened(path: Path) -> Iterator[BinaryIO]:
    """Open a stream whose content becomes the file `path` when the block ends without an error.

    Raises:
        WriteError: it cannot be written.
    """
    with writing(path) as temporary, temporary.open("wb") as stream:
        yield stream


@contextmanager
def writing(path: Path) -> Iterator[Path]:
    """Yield the name of an empty temporary file, which becomes `path` when the block ends without an error.

    Args:
        path: the target; its folder exists. A link of that name is replaced; its target stays as it is.

    Raises:
        WriteError: it cannot be written.
    """
    with naming(path):
        check_replaceable(path)
        temporary, descriptor = _create_file(path)
        try:
            yield temporary
            sync(temporary)
            temporary.replace(path)
        finally:
            temporary.unlink(missing_ok=True)
            os.close(descriptor)
        sync(path.parent)


@contextmanager
def writing_folder(path: Path) -> Iterator[Path]:
    """Yield an empty temporary folder, which takes the place of the folder `path` when the block ends without an error.

    Raises:
        WriteError: it cannot be written.
    """
    with naming(path):
        temporary, descriptor = _create_folder(path)
        try:
            yield temporary
            for entry in (*temporary.rglob("*"), temporary):
                if not entry.is_symlink():
                    sync(entry)
            remove(path)
            temporary.replace(path)
        finally:
            remove(temporary)
            os.close(descriptor)
        sync(path.parent)


def make_folder(path: Path, root: Path) -> None:
    """Make a folder somewhere below `root`, and all folders between them; none of them may be a link.

    Args:
        path: the folder; it may exist.
        root: an existing folder, which the user has named; it may be reached through links.

    Raises:
        WriteError: it cannot be made, or one of the folders is a link.
        GoneError: `root` does not exist.
    """
    reached = root
    try:
        descriptor = os.open(root, os.O_RDONLY | os.O_DIRECTORY)
        try:
            for part in path.relative_to(root).parts:
                reached /= part
                with suppress(FileExistsError):
                    os.mkdir(part, dir_fd=descriptor)
                if stat.S_ISLNK(os.stat(part, dir_fd=descriptor, follow_symlinks=False).st_mode):
                    raise WriteError(f"{reached} cannot be written to: it is a link, and links are not followed")
                inner = os.open(part, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=descriptor)
                os.close(descriptor)
                descriptor = inner
        finally:
            os.close(descriptor)
    except OSError as error:
        if not root.exists():
            raise GoneError(f"{root} is gone: it was deleted or moved") from error
        raise WriteError(f"{reached} cannot be written to: {error.strerror or error}") from error


def open_log(path: Path) -> BinaryIO:
    """Open a log to append to; a link, or anything but a regular file with one name, is replaced by a new file.

    Raises:
        WriteError: it cannot be opened.
    """
    with naming(path):
        with suppress(FileNotFoundError):
            found = path.lstat()
            if not stat.S_ISREG(found.st_mode) or found.st_nlink > 1:
                path.unlink()
        flags = os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW | os.O_APPEND | os.O_CLOEXEC
        return os.fdopen(os.open(path, flags, 0o666), "wb", buffering=0)


def read_bytes(path: Path, limit: int = LARGEST_JSON) -> bytes:
    """Read a regular file of at most `limit` bytes.

    Raises:
        OSError: it cannot be read, is not a regular file (a pipe, a device), or is larger.
    """
    with open_regular(path) as stream:
        size = os.fstat(stream.fileno()).st_size
        content = stream.read(limit + 1) if size <= limit else b""
    if max(size, len(content)) > limit:
        raise OSError(errno.EFBIG, f"larger than the {limit / 1e6:,.0f} MB that are read of such a file", str(path))
    return content


def open_regular(path: Path) -> BinaryIO:
    """Open a regular file for reading; a pipe or a device is refused before it can block or never end.

    Raises:
        OSError: it cannot be read, or is not a regular file.
    """
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise OSError(errno.EINVAL, "not a regular file", str(path))
    return os.fdopen(descriptor, "rb")


def check_replaceable(path: Path) -> None:
    """Refuse to replace anything but a regular file, directly or through a link: `/dev/null` would become a file.

    Raises:
        WriteError: `path` is a folder, a device or a pipe, or a link to one.
    """
    if path.exists() and not path.is_file():
        raise WriteError(f"{path} cannot be written: it is not a regular file")


def remove_abandoned(folder: Path, name: str | None = None) -> None:
    """Remove temporary files and folders whose writer has ended.

    Args:
        folder: where they lie; it need not exist.
        name: only those of this target; None: of any.

    Raises:
        WriteError: one cannot be removed.
    """
    with naming(folder):
        entries = list(os.scandir(folder)) if folder.is_dir() else []
        for entry in entries:
            found = TEMPORARY.fullmatch(entry.name)
            if found and name in {None, found["name"]} and not _is_locked(Path(entry.path)):
                with suppress(PermissionError):  # another user's, in a shared folder
                    remove(Path(entry.path))


def remove(path: Path) -> None:
    """Remove a file, a link or a folder with its content; links are not followed.

    Raises:
        OSError: it cannot be removed.
    """
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def sync(path: Path) -> None:
    """Wait until the content of a file, or the names in a folder, would survive a loss of power.

    Raises:
        OSError: `path` cannot be opened, or is a link.
    """
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def naming(path: Path) -> Iterator[None]:
    """Turn an OSError of the block into a WriteError that names `path`, unless it names a file of another folder."""
    try:
        yield
    except OSError as error:
        named = Path(error.filename).absolute() if isinstance(error.filename, str) else path.absolute()
        if not named.is_relative_to(path.parent.absolute()):
            raise
        raise WriteError(f"{path} cannot be written: {error.strerror or error}") from error


def _create_file(target: Path) -> tuple[Path, int]:
    """Create a locked temporary file beside `target`; its descriptor holds the lock."""
    while True:
        temporary = _temporary(target)
        flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
        descriptor = os.open(temporary, flags, 0o666)
        if _lock(descriptor):
            return temporary, descriptor
        os.close(descriptor)


def _create_folder(target: Path) -> tuple[Path, int]:
    """Create a locked temporary folder beside `target`; its descriptor holds the lock."""
    while True:
        temporary = _temporary(target)
        temporary.mkdir()
        descriptor = os.open(temporary, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
        if _lock(descriptor):
            return temporary, descriptor
        os.close(descriptor)


def _temporary(target: Path) -> Path:
    return target.with_name(f".{target.name}.{secrets.token_hex(8)}.tmp")


def _lock(descriptor: int) -> bool:
    """Lock a new temporary file; False if another process removed it in between, taking it for abandoned."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
    except OSError:  # a file system without locks: nothing there is ever taken for abandoned
        return True
    return os.fstat(descriptor).st_nlink > 0


def _is_locked(path: Path) -> bool:
    """Whether the writer of a temporary file may still be at work: it holds the lock, or nobody can say."""
    try:  # NFS locks files exclusively only where they may be written
        mode = os.O_RDONLY if path.is_dir() else os.O_RDWR
        descriptor = os.open(path, mode | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError:
        return True
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return True
    finally:
        os.close(descriptor)
    return False
