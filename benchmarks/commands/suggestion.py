"""The `run` command for data that a user has looked at, as a shell reads it."""

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import fields
from pathlib import Path

from benchmarks.commands.data_options import DataOptions
from data.look_alikes import proposed_map

COMMAND = ("python", "-m", "benchmarks", "run")
BREAK = " \\"
INDENT = "    "


def run_words(
    data: DataOptions, suite: str, plugins: Sequence[Path], facts: Mapping[str, str | int], counts: Mapping[str, int]
) -> list[str]:
    """Return the command that reads the data as they were read, with look-alike classes joined and rare ones left out.

    Args:
        data: the user's options.
        suite: the user's suite.
        plugins: the user's plug-ins.
        facts: provenance of the data: columns that were recognised.
        counts: class -> its rows.
    """
    chosen: dict[str, str] = {
        "suite": suite if suite != "quick" else "",
        "dataset": data.dataset or "",
        "text_column": str(facts.get("text column", "")),
        "label_column": str(facts.get("label column", "")),
        "label_map": str(proposed_map(counts) or ""),
    }
    chosen |= {f.name: str(value) for f in fields(data) if (value := getattr(data, f.name)) is not None}
    options = [(f"--{name.replace('_', '-')}", value) for name, value in chosen.items() if value]
    return [*COMMAND, *(word for path in plugins for word in ("--plugin", str(path))), *_joined(options)]


def as_typed(words: Sequence[str], width: int) -> str:
    """Return a command quoted for a shell, broken before options into lines of at most `width` where they allow it."""
    lines = [shlex.join(words[: len(COMMAND)])]
    rest = list(words[len(COMMAND) :])
    while rest:
        size = 2 if rest[0].startswith("--") and "=" not in rest[0] else 1
        part, rest = shlex.join(rest[:size]), rest[size:]
        if len(lines[-1]) + 1 + len(part) + len(BREAK) <= width:
            lines[-1] += f" {part}"
        else:
            lines.append(f"{INDENT}{part}")
    return f"{BREAK}\n".join(lines)


def _joined(options: Sequence[tuple[str, str]]) -> list[str]:
    """Return the words of options; a value that begins with a dash stays with its option."""
    return [
        word for flag, value in options for word in ([f"{flag}={value}"] if value.startswith("-") else [flag, value])
    ]
