"""Options in groups become flat signatures."""

import inspect
from dataclasses import dataclass
from typing import Annotated

import pytest
import typer

from benchmarks.cli import app
from benchmarks.commands.signature import flattened


@dataclass(frozen=True)
class Group:
    """Two options."""

    name: Annotated[str, typer.Option()]
    size: Annotated[int, typer.Option()] = 3


def command(name: Group, other: Annotated[str, typer.Option()] = "x") -> int:
    """A command whose group is named like one of its options."""
    assert isinstance(name, Group)
    return name.size + len(other) + len(name.name)


def test_fields_become_parameters():
    signature = inspect.signature(flattened(command))
    assert list(signature.parameters) == ["name", "size", "other", "verbose", "quiet"]
    assert signature.parameters["name"].default is inspect.Parameter.empty
    assert signature.parameters["size"].default == 3


def test_the_command_gets_the_group():
    assert flattened(command)(name="ab", size=10, other="xyz", verbose=False, quiet=False) == 15


@pytest.mark.parametrize("name", typer.main.get_command(app).commands)
def test_no_two_options_of_a_command_share_a_flag(name):
    flags = [flag for option in typer.main.get_command(app).commands[name].params for flag in option.opts]
    assert len(set(flags)) == len(flags)
    assert {"--verbose", "-v", "--quiet", "-q"} <= set(flags)
