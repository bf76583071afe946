"""Options that take several words, flat signatures, and hints for unknown options."""

import pytest
import typer

from benchmarks.cli import app
from benchmarks.commands.parsing import spread

SPREADING = frozenset({"--models", "--set"})


@pytest.mark.parametrize(
    ("typed", "parsed"),
    [
        ("--models a b --seeds 3 --set x=1 y=2", "--models a --models b --seeds 3 --set x=1 --set y=2"),
        ("--models=a b", "--models=a --models b"),
        ("--models a --models b c", "--models a --models b --models c"),
        ("--seeds 3 stray", "--seeds 3 stray"),
        ("--models a -- b", "--models a -- b"),
        ("--train-size -5", "--train-size -5"),
        ("", ""),
    ],
)
def test_a_spreading_option_takes_every_word_up_to_the_next_option(typed, parsed):
    assert spread(typed.split(), SPREADING) == parsed.split()


def parameters(command, words):
    """Options of a command, as the parser of the whole program reads them."""
    return typer.main.get_command(app).commands[command].make_context(command, words.split()).params


def test_options_of_run_take_several_words():
    found = parameters("run", "--models lstm tfidf* --plugin a.py b.py --seeds 2")
    assert found["models"] == ["lstm", "tfidf*"]
    assert [str(path) for path in found["plugin"]] == ["a.py", "b.py"]
    assert found["seeds"] == "2"


@pytest.mark.parametrize("words", ["--set a=1 --set b=2 file.py", "file.py --set a=1 --set b=2"])
def test_a_command_with_arguments_keeps_them(words):
    found = parameters("check", words)
    assert (str(found["file"]), found["set_"]) == ("file.py", ["a=1", "b=2"])
