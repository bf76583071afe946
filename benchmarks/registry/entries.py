"""Registered models, losses and datasets: described from their source text, imported only when they run."""

import importlib
import os
import re
from collections.abc import Iterator
from contextlib import chdir
from dataclasses import dataclass, replace
from functools import cache
from typing import TYPE_CHECKING, Any

from benchmarks.errors import UsageError, unknown
from benchmarks.registry import source_text
from benchmarks.registry.faults import describe
from benchmarks.registry.names import OFF_BY_DEFAULT, SINGULAR, Kind, origin, targets
from benchmarks.registry.parameters import Parameter
from benchmarks.registry.plugins import plugins
from benchmarks.registry.registration import add_plugin
from models.model import Runtime

if TYPE_CHECKING:
    from data.source import Source
    from losses.loss import Loss
    from models.model import Model

__all__ = [
    "OFF_BY_DEFAULT",
    "SINGULAR",
    "Entry",
    "Kind",
    "add_plugin",
    "entries",
    "entry",
    "is_sha256",
    "loss_class",
    "model_class",
    "names",
    "require",
    "source_class",
]


@dataclass(frozen=True)
class Entry:
    """A registered class, described without being imported.

    Attributes:
        target: "module:Class".
        plugin: its origin: the sha256 of a plug-in file, or "package==version"; empty for what is built in.
        summary: the first line of its docstring.
        devices: where a model can run; empty for a loss or dataset.
        data_parallel: whether several devices can share its training.
        any_loss: whether a model trains with losses that are no weighting of cross-entropy.
        weighting: whether a loss is a weighting of cross-entropy; True for other kinds.
    """

    kind: Kind
    name: str
    target: str
    plugin: str
    summary: str
    parameters: dict[str, Parameter]
    devices: tuple[str, ...]
    data_parallel: bool
    any_loss: bool
    weighting: bool

    def load(self) -> Any:
        """Import the class.

        Raises:
            UsageError: it is a plug-in's, and importing that fails.
        """
        module, _, name = self.target.partition(":")
        try:
            with chdir(os.curdir):  # a plug-in may change the working folder; the user's paths are relative to it
                return getattr(importlib.import_module(module), name)
        except Exception as error:
            if not self.plugin:
                raise
            where = plugins()[module].path if module in plugins() else module
            raise UsageError(f"plug-in {str(where)!r} cannot be imported: {describe(error)}") from error

    def runtime(self, wanted: Runtime) -> Runtime:
        """Return where a model runs when `wanted` is asked for.

        A model that cannot use the device runs on the CPU in fp32, and one whose training several devices cannot share
        runs on one.
        """
        if self.devices == ("cpu",) or wanted.device not in self.devices:
            return replace(wanted, device="cpu", precision="fp32", devices=1)
        return wanted if self.data_parallel else replace(wanted, devices=1)

    def trains_with(self, loss: "Entry") -> bool:
        """Return whether this model can train with a loss."""
        return self.any_loss or loss.weighting

    def settings(self, overrides: dict[str, Any]) -> dict[str, Any]:
        """Return every parameter's value: `overrides`, checked, over the defaults.

        Raises:
            UsageError: an unknown parameter, or a value of the wrong type or range.
        """
        for name in overrides:
            if name not in self.parameters:
                raise unknown(f"parameter of {self.name}", name, self.parameters)
        values = {name: parameter.default for name, parameter in self.parameters.items()}
        try:
            return values | {name: self.parameters[name].parse(value) for name, value in overrides.items()}
        except UsageError as error:
            raise UsageError(f"{self.name}.{error}") from None


def names(kind: Kind) -> tuple[str, ...]:
    """Return every registered name: built-in ones, then plug-ins in order of registration, then packages by name."""
    return tuple(targets(kind))


def entry(kind: Kind, name: str) -> Entry:
    """Describe the registered class `name`.

    Raises:
        UsageError: nothing is.
    """
    known = targets(kind)
    if name not in known:
        raise unknown(SINGULAR[kind], name, known)
    return _describe(kind, name, known[name])


def entries(kind: Kind) -> Iterator[Entry]:
    """Describe everything registered."""
    return (entry(kind, name) for name in names(kind))


def model_class(name: str) -> "type[Model]":
    """Import a model."""
    loaded: type[Model] = entry("models", name).load()
    return loaded


def loss_class(name: str) -> "type[Loss]":
    """Import a loss."""
    loaded: type[Loss] = entry("losses", name).load()
    return loaded


def source_class(name: str) -> "type[Source]":
    """Import a source of data."""
    loaded: type[Source] = entry("datasets", name).load()
    return loaded


def require(kind: Kind, name: str, plugin: str) -> None:
    """Make sure that `name` is registered, and comes from `plugin`, see `Entry.plugin`.

    Raises:
        UsageError: it does not.
    """
    found = entry(kind, name).plugin if name in names(kind) else None
    if found == plugin:
        return
    hint = "leave the other one out"
    if is_sha256(plugin):
        hint = f"give the file of sha256 {plugin[:12]}… as a plug-in (a run keeps a copy in its plugins/)"
    elif plugin:
        hint = f"install {plugin}"
    what = "is a plug-in's" if found is None else "is of another plug-in than the one wanted"
    raise UsageError(f"{SINGULAR[kind]} {name!r} {what}: {hint}")


def is_sha256(plugin: str) -> bool:
    """Whether an `Entry.plugin` is a file's, not a package's."""
    return re.fullmatch("[0-9a-f]{64}", plugin) is not None


def forget_sources() -> None:
    """Describe everything anew from now on, from the sources as they are then."""
    source_text.forget_sources()
    _describe.cache_clear()


@cache
def _describe(kind: Kind, name: str, target: str) -> Entry:
    module, _, class_name = target.partition(":")
    is_model = kind == "models"
    return Entry(
        kind=kind,
        name=name,
        target=target,
        plugin=origin(kind, name, target),
        summary=source_text.summary(module, class_name),
        parameters=source_text.parameters(module, class_name),
        devices=source_text.devices(module, class_name) if is_model else (),
        data_parallel=is_model and source_text.data_parallel(module, class_name),
        any_loss=is_model and source_text.any_loss(module, class_name),
        weighting=kind != "losses" or source_text.weighting(module, class_name),
    )
