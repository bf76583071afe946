"""Flat signatures for typer, made from commands that take their options in groups."""

import dataclasses
import inspect
from collections.abc import Callable, Iterator, Mapping
from typing import Annotated, Any, get_type_hints

import typer

from benchmarks.executors.logs import configure_logging

VERBOSITY = {
    "verbose": Annotated[bool, typer.Option("--verbose", "-v", help="Show debug messages on stderr.")],
    "quiet": Annotated[bool, typer.Option("--quiet", "-q", help="Show only warnings and errors on stderr.")],
}


def flattened(command: Callable[..., int]) -> Callable[..., int]:
    """Wrap a command for typer, which knows no groups of options.

    A parameter annotated with a dataclass becomes one option per field, and the command gets an instance of it. Every
    command also takes `--verbose` and `--quiet`, which set up logging before it runs.
    """
    groups = {name: kind for name, kind in get_type_hints(command).items() if dataclasses.is_dataclass(kind)}

    def wrapper(*, verbose: bool, quiet: bool, **values: Any) -> int:
        configure_logging(verbose=verbose, quiet=quiet)
        own = {name: values[name] for name in inspect.signature(command).parameters if name not in groups}
        return command(**own, **{name: _instance(kind, values) for name, kind in groups.items()})

    parameters = [
        *_parameters(command, groups),
        *(_keyword(name, annotation, default=False) for name, annotation in VERBOSITY.items()),
    ]
    wrapper.__name__, wrapper.__doc__ = command.__name__, command.__doc__
    wrapper.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]  # read by inspect.signature
    return wrapper


def _instance(kind: Any, values: Mapping[str, Any]) -> Any:
    return kind(**{field.name: values[field.name] for field in dataclasses.fields(kind)})


def _parameters(command: Callable[..., int], groups: Mapping[str, Any]) -> Iterator[inspect.Parameter]:
    for name, parameter in inspect.signature(command, eval_str=True).parameters.items():
        if name not in groups:
            yield _keyword(name, parameter.annotation, default=parameter.default)
            continue
        annotations = get_type_hints(groups[name], include_extras=True)
        for field in dataclasses.fields(groups[name]):
            default = inspect.Parameter.empty if field.default is dataclasses.MISSING else field.default
            yield _keyword(field.name, annotations[field.name], default=default)


def _keyword(name: str, annotation: Any, *, default: Any) -> inspect.Parameter:
    return inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, annotation=annotation, default=default)
