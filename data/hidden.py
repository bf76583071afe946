"""Files and folders that are not data: hidden files, and leftovers of other programs."""

from pathlib import Path

NAMES = frozenset({"__macosx", "thumbs.db", "desktop.ini", "__pycache__"})


def is_hidden(path: Path) -> bool:
    """Whether a file or folder is hidden (`.ipynb_checkpoints`, `._a.txt`) or a system's own (`__MACOSX`)."""
    return path.name.startswith(".") or path.name.lower() in NAMES
