"""`explain`: the words that drove a decision."""

import json
from enum import StrEnum
from typing import Annotated

import typer
from rich.console import Console

from benchmarks.commands import exit_codes
from benchmarks.commands.options import CellOption, Plugins, TrainedModel, add_plugins
from benchmarks.commands.saying import say


class MethodChoice(StrEnum):
    """Values of explain's --method."""

    WEIGHTS = "weights"
    GRADIENTS = "gradients"
    ERASURE = "erasure"


def explain(
    model: TrainedModel,
    text: Annotated[str, typer.Argument(metavar="TEXT")],
    class_: Annotated[str | None, typer.Option("--class", metavar="NAME", help="Default: the most probable.")] = None,
    method: Annotated[MethodChoice | None, typer.Option(help="Default: the first that the model has.")] = None,
    top: Annotated[int, typer.Option(min=1, metavar="N", help="How many words.")] = 15,
    cell: CellOption = "*",
    as_json: Annotated[bool, typer.Option("--json", help="For programs: every word, in order.")] = False,
    plugin: Plugins = None,
) -> int:
    """Show the words that drove a decision: what each adds to the log-odds of the class.

    Examples: `python -m benchmarks explain results/quick "Not bad at all."` ·
    `python -m benchmarks explain results/quick "Not bad at all." --cell "lstm-*" --class negative`
    """
    add_plugins(plugin)

    from benchmarks.inference.explain import explain as explained
    from benchmarks.inference.saved import find_model, load_found
    from reports.formats import plain

    found = find_model(model, cell)
    said = explained(load_found(found, "cpu"), text, label=class_, method=method.value if method else None)
    if as_json:
        words = [{"word": word, "log_odds": added} for word, added in said.words]
        content = {"label": said.label, "probability": said.probability, "method": said.method}
        content |= {"intercept": said.intercept, "words": words}
        print(json.dumps(content, indent=2))
        return exit_codes.OK
    say(Console(stderr=True), f"{found.folder} ({found.reason})")
    sum_of = "log-odds" if said.intercept is None else "logit"
    print(f"{plain(said.label)}, {said.probability:.1%}; what each word adds to its {sum_of} ({said.method}):")
    largest = max((abs(added) for _, added in said.words), default=1.0) or 1.0
    for word, added in said.strongest(top):
        print(f"{added:+8.3f} {'█' * round(20 * abs(added) / largest):<20} {plain(word)}")
    if said.intercept is not None:
        print(f"{said.intercept:+8.3f} before any word (the intercept)")
    return exit_codes.OK
