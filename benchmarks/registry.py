"""Names -> classes, imported only when they run.

What `list`, `--set` and `--dry-run` need to know of a class (its summary, its parameters, where it can run) is read
from its source text, so that none of them waits for torch.
"""

import ast
import importlib
import importlib.util
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache
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
from models.model import Fraction, Runtime
from models.truncation import Truncation

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
            raise UsageError(f"{self.name}={value!r} is not {self.annotation}: {reason}") from None


@dataclass(frozen=True)
class Entry:
    """A registered class, described without being imported.

    Attributes:
        target: "module:Class".
        summary: the first line of its docstring.
        devices: where a model can run; empty for what is no model.
    """

    kind: Kind
    name: str
    target: str
    summary: str
    parameters: dict[str, Parameter]
    devices: tuple[str, ...]

    def load(self) -> Any:
        """Import the class."""
        module, _, name = self.target.partition(":")
        return getattr(importlib.import_module(module), name)

    def runtime(self, wanted: Runtime) -> Runtime:
        """Where a model runs when `wanted` is asked for: one that cannot use the device is on the CPU in fp32."""
        if self.devices == ("cpu",) or wanted.device not in self.devices:
            return replace(wanted, device="cpu", precision="fp32")
        return wanted

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


@cache
def _targets(kind: Kind) -> dict[str, str]:
    """Name -> "module:Class"; installed packages add to the built-in ones and never replace one."""
    installed = {point.name: point.value for point in entry_points(group=f"benchmarks.{kind}")}
    return BUILT_IN[kind] | {name: target for name, target in installed.items() if name not in BUILT_IN[kind]}


@cache
def _describe(kind: Kind, name: str, target: str) -> Entry:
    module, _, class_name = target.partition(":")
    node = _class_node(module, class_name)
    return Entry(
        kind=kind,
        name=name,
        target=target,
        summary=(ast.get_docstring(node) or "").split("\n")[0],
        parameters=_parameters(node),
        devices=_devices(module, class_name) if kind == "models" else (),
    )


@cache
def _tree(module: str) -> ast.Module:
    spec = importlib.util.find_spec(module)
    if spec is None or spec.origin is None:
        raise UsageError(f"module {module!r} cannot be found")
    return ast.parse(Path(spec.origin).read_text(encoding="utf-8"))


def _class_node(module: str, name: str) -> ast.ClassDef:
    for node in _tree(module).body:
        if isinstance(node, ast.ClassDef) and node.name == name:
            return node
    raise UsageError(f"module {module!r} defines no class {name!r}")


def _parameters(node: ast.ClassDef) -> dict[str, Parameter]:
    constructor = next((f for f in node.body if isinstance(f, ast.FunctionDef) and f.name == "__init__"), None)
    if constructor is None:
        return {}
    arguments = constructor.args
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
    node = _class_node(module, class_name)
    for statement in node.body:
        match statement:
            case ast.AnnAssign(target=ast.Name(id="devices"), value=ast.Tuple() as value):
                return tuple(ast.literal_eval(value))
    imported = {
        alias.asname or alias.name: (statement.module, alias.name)
        for statement in _tree(module).body
        if isinstance(statement, ast.ImportFrom) and statement.module
        for alias in statement.names
    }
    for base in node.bases:
        if isinstance(base, ast.Name) and base.id in imported:
            return _devices(*imported[base.id])
    return ("cpu",)
