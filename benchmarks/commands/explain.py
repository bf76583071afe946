"""`explain`: the words behind a decision."""

import json
from dataclasses import asdict
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from benchmarks.commands.exit_status import ExitStatus
from benchmarks.commands.model_options import ModelOptions
from benchmarks.redaction import plain

if TYPE_CHECKING:
    from benchmarks.inference.explain import Explanation

LONGEST_BAR = 20
"""Characters."""


class MethodChoice(StrEnum):
    """Values of explain's --method."""

    WEIGHTS = "weights"
    GRADIENTS = "gradients"
    ERASURE = "erasure"


def explain(
    model: ModelOptions,
    text: Annotated[str, typer.Argument(metavar="TEXT", help="Text to explain.")],
    class_: Annotated[
        str | None, typer.Option("--class", metavar="NAME", help="Class to explain. Default: the most probable one.")
    ] = None,
    method: Annotated[
        MethodChoice | None,
        typer.Option(
            help="How to attribute. Default: the first that a model has of weights, gradients (needs captum), erasure."
        ),
    ] = None,
    top: Annotated[int, typer.Option(min=1, metavar="N", help="Number of words to show.")] = 15,
    as_json: Annotated[bool, typer.Option("--json", help="Print every word as JSON, in text order.")] = False,
) -> int:
    """Show what each word adds to a class.

    The figures are contributions to the log-odds of the class of a text; where weights explain one of more than two
    classes, to its logit. Gradients, the first method of torch models, need captum (the extra `explain`): without it,
    give --method erasure.

    Examples: `python -m benchmarks explain results/quick "Not bad at all."` ·
    `python -m benchmarks explain results/quick "Not bad at all." --cell "lstm-*" --class negative`
    """
    found = model.find()

    from benchmarks.inference.explain import explain as explain_text

    explanation = explain_text(found.load("cpu"), text, label=class_, method=method.value if method else None)
    if as_json:
        words = [{"word": word, "log_odds": added} for word, added in explanation.words]
        print(json.dumps(asdict(explanation) | {"words": words}, indent=2))
    else:
        _print(explanation, top)
    return ExitStatus.OK


def _print(explanation: "Explanation", top: int) -> None:
    total = "log-odds" if explanation.intercept is None else "logit"
    label, probability = plain(explanation.label), explanation.probability
    print(f"{label}, {probability:.1%} before calibration")
    print(f"contribution of each word to its {total} ({explanation.method}):")
    largest = max((abs(added) for _, added in explanation.words), default=1.0) or 1.0
    for word, added in explanation.strongest(top):
        bar = "█" * round(LONGEST_BAR * abs(added) / largest)
        print(f"{added:+8.3f} {bar:<{LONGEST_BAR}} {plain(word)}")
    if explanation.intercept is not None:
        print(f"{explanation.intercept:+8.3f} without any word (the intercept)")
