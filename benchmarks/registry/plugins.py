"""A model, a loss or a dataset in one file of the user's own.

The file is read once. The content that was read is described, imported and copied into the results folder, and its
sha256 is part of each cell's spec: an edited file makes other cells.
"""

import ast
import hashlib
import sys
from collections.abc import Mapping, Sequence
from functools import cached_property
from importlib.abc import InspectLoader, MetaPathFinder
from importlib.machinery import ModuleSpec
from importlib.util import spec_from_loader
from pathlib import Path
from types import CodeType, ModuleType

from benchmarks.errors import UsageError

_loaded: dict[str, "Plugin"] = {}
"""Module name -> plug-in."""


class Plugin(InspectLoader):
    """A plug-in file, importable as a module whose name no other content has."""

    def __init__(self, path: Path, source: str) -> None:
        self.path, self.source = path, source

    @cached_property
    def sha256(self) -> str:
        """Sha256 of the content, in hexadecimal digits."""
        return hashlib.sha256(self.source.encode()).hexdigest()

    @property
    def module(self) -> str:
        """The name to import it by."""
        return f"plugin_{self.sha256}"

    def get_source(self, fullname: str) -> str:
        """The content."""
        return self.source

    def get_code(self, fullname: str) -> CodeType:
        """The content, compiled; never taken from a cache."""
        return self.source_to_code(self.source, str(self.path))

    def is_package(self, fullname: str) -> bool:
        """Return False: a plug-in file is a module."""
        return False


class _Finder(MetaPathFinder):
    """Makes plug-ins importable."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        plugin = _loaded.get(fullname)
        if plugin is None:
            return None
        spec = spec_from_loader(fullname, plugin, origin=str(plugin.path))
        if spec is not None:
            spec.has_location = True
        return spec


def read_plugin(path: Path) -> Plugin:
    """Read a file and make it importable; it is not yet imported.

    Raises:
        UsageError: it cannot be read, or is not Python.
    """
    if path.exists() and not path.is_file():  # a pipe or a device would keep the reader waiting
        raise UsageError(f"plug-in {str(path)!r} is not a file")
    try:
        source = path.read_bytes().decode("utf-8-sig")
        ast.parse(source)
    except OSError as error:
        raise UsageError(f"plug-in {str(path)!r} cannot be read: {error.strerror}") from None
    except SyntaxError as error:
        raise UsageError(f"plug-in {str(path)!r} is not Python: line {error.lineno}: {error.msg}") from None
    except ValueError as error:
        raise UsageError(f"plug-in {str(path)!r} is not Python: {error}") from None
    plugin = Plugin(path, source)
    if not any(isinstance(finder, _Finder) for finder in sys.meta_path):
        sys.meta_path.append(_Finder())
    return _loaded.setdefault(plugin.module, plugin)


def plugins() -> Mapping[str, Plugin]:
    """Return every plug-in that was read, by module name."""
    return _loaded
