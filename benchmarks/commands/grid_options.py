"""Options that choose the cells of a run: models, losses, training sizes, seeds and settings."""

from dataclasses import dataclass
from typing import Annotated

import typer

from benchmarks.commands.options import parse_count, parse_settings, split_words
from benchmarks.config.plan import MOST_CELLS, PER_CLASS, Choices, TrainSize
from benchmarks.config.suite import LARGEST_SEED, LARGEST_SIZE, MOST_REPEATS
from benchmarks.errors import UsageError


@dataclass(frozen=True)
class GridOptions:
    """Changes to the grids of a suite; None keeps the suite's setting."""

    suite: Annotated[
        str, typer.Option(metavar="NAME|FILE.toml", help="Suite to run: a built-in one or a TOML file.")
    ] = "quick"
    everything: Annotated[
        bool, typer.Option("--all", help="Run all models and losses of the suite; this is the default.")
    ] = False
    models: Annotated[
        list[str] | None, typer.Option(metavar="GLOB..", help="Run only these models, such as lstm 'tfidf*'.")
    ] = None
    losses: Annotated[
        list[str] | None, typer.Option(metavar="GLOB..", help="Run these losses instead of the suite's.")
    ] = None
    train_size: Annotated[
        str | None,
        typer.Option(
            metavar="N|N/class|all[,N..]",
            help="Number of training texts, of all classes or of each; several values make several cells.",
        ),
    ] = None
    seeds: Annotated[
        str | None, typer.Option(metavar="N|N,N..", help="Number of seeds (3 runs seeds 1, 2, 3), or a list (1,5).")
    ] = None
    repeats: Annotated[
        str | None,
        typer.Option(
            metavar="N",
            help="Train N times, each time on a redrawn sample with another seed; wanted for claims about models.",
        ),
    ] = None
    set_: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            metavar="NAME.PARAM=VALUE[,VALUE..]",
            help="Set a parameter of a model or loss; several values make several cells.",
        ),
    ] = None

    def choices(self) -> Choices:
        """Parse the options into the plan's choices.

        Raises:
            UsageError: two options contradict each other, or a value is malformed.
        """
        if self.everything and (self.models or self.losses):
            raise UsageError("--all together with --models or --losses: give one or the other")
        return Choices(
            models=split_words(self.models),
            losses=split_words(self.losses),
            train_sizes=_train_sizes(self.train_size),
            seeds=_seeds(self.seeds),
            repeats=None
            if self.repeats is None
            else parse_count("--repeats", self.repeats, least=1, most=MOST_REPEATS),
            set=parse_settings(self.set_),
        )


def _train_sizes(text: str | None) -> list[TrainSize] | None:
    return None if text is None else [_train_size(part) for part in text.split(",")]


def _train_size(part: str) -> TrainSize:
    if part == "all":
        return part
    count = parse_count("--train-size", part.removesuffix(PER_CLASS), least=1, most=LARGEST_SIZE)
    return f"{count}{PER_CLASS}" if part.endswith(PER_CLASS) else count


def _seeds(text: str | None) -> list[int] | None:
    """Parse "3" as seeds 1 to 3, and "1,5" as seeds 1 and 5."""
    if text is None:
        return None
    if text.isdecimal():
        numbers = list(range(1, parse_count("--seeds", text, least=0, most=MOST_CELLS) + 1))
    else:
        numbers = [parse_count("--seeds", part, least=0, most=LARGEST_SEED) for part in text.split(",") if part]
    if not numbers:
        raise UsageError(f"--seeds {text!r}: no seed (choices: a number of seeds, or seeds separated by commas)")
    return numbers
