"""An error that a plug-in caused, as one line: its file and line, the error, and what was expected."""

import ast
import difflib
import inspect
import re
import sys
import traceback
from collections.abc import Iterable, Iterator
from types import TracebackType

from benchmarks.errors import BenchmarkError
from benchmarks.registry.plugins import Plugin, plugins

ABSTRACT = re.compile(r"abstract class (\w+) .*abstract methods? (.+)")
"""Python's message where a class lacks methods; the names stand in quotation marks since Python 3.12."""

CALL = re.compile(r"(\w+)\.(\w+)\(\) (?:takes|missing|got)\b")
"""Python's message where a method has other arguments than it is called with."""


def describe(error: BaseException) -> str:
    """Describe an error: "my_model.py, line 12: NameError: name 'wrods' is not defined; did you mean 'words'?"."""
    if isinstance(error, BenchmarkError):  # one line for users already
        return str(error)
    message = f"{type(error).__name__}: {' '.join(str(error).split())}"
    place, expected = _raised_in(error), _meant(error)
    if place is None:
        place, expected = next(_declared(str(error)), (None, expected))
    return f"{f'{place}: ' if place else ''}{message}{f'; {expected}' if expected else ''}"


def _raised_in(error: BaseException) -> str | None:
    """Return the innermost line of a plug-in that the error passed through."""
    files = {str(plugin.path): plugin for plugin in plugins().values()}
    lines = [frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename in files]
    return _place(files[lines[-1].filename], lines[-1].lineno) if lines else None


def _meant(error: BaseException) -> str:
    """Return the nearest name to one that is not there."""
    name = getattr(error, "name", None)
    if not isinstance(name, str):
        return ""
    known: Iterable[str] = ()
    if isinstance(error, NameError) and (frame := _last(error.__traceback__)) is not None:
        known = [*frame.tb_frame.f_locals, *frame.tb_frame.f_globals, *frame.tb_frame.f_builtins]
    elif isinstance(error, AttributeError):
        known = dir(error.obj)
    elif isinstance(error, ImportError):
        found = re.search(r"cannot import name '(\w+)' from '([\w.]+)'", str(error))
        name, known = (found[1], dir(sys.modules.get(found[2]))) if found else (name, ())
    near = difflib.get_close_matches(name, list(known), n=1)
    return f"did you mean {near[0]!r}?" if near else ""


def _declared(message: str) -> Iterator[tuple[str, str]]:
    """Yield the line of a plug-in's class or method that an error of the caller is about, and what was expected."""
    for plugin in plugins().values():
        classes = {node.name: node for node in ast.parse(plugin.source).body if isinstance(node, ast.ClassDef)}
        if (found := ABSTRACT.search(message)) and found[1] in classes:
            node = classes[found[1]]
            wanted = re.findall(r"\w+", found[2].replace(" and ", " "))
            own = {each.name: each for each in node.body if isinstance(each, ast.FunctionDef)}
            near = {name: difflib.get_close_matches(name, own, n=1) for name in wanted}
            line = next((own[n[0]].lineno for n in near.values() if n), node.lineno)
            yield _place(plugin, line), f"expected {', '.join(_signature(plugin, found[1], name) for name in wanted)}"
        elif (found := CALL.search(message)) and found[1] in classes:
            method = next(
                (e for e in classes[found[1]].body if isinstance(e, ast.FunctionDef) and e.name == found[2]), None
            )
            if method is not None:
                yield _place(plugin, method.lineno), f"expected {_signature(plugin, found[1], found[2])}"


def _signature(plugin: Plugin, class_name: str, method: str) -> str:
    """Return a method as the nearest base declares it."""
    owner = getattr(sys.modules.get(plugin.module), class_name, None)
    for base in owner.__mro__[1:] if isinstance(owner, type) else ():
        if method in base.__dict__:
            return f"`def {method}{inspect.signature(base.__dict__[method])}`"
    return f"a method `{method}`"


def _place(plugin: Plugin, line: int | None) -> str:
    return f"{plugin.path}, line {line}"


def _last(trace: TracebackType | None) -> TracebackType | None:
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return trace
