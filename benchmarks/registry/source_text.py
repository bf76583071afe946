"""Facts of a class, read from its source text: importing it would take seconds, since models import torch.

A parameter is declared once, in one of two ways: as an annotated attribute of the class (`epochs: PositiveInt = 3`),
which subclasses inherit, with another default if they like (`epochs = 5`); or as a keyword-only argument of a
constructor that a class writes itself, which then names all of them. `models.model.Model` reads them likewise.
"""

import ast
import builtins
import difflib
import importlib.util
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import cache
from importlib.abc import InspectLoader

from benchmarks.errors import OWN_PACKAGES, UsageError
from benchmarks.registry.names import Kind
from benchmarks.registry.parameters import Parameter, literal, written_parameter
from benchmarks.registry.plugins import plugins

CONTRACTS: dict[tuple[str, str], Kind] = {
    ("models.model", "Model"): "models",
    ("losses.loss", "Loss"): "losses",
    ("data.source", "Source"): "datasets",
}
"""The class that each kind derives from."""

FACTS = frozenset({"name", "devices", "data_parallel", "any_loss"})
"""Attributes of a model's class that are no parameters, however they are annotated."""


def registered_classes(module: str) -> Iterator[tuple[Kind, str, str]]:
    """Yield kind, name and class of each class with a `name` that a module defines by one of the contracts.

    Raises:
        UsageError: the module cannot be found.
    """
    for node in _tree(module).body:
        if isinstance(node, ast.ClassDef):
            name, kind = _registered_name(node), kind_of(module, node.name)
            if name is not None and kind is not None:
                yield kind, name, node.name


def kind_of(module: str, class_name: str) -> Kind | None:
    """Return the kind of a class, by the contract it derives from; None where it derives from something else."""
    lineage = ((ancestor, node.name) for ancestor, node in _lineage(module, class_name))
    return next((CONTRACTS[ancestor] for ancestor in lineage if ancestor in CONTRACTS), None)


def summary(module: str, class_name: str) -> str:
    """Return the first line of the class's docstring."""
    return (ast.get_docstring(_class_node(module, class_name)) or "").split("\n")[0]


def devices(module: str, class_name: str) -> tuple[str, ...]:
    """Return the class's `devices`, its own or the nearest base's that writes them out as a tuple."""
    values = (_assigned(node, "devices") for _, node in _lineage(module, class_name))
    written = next((value for value in values if isinstance(value, ast.Tuple)), None)
    return ("cpu",) if written is None else tuple(ast.literal_eval(written))


def data_parallel(module: str, class_name: str) -> bool:
    """Return `data_parallel` of the class or of the nearest base that sets it.

    A class that defines `fit` must set it again; else it is False.
    """
    return _property_of_fit(module, class_name, "data_parallel")


def any_loss(module: str, class_name: str) -> bool:
    """Return `any_loss` of the class or of the nearest base that sets it; see `data_parallel`."""
    return _property_of_fit(module, class_name, "any_loss")


def weighting(module: str, class_name: str) -> bool:
    """Return `weighting` of the loss or of the nearest base that sets it; True where none does."""
    values = (_boolean(node, "weighting") for _, node in _lineage(module, class_name))
    return next((value for value in values if value is not None), True)


def parameters(module: str, class_name: str) -> dict[str, Parameter]:
    """Return the parameters of a class: annotated attributes, or keyword-only arguments of the nearest constructor.

    Raises:
        UsageError: one has no default, a type that a parameter may not have, or both ways are mixed.
    """
    fields: dict[str, Parameter] = {}
    defaults: dict[str, ast.expr] = {}
    is_model = kind_of(module, class_name) == "models"
    for owner, node in _lineage(module, class_name):
        own = _fields(owner, node) if is_model else {}
        constructor = _function(node, "__init__")
        if constructor is not None:
            if fields:
                raise UsageError(
                    f"{class_name} declares {', '.join(fields)} as attributes, but {node.name} has a constructor: "
                    "declare all parameters in a constructor of its own"
                )
            return _arguments(owner, constructor, class_name)
        fields = _with_defaults(own, defaults, class_name) | fields
        defaults = _defaults(node) | defaults
    return fields


def _property_of_fit(module: str, class_name: str, name: str) -> bool:
    """The truth value of an attribute that describes `fit`, of the nearest class that sets it or defines `fit`."""
    for _, node in _lineage(module, class_name):
        value = _boolean(node, name)
        if value is not None:
            return value
        if _function(node, "fit") is not None:
            return False
    return False


def _boolean(node: ast.ClassDef, name: str) -> bool | None:
    """The truth value that a class's own body gives an attribute; None where it gives none."""
    value = _assigned(node, name)
    return value.value if isinstance(value, ast.Constant) and isinstance(value.value, bool) else None


def _registered_name(node: ast.ClassDef) -> str | None:
    """The text that the class's own body gives `name`; None where it gives none."""
    value = _assigned(node, "name")
    return value.value if isinstance(value, ast.Constant) and isinstance(value.value, str) else None


def _fields(module: str, node: ast.ClassDef) -> dict[str, Parameter]:
    """The annotated attributes of a class's own body that are parameters."""
    found = {}
    for statement in node.body:
        if (
            isinstance(statement, ast.AnnAssign)
            and isinstance(statement.target, ast.Name)
            and statement.target.id not in FACTS
            and not statement.target.id.startswith("_")
            and not _is_class_variable(statement.annotation)
        ):
            name = statement.target.id
            with _placed(module, statement.lineno):
                found[name] = written_parameter(name, statement.annotation, statement.value, node.name)
    return found


def _defaults(node: ast.ClassDef) -> dict[str, ast.expr]:
    """The values that a class's own body gives to attributes without an annotation."""
    return {
        target.id: statement.value
        for statement in node.body
        if isinstance(statement, ast.Assign)
        for target in statement.targets
        if isinstance(target, ast.Name)
    }


def _with_defaults(fields: dict[str, Parameter], defaults: dict[str, ast.expr], owner: str) -> dict[str, Parameter]:
    """The parameters with the defaults that subclasses give them."""
    return {
        name: replace(field, default=literal(name, defaults[name], owner)) if name in defaults else field
        for name, field in fields.items()
    }


def _is_class_variable(annotation: ast.expr) -> bool:
    outer = annotation.value if isinstance(annotation, ast.Subscript) else annotation
    return "ClassVar" in {getattr(outer, "id", None), getattr(outer, "attr", None)}


def _arguments(module: str, constructor: ast.FunctionDef, owner: str) -> dict[str, Parameter]:
    """The keyword-only arguments of a constructor."""
    arguments, found = constructor.args, {}
    for argument, default in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True):
        with _placed(module, argument.lineno):
            found[argument.arg] = written_parameter(argument.arg, argument.annotation, default, owner)
    return found


@contextmanager
def _placed(module: str, line: int) -> Iterator[None]:
    """Put file and line of a plug-in before the message of an error."""
    try:
        yield
    except UsageError as error:
        if module not in plugins():
            raise
        raise UsageError(f"{plugins()[module].path}, line {line}: {error}") from None


def why_nothing_is_registered(module: str) -> str:
    """Return the line of a module's class that lacks a `name` or a base, and what was expected; "" where there is none.

    The last class counts: an author's helpers stand before it, or derive from a library.
    """
    found = ""
    for node in _tree(module).body:
        if isinstance(node, ast.ClassDef):
            if kind_of(module, node.name) is not None:
                near = difflib.get_close_matches("name", _defaults(node), n=1)
                hint = f"did you mean `name`, not `{near[0]}`?" if near else f'expected `name = "{node.name.lower()}"`'
                found = f"line {node.lineno}: class {node.name} has no `name`; {hint}"
            elif missing := next(_missing_bases(module, node), ""):
                found = f"line {node.lineno}: {missing}"
    return found


def _missing_bases(module: str, node: ast.ClassDef) -> Iterator[str]:
    """Say which bases of a class are not defined where they should be."""
    tree = _tree(module)
    imported = {
        alias.asname or alias.name: (statement.module, alias.name)
        for statement in tree.body
        if isinstance(statement, ast.ImportFrom) and statement.module and not statement.level
        for alias in statement.names
    }
    own = [each.name for each in tree.body if isinstance(each, ast.ClassDef)]
    for base in node.bases:
        if not isinstance(base, ast.Name):
            continue
        if base.id in imported and imported[base.id][0].partition(".")[0] in OWN_PACKAGES:
            home, name = imported[base.id]
            known = [each.name for each in _tree(home).body if isinstance(each, ast.ClassDef)]
            if name not in known:
                yield f"{home} has no class {name!r}{_nearest(name, known)}"
        elif base.id not in {*imported, *own, *dir(builtins)}:
            near = _nearest(base.id, [*imported, *own])
            yield f"class {node.name} derives from {base.id!r}, which is not defined{near}"


def _nearest(name: str, known: Sequence[str]) -> str:
    near = difflib.get_close_matches(name, known, n=1)
    return f"; did you mean {near[0]!r}?" if near else f" (choices: {', '.join(known)})" if known else ""


def forget_sources() -> None:
    """Read all modules anew from now on."""
    _tree.cache_clear()


@cache
def _tree(module: str) -> ast.Module:
    spec = importlib.util.find_spec(module)
    source = spec.loader.get_source(module) if spec and isinstance(spec.loader, InspectLoader) else None
    if source is None:
        raise UsageError(f"module {module!r} cannot be found")
    return ast.parse(source)


def _class_node(module: str, name: str) -> ast.ClassDef:
    for node in reversed(_tree(module).body):  # of two definitions, Python keeps the last
        if isinstance(node, ast.ClassDef) and node.name == name:
            return node
    raise UsageError(f"module {module!r} defines no class {name!r}")


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


def _assigned(node: ast.ClassDef, name: str) -> ast.expr | None:
    """The expression that a class's own body gives an attribute."""
    for statement in node.body:
        match statement:
            case ast.AnnAssign(target=ast.Name(id=found), value=value) if found == name:
                return value
            case ast.Assign(targets=[ast.Name(id=found)], value=value) if found == name:
                return value
    return None


def _function(node: ast.ClassDef, name: str) -> ast.FunctionDef | None:
    return next((s for s in node.body if isinstance(s, ast.FunctionDef) and s.name == name), None)
