"""Parameters of a registered class: their types, and how a value is checked."""

import ast
from dataclasses import dataclass
from typing import Any, Literal, Union, get_args, get_origin

from pydantic import (
    ConfigDict,
    NonNegativeFloat,
    NonNegativeInt,
    PositiveFloat,
    PositiveInt,
    TypeAdapter,
    ValidationError,
)

from benchmarks.errors import UsageError
from benchmarks.redaction import shortened
from models.encoder.truncation import Truncation
from models.model import Fraction

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
"""Names that a parameter's annotation may use; `Literal[..]` and `| None` are allowed beside them."""


@dataclass(frozen=True)
class Parameter:
    """A parameter of a registered class.

    Attributes:
        annotation: the type as written.
        type: the type that a value is checked against.
        default: its value where nobody sets it.
    """

    name: str
    annotation: str
    type: Any
    default: Any

    def parse(self, value: Any) -> Any:
        """Return `value`, from a command line or a suite file, as the parameter's type.

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


def written_parameter(name: str, annotation: ast.expr | None, default: ast.expr | None, owner: str) -> Parameter:
    """Return the parameter that a class's source text declares.

    Args:
        name: the parameter's.
        annotation: its type as written; None is `str`.
        default: its default as written.
        owner: the class's name, for messages.

    Raises:
        UsageError: it has no default, a default that is no literal, or a type that a parameter may not have.
    """
    if default is None:
        raise UsageError(f"parameter {name!r} of {owner} has no default (every parameter has one)")
    value = literal(name, default, owner)
    if annotation is None:
        return Parameter(name, "str", str, value)
    return Parameter(name, ast.unparse(annotation), _type(annotation), value)


def literal(name: str, default: ast.expr, owner: str) -> Any:
    """Return the value of a parameter's default.

    Raises:
        UsageError: it is no literal.
    """
    try:
        return ast.literal_eval(default)
    except ValueError:
        raise UsageError(
            f"parameter {name!r} of {owner}: its default {ast.unparse(default)!r} is no literal (choices: a number, a "
            "text, a truth value or None)"
        ) from None


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
