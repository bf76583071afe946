"""Templates for new models, losses and datasets, and the contract's checks for them."""

import json
import keyword
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from benchmarks.errors import UsageError, unknown
from benchmarks.registry.entries import Entry, add_plugin, entries, names
from benchmarks.registry.faults import describe
from benchmarks.registry.loss_contract import LOSS_CHECKS, Built
from benchmarks.registry.model_contract import MODEL_CHECKS, Trained
from benchmarks.registry.names import NAMES, SINGULAR, Kind
from benchmarks.registry.source_contract import SOURCE_CHECKS, Read

TEMPLATES = Path(__file__).parent / "templates"

SMALL: dict[str, dict[str, int]] = {
    "words": {"max_length": 32, "embedding_width": 16, "min_steps": 200},
    "sklearn": {},
    "huggingface": {"max_length": 32, "epochs": 8},
}
"""Template of a model -> parameters with which its test fits it in seconds."""

S = TypeVar("S")


@dataclass(frozen=True)
class Finding:
    """Result of one check.

    Attributes:
        name: of the model, loss or dataset.
        check: name of the check.
        fault: description of the fault; empty if the check passed.
    """

    name: str
    check: str
    fault: str


def write_template(kind: str, name: str, folder: Path, template: str = "words") -> tuple[Path, Path]:
    """Write NAME.py, which works as it is, and test_NAME.py into a folder; return their paths.

    Args:
        kind: "model", "loss" or "dataset".
        name: what it is registered as.
        folder: an existing one.
        template: of a model: one of `SMALL`.

    Raises:
        UsageError: the name cannot be one, or is taken, or a file is there already.
    """
    kinds: dict[str, Kind] = {singular: plural for plural, singular in SINGULAR.items()}
    if kind not in kinds:
        raise unknown("kind", kind, kinds)
    if template not in SMALL:
        raise unknown("template", template, SMALL)
    pattern = NAMES["models"]  # also of a dataset's name, as it is a file's here
    if not pattern.fullmatch(name) or keyword.iskeyword(name):
        raise UsageError(f"new {kind} {name!r}: a name matches {pattern.pattern}, as my_{kind} does")
    if name in names(kinds[kind]):
        raise UsageError(f"new {kind} {name!r}: there is one of that name (taken: {', '.join(names(kinds[kind]))})")
    paths = folder / f"{name}.py", folder / f"test_{name}.py"
    for path in paths:
        if path.exists():
            raise UsageError(f"new {kind} {name!r}: {str(path)!r} is there already")
    camel = "".join(part.capitalize() for part in name.split("_"))
    own = f"{kind}.py" if kind != "model" or template == "words" else f"{kind}_{template}.py"
    for path, file in zip(paths, (own, f"test_{kind}.py"), strict=True):
        content = (TEMPLATES / file).read_text(encoding="utf-8")
        content = content.replace(json.dumps(SMALL["words"]), json.dumps(SMALL[template]))
        content = content.replace(f"my_{kind}", name).replace(f"My{kind.capitalize()}", camel)
        try:
            with path.open("x", encoding="utf-8") as opened:
                opened.write(content)
        except OSError as error:
            raise UsageError(f"new {kind} {name!r}: {str(path)!r} cannot be written: {error.strerror}") from None
    return paths


def check_plugin(path: Path, settings: Mapping[str, Sequence[Any]]) -> Iterator[Finding]:
    """Run the contract's checks on everything that a plug-in defines.

    Args:
        path: the plug-in.
        settings: "name.parameter" -> one value: what makes a model small, so that it is fitted in seconds.

    Raises:
        UsageError: the plug-in cannot be used, or a setting is of nothing that it defines.
    """
    if not __debug__:
        raise UsageError("check needs Python's assertions: run it without -O")
    plugin = add_plugin(path)
    kinds: tuple[Kind, ...] = ("models", "losses", "datasets")
    own = [entry for kind in kinds for entry in entries(kind) if entry.plugin == plugin.sha256]
    chosen = {entry.name: entry.settings(_settings_of(entry, settings)) for entry in own}
    for key in settings:
        if key.partition(".")[0] not in chosen:
            raise unknown("model or loss of the plug-in", key.partition(".")[0], chosen)
    return (finding for entry in own for finding in _check(entry, chosen[entry.name]))


def _settings_of(entry: Entry, settings: Mapping[str, Sequence[Any]]) -> dict[str, Any]:
    found = {}
    for key, values in settings.items():
        name, _, parameter = key.partition(".")
        if name == entry.name:
            if len(values) != 1:
                raise UsageError(f"a check takes one value, not {len(values)}", option="set", value=key)
            found[parameter] = values[0]
    return found


def _check(entry: Entry, settings: dict[str, Any]) -> Iterator[Finding]:
    match entry.kind:
        case "models":
            return _findings(entry.name, MODEL_CHECKS, Trained(entry.name, settings), lambda trained: trained.fitted)
        case "losses":
            return _findings(entry.name, LOSS_CHECKS, Built(entry.name, settings), lambda built: built.loss)
        case "datasets":
            return _findings(entry.name, SOURCE_CHECKS, Read(entry.name), lambda read: read.raw)


def _findings(
    name: str, checks: Sequence[Callable[[S], None]], subject: S, usable: Callable[[S], object]
) -> Iterator[Finding]:
    """Yield the outcome of each check, or one fault if the subject cannot be created."""
    try:
        usable(subject)
    except Exception as error:  # noqa: BLE001  (the author's code may raise anything)
        yield Finding(name, "it can be used", describe(error))
        return
    for check in checks:
        yield Finding(name, check.__name__.replace("_", " "), _fault(check, subject))


def _fault(check: Callable[[S], None], subject: S) -> str:
    """Describe a fault in one line, with the plug-in's line number if its own code raised."""
    try:
        check(subject)
    except AssertionError as error:
        return " ".join(str(error).split()) or "AssertionError"
    except Exception as error:  # noqa: BLE001  (the author's code may raise anything)
        return describe(error)
    return ""
