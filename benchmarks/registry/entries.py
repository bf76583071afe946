"""Names -> classes, imported only when they run.

What `list`, `--set` and `--dry-run` need to know of a class (its summary, its parameters, where it can run) is read
from its source text, so that none of them waits for torch.
"""

import ast
import importlib
import importlib.util
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache
from importlib.abc import InspectLoader
from importlib.metadata import entry_points
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Union, get_args, get_origin

from pydantic import (
    ConfigDict,
    NonNegativeFloat,
    NonNegativeInt,
    PositiveFloat,
    PositiveInt,
    TypeAdapter,
    ValidationError,
)

from benchmarks.errors import UsageError, unknown
from benchmarks.redaction import shortened
from benchmarks.registry.plugins import Plugin, plugins, read_plugin
from models.encoder.truncation import Truncation
from models.model import Fraction, Runtime

if TYPE_CHECKING:
    from data.source import Source
    from losses.loss import Loss
    from models.model import Model

Kind = Literal["models", "losses", "datasets"]

BUILT_IN: dict[Kind, dict[str, str]] = {
    "models": {
        "tfidf_logreg": "models.tfidf_logreg:TfidfLogReg",
        "nbsvm": "models.nbsvm:NbSvm",
        "lstm": "models.lstm:Lstm",
        "distilbert": "models.distilbert:DistilBert",
        "distilbert_mlp": "models.distilbert_mlp:DistilBertMlp",
    },
    "losses": {
        "ce": "losses.ce:CrossEntropy",
        "length_weighted_ce": "losses.length_weighted_ce:LengthWeightedCrossEntropy",
        "length_penalty": "losses.length_penalty:LengthPenalty",
    },
    "datasets": {
        "imdb-packaged": "data.imdb_packaged:ImdbPackaged",
        "imdb": "data.imdb_hub:ImdbHub",
    },
}

OFF_BY_DEFAULT = frozenset({"length_penalty"})
"""Run only when asked for by name: the loss that cannot change training is here to be caught, not to be compared."""

CONTRACTS: dict[tuple[str, str], Kind] = {
    ("models.model", "Model"): "models",
    ("losses.loss", "Loss"): "losses",
    ("data.source", "Source"): "datasets",
}
"""The class that each kind derives from."""

NAMES: dict[Kind, re.Pattern[str]] = {
    "models": re.compile(r"[a-z][a-z0-9_]*"),
    "losses": re.compile(r"[a-z][a-z0-9_]*"),
    "datasets": re.compile(r"[a-z][a-z0-9_-]*"),
}
"""What a plug-in's names look like: they become parts of folder names."""

SINGULAR: dict[Kind, str] = {"models": "model", "losses": "loss", "datasets": "dataset"}

ANNOTATIONS: dict[str, Any] = {
    "bool": bool,
    "int": int,
    "float": float,
    "str": str,
    "PositiveInt": PositiveInt,
    "NonNegativeInt": NonNegativeInt,
    "PositiveFloat": PositiveFloat,
    "NonNegativeFloat": NonNegativeFloat,
    "Fraction": Fraction,
    "Truncation": Truncation,
}


@dataclass(frozen=True)
class Parameter:
    """A keyword-only argument of a registered class.

    Attributes:
        annotation: the type as written.
        type: the type a value is checked against.
        default: what it is where nobody sets it.
    """

    name: str
    annotation: str
    type: Any
    default: Any

    def parse(self, value: Any) -> Any:
        """`value`, from a command line or a suite file, as the parameter's type.

        Raises:
            UsageError: it is not of that type or range.
        """
        adapter: TypeAdapter[Any] = TypeAdapter(self.type, config=ConfigDict(allow_inf_nan=False))
        if isinstance(value, str) and value.lower() == "none":
            value = None
        if get_origin(self.type) is Literal:  # an option that is a number was typed as text
            value = {str(option): option for option in get_args(self.type)}.get(str(value), value)
        try:
            return adapter.validate_python(value)
        except ValidationError as error:
            reason = error.errors()[0]["msg"]
            raise UsageError(f"{self.name}={shortened(repr(value))} is not {self.annotation}: {reason}") from None


@dataclass(frozen=True)
class Entry:
    """A registered class, described without being imported.

    Attributes:
        target: "module:Class".
        plugin: what it comes from: the sha256 of a plug-in file, or "package==version"; empty for what is built in.
        summary: the first line of its docstring.
        devices: where a model can run; empty for what is no model.
        data_parallel: whether several devices can share its training.
    """

    kind: Kind
    name: str
    target: str
    plugin: str
    summary: str
    parameters: dict[str, Parameter]
    devices: tuple[str, ...]
    data_parallel: bool

    def load(self) -> Any:
        """Import the class.

        Raises:
            UsageError: it is a plug-in's, and importing that fails.
        """
        module, _, name = self.target.partition(":")
        try:
            return getattr(importlib.import_module(module), name)
        except Exception as error:
            if not self.plugin:
                raise
            where = plugins()[module].path if module in plugins() else module
            reason = f"{type(error).__name__}: {error}"
            raise UsageError(f"plug-in {str(where)!r} cannot be imported: {reason}") from error

    def runtime(self, wanted: Runtime) -> Runtime:
        """Where a model runs when `wanted` is asked for: one that cannot use the device is on the CPU in fp32, and one
        whose training several devices cannot share is on one.
        """
        if self.devices == ("cpu",) or wanted.device not in self.devices:
            return replace(wanted, device="cpu", precision="fp32", devices=1)
        return wanted if self.data_parallel else replace(wanted, devices=1)

    def settings(self, overrides: dict[str, Any]) -> dict[str, Any]:
        """Every parameter's value: `overrides`, checked, over the defaults.

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
    """Every registered name, built-in ones first, in order of registration."""
    return tuple(_targets(kind))


def entry(kind: Kind, name: str) -> Entry:
    """Describe what is registered as `name`.

    Raises:
        UsageError: nothing is.
    """
    targets = _targets(kind)
    if name not in targets:
        raise unknown(SINGULAR[kind], name, targets)
    return _describe(kind, name, targets[name])


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


def add_plugin(path: Path) -> Plugin:
    """Register, in this process, every model, loss and dataset that a file defines: each class with a `name`.

    Raises:
        UsageError: the file cannot be read, defines none, or one has the name of another.
    """
    plugin = read_plugin(path)
    found: list[tuple[Kind, str, str]] = []
    for node in _tree(plugin.module).body:
        name = _name(node) if isinstance(node, ast.ClassDef) else None
        if isinstance(node, ast.ClassDef) and name is not None:
            kind = _kind(plugin.module, node.name)
            if kind is not None:
                found.append((kind, name, f"{plugin.module}:{node.name}"))
    if not found:
        wanted = ", ".join(f"{module}.{name}" for module, name in CONTRACTS)
        raise UsageError(f"--plugin {str(path)!r} defines nothing: no class with a `name` derives from {wanted}")
    for kind, name, target in found:
        if not NAMES[kind].fullmatch(name):
            raise UsageError(
                f"--plugin {str(path)!r}: {SINGULAR[kind]} name {name!r} does not match {NAMES[kind].pattern}"
            )
        existing = _targets(kind).get(name, target)
        if existing != target and not _reread(existing, path):
            raise UsageError(f"--plugin {str(path)!r}: there is a {SINGULAR[kind]} {name!r} already: rename this one")
    for kind, name, target in found:
        _plugged[kind][name] = target
    _targets.cache_clear()
    return plugin


def _reread(existing: str, path: Path) -> bool:
    """Whether what is registered comes from an earlier content of the same file, which a notebook may read again."""
    earlier = plugins().get(existing.partition(":")[0])
    return earlier is not None and earlier.path.absolute() == path.absolute()


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
        hint = f"give the file of sha256 {plugin[:12]}… with --plugin (a run keeps a copy in its plugins/)"
    elif plugin:
        hint = f"install {plugin}"
    what = "is a plug-in's" if found is None else "is of another plug-in than the one wanted"
    raise UsageError(f"{SINGULAR[kind]} {name!r} {what}: {hint}")


_plugged: dict[Kind, dict[str, str]] = {"models": {}, "losses": {}, "datasets": {}}
"""What `add_plugin` registered: name -> "module:Class"."""


@cache
def _targets(kind: Kind) -> dict[str, str]:
    """Name -> "module:Class"; packages and plug-ins add to what is built in, and never replace anything."""
    installed = {name: target for name, (target, _) in _installed(kind).items()}
    return BUILT_IN[kind] | {n: t for n, t in (_plugged[kind] | installed).items() if n not in BUILT_IN[kind]}


@cache
def _installed(kind: Kind) -> dict[str, tuple[str, str]]:
    """Name -> "module:Class" and "package==version", of installed packages."""
    return {
        point.name: (point.value, f"{point.dist.name}=={point.dist.version}" if point.dist else "unknown")
        for point in entry_points(group=f"benchmarks.{kind}")
    }


def _plugin(kind: Kind, name: str, target: str) -> str:
    """See `Entry.plugin`."""
    module = target.partition(":")[0]
    if module in plugins():
        return plugins()[module].sha256
    return "" if name in BUILT_IN[kind] else _installed(kind)[name][1]


def is_sha256(plugin: str) -> bool:
    """Whether an `Entry.plugin` is a file's, not a package's."""
    return re.fullmatch("[0-9a-f]{64}", plugin) is not None


@cache
def _describe(kind: Kind, name: str, target: str) -> Entry:
    module, _, class_name = target.partition(":")
    node = _class_node(module, class_name)
    return Entry(
        kind=kind,
        name=name,
        target=target,
        plugin=_plugin(kind, name, target),
        summary=(ast.get_docstring(node) or "").split("\n")[0],
        parameters=_parameters(module, class_name),
        devices=_devices(module, class_name) if kind == "models" else (),
        data_parallel=kind == "models" and _data_parallel(module, class_name),
    )


@cache
def _tree(module: str) -> ast.Module:
    spec = importlib.util.find_spec(module)
    source = spec.loader.get_source(module) if spec and isinstance(spec.loader, InspectLoader) else None
    if source is None:
        raise UsageError(f"module {module!r} cannot be found")
    return ast.parse(source)


def _class_node(module: str, name: str) -> ast.ClassDef:
    for node in _tree(module).body:
        if isinstance(node, ast.ClassDef) and node.name == name:
            return node
    raise UsageError(f"module {module!r} defines no class {name!r}")


def _parameters(module: str, class_name: str) -> dict[str, Parameter]:
    """The keyword-only arguments of the class's constructor, its own or the nearest base's."""
    functions = (f for _, node in _lineage(module, class_name) for f in node.body if isinstance(f, ast.FunctionDef))
    constructor = next((function for function in functions if function.name == "__init__"), None)
    if constructor is None:
        return {}
    arguments = constructor.args
    for argument, default in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True):
        if default is None:
            raise UsageError(f"parameter {argument.arg!r} of {class_name} has no default (every parameter has one)")
    return {
        argument.arg: Parameter(
            name=argument.arg,
            annotation=ast.unparse(argument.annotation) if argument.annotation else "str",
            type=_type(argument.annotation) if argument.annotation else str,
            default=ast.literal_eval(default) if default else None,
        )
        for argument, default in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True)
    }


def _type(node: ast.expr) -> Any:
    """The type that an annotation's text means, among those a parameter may have."""
    match node:
        case ast.Name(id=name) if name in ANNOTATIONS:
            return ANNOTATIONS[name]
        case ast.Constant(value=None):
            return None
        case ast.BinOp(left=left, op=ast.BitOr(), right=right):
            return Union[_type(left), _type(right)]  # noqa: UP007  (Annotated types have no `|`)
        case ast.Subscript(value=ast.Name(id="Literal"), slice=choices):
            options = choices.elts if isinstance(choices, ast.Tuple) else [choices]
            return Literal[tuple(ast.literal_eval(option) for option in options)]
    raise UsageError(f"a parameter's annotation may not be {ast.unparse(node)!r} (choices: {', '.join(ANNOTATIONS)})")


def _devices(module: str, class_name: str) -> tuple[str, ...]:
    """The class's `devices`, from its own body or the nearest base that sets it."""
    for _, node in _lineage(module, class_name):
        for statement in node.body:
            match statement:
                case (
                    ast.AnnAssign(target=ast.Name(id="devices"), value=ast.Tuple() as value)
                    | ast.Assign(targets=[ast.Name(id="devices")], value=ast.Tuple() as value)
                ):
                    return tuple(ast.literal_eval(value))
    return ("cpu",)


def _data_parallel(module: str, class_name: str) -> bool:
    """What the class, or the nearest base that sets it, says of its `fit`; a subclass's own needs its own word."""
    for _, node in _lineage(module, class_name):
        for statement in node.body:
            match statement:
                case (
                    ast.AnnAssign(target=ast.Name(id="data_parallel"), value=ast.Constant(value=bool(said)))
                    | ast.Assign(targets=[ast.Name(id="data_parallel")], value=ast.Constant(value=bool(said)))
                ):
                    return said
        if any(isinstance(statement, ast.FunctionDef) and statement.name == "fit" for statement in node.body):
            return False
    return False


def _kind(module: str, class_name: str) -> Kind | None:
    """What the class is, by the contract it derives from; None where it derives from something else."""
    lineage = ((ancestor, node.name) for ancestor, node in _lineage(module, class_name))
    return next((CONTRACTS[ancestor] for ancestor in lineage if ancestor in CONTRACTS), None)


def _lineage(module: str, class_name: str) -> Iterator[tuple[str, ast.ClassDef]]:
    """Module and text of the class and of its bases, nearest first, as far as a contract; libraries' are left out."""
    node = _class_node(module, class_name)
    yield module, node
    if (module, class_name) in CONTRACTS:
        return
    for base in _bases(module, node):
        try:
            yield from _lineage(*base)
        except UsageError:  # a class that is not written where it is imported from
            continue


def _name(node: ast.ClassDef) -> str | None:
    """The text that the class's body gives `name`."""
    for statement in node.body:
        match statement:
            case ast.AnnAssign(target=ast.Name(id="name"), value=ast.Constant(value=str(name))):
                return name
            case ast.Assign(targets=[ast.Name(id="name")], value=ast.Constant(value=str(name))):
                return name
    return None


def _bases(module: str, node: ast.ClassDef) -> Iterator[tuple[str, str]]:
    """Module and name of each base that the module defines itself or imports by name."""
    known = {other.name: (module, other.name) for other in _tree(module).body if isinstance(other, ast.ClassDef)}
    known |= {
        alias.asname or alias.name: (statement.module, alias.name)
        for statement in _tree(module).body
        if isinstance(statement, ast.ImportFrom) and statement.module and not statement.level
        for alias in statement.names
    }
    return (known[base.id] for base in node.bases if isinstance(base, ast.Name) and base.id in known)
