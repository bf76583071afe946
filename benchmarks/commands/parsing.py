"""Argument parsing of the commands, where it differs from typer."""

from typing import Any

from typer.core import TyperCommand
from typer.exceptions import TyperException

from benchmarks.registry.entries import Kind, entries


class SpreadingCommand(TyperCommand):
    """A command whose repeatable options take several words: `--models lstm nbsvm`.

    That holds for commands without positional arguments, where every word up to the next option can only be a value.
    In a command with positional arguments an option takes one word and is repeated: `check --set a=1 file.py`.
    """

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Repeat the option before each of its values, then parse."""
        return super().parse_args(ctx, spread(args, self._spreading(ctx)))

    def _spreading(self, ctx: Any) -> frozenset[str]:
        parameters = self.get_params(ctx)
        if any(parameter.param_type_name == "argument" for parameter in parameters):
            return frozenset()
        return frozenset(
            name for parameter in parameters if getattr(parameter, "multiple", False) for name in parameter.opts
        )


def spread(words: list[str], spreading: frozenset[str]) -> list[str]:
    """Write `--models a b` as `--models a --models b`, for the options in `spreading`."""
    result: list[str] = []
    option, has_value = "", False
    for word in words:
        if word.startswith("-"):
            name, equals, _ = word.partition("=")
            option, has_value = name if name in spreading else "", bool(equals)
        elif option:
            if has_value:
                result.append(option)
            has_value = True
        result.append(word)
    return result


def usage_message(error: TyperException) -> str:
    """Return typer's message on one line, with a hint where an option is unknown."""
    message = " ".join(error.format_message().split())
    if not hasattr(error, "possibilities"):  # of unknown options alone
        return message
    option = str(getattr(error, "option_name", ""))
    parameter = option.lstrip("-").replace("-", "_")
    kinds: tuple[Kind, ...] = ("models", "losses")
    owners = [found.name for kind in kinds for found in entries(kind) if parameter in found.parameters]
    if owners:
        return f"{message}; set parameters of models and losses with --set, as in --set {owners[0]}.{parameter}=VALUE"
    context = getattr(error, "ctx", None)
    if context is not None and context.command.name in {"predict", "explain"}:
        return f"{message}; a text that begins with - goes after --"
    return message
