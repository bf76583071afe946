"""Adds the models, losses and datasets of a plug-in file to the registered names."""

from pathlib import Path

from benchmarks.errors import UsageError
from benchmarks.registry.names import NAMES, SINGULAR, add_target, targets
from benchmarks.registry.plugins import Plugin, plugins, read_plugin
from benchmarks.registry.source_text import CONTRACTS, registered_classes, why_nothing_is_registered


def add_plugin(path: Path) -> Plugin:
    """Register, in this process, every model, loss and dataset that a file defines: each class with a `name`.

    Raises:
        UsageError: the file cannot be read, defines none, or a name is not allowed, given twice, or taken.
    """
    plugin = read_plugin(path)
    found = [(kind, name, f"{plugin.module}:{owner}") for kind, name, owner in registered_classes(plugin.module)]
    if not found:
        wanted = ", ".join(f"{module}.{name}" for module, name in CONTRACTS)
        reason = why_nothing_is_registered(plugin.module) or f"no class with a `name` derives from {wanted}"
        raise UsageError(f"plug-in {str(path)!r} defines nothing: {reason}")
    seen: dict[tuple[str, str], str] = {}
    for kind, name, target in found:
        if not NAMES[kind].fullmatch(name):
            raise UsageError(
                f"plug-in {str(path)!r}: {SINGULAR[kind]} name {name!r} does not match {NAMES[kind].pattern}"
            )
        owner = target.partition(":")[2]
        other = seen.setdefault((kind, name), owner)
        if other != owner or sum(target == each for _, _, each in found) > 1:
            raise UsageError(
                f"plug-in {str(path)!r}: classes {other} and {owner} are both named {name!r}: rename one of them"
            )
        existing = targets(kind).get(name, target)
        if existing != target and not _reread(existing, path):
            raise UsageError(f"plug-in {str(path)!r}: there is a {SINGULAR[kind]} {name!r} already: rename this one")
    for kind, name, target in found:
        add_target(kind, name, target)
    return plugin


def _reread(existing: str, path: Path) -> bool:
    """Whether the registered class is an earlier version of the same file, which a notebook may load again."""
    earlier = plugins().get(existing.partition(":")[0])
    return earlier is not None and earlier.path.absolute() == path.absolute()
