"""Registered names: built-in ones, entry points of installed packages, and plug-ins."""

import re
from functools import cache
from importlib.metadata import entry_points
from typing import Literal

from benchmarks.errors import UsageError
from benchmarks.registry.plugins import plugins

Kind = Literal["models", "losses", "datasets"]

BUILT_IN: dict[Kind, dict[str, str]] = {
    "models": {
        "tfidf_logreg": "models.tfidf_logreg:TfidfLogReg",
        "nbsvm": "models.nbsvm:NbSvm",
        "static_embeddings": "models.static_embeddings:StaticEmbeddings",
        "lstm": "models.lstm:Lstm",
        "distilbert": "models.distilbert:DistilBert",
        "distilbert_mlp": "models.distilbert_mlp:DistilBertMlp",
        "transformer": "models.transformer:Transformer",
        "frozen_encoder": "models.frozen_encoder:FrozenEncoder",
    },
    "losses": {
        "ce": "losses.ce:CrossEntropy",
        "length_weighted_ce": "losses.length_weighted_ce:LengthWeightedCrossEntropy",
        "length_penalty": "losses.length_penalty:LengthPenalty",
        "class_weighted_ce": "losses.class_weighted_ce:ClassWeightedCrossEntropy",
        "focal": "losses.focal:Focal",
        "label_smoothing": "losses.label_smoothing:LabelSmoothing",
    },
    "datasets": {
        "imdb-packaged": "data.imdb_packaged:ImdbPackaged",
        "imdb": "data.imdb_hub:ImdbHub",
    },
}
"""Name -> "module:Class": a new model, loss or dataset is one file and one line here."""

OFF_BY_DEFAULT = frozenset(
    {
        "static_embeddings",
        "transformer",
        "frozen_encoder",
        "length_penalty",
        "class_weighted_ce",
        "focal",
        "label_smoothing",
    }
)
"""Names that run only when asked for: a model that needs an optional package, encoders that take as long as
`distilbert`, a loss that cannot change training, which tests the audits, and losses each of which adds a training for
every model."""

NAMES: dict[Kind, re.Pattern[str]] = {
    "models": re.compile(r"[a-z][a-z0-9_]*"),
    "losses": re.compile(r"[a-z][a-z0-9_]*"),
    "datasets": re.compile(r"[a-z][a-z0-9_-]*"),
}
"""Pattern of a plug-in's names: they become parts of folder names."""

SINGULAR: dict[Kind, str] = {"models": "model", "losses": "loss", "datasets": "dataset"}

_added: dict[Kind, dict[str, str]] = {"models": {}, "losses": {}, "datasets": {}}
"""Names that `add_target` registered, with their targets."""


@cache
def targets(kind: Kind) -> dict[str, str]:
    """Return name -> "module:Class"; packages and plug-ins add names and cannot replace built-in ones.

    Raises:
        UsageError: two installed packages bring one name.
    """
    others = _added[kind] | {name: target for name, (target, _) in _installed(kind).items()}
    return BUILT_IN[kind] | {name: target for name, target in others.items() if name not in BUILT_IN[kind]}


def add_target(kind: Kind, name: str, target: str) -> None:
    """Register a name in this process."""
    _added[kind][name] = target
    targets.cache_clear()


def origin(kind: Kind, name: str, target: str) -> str:
    """Return the sha256 of a plug-in file, or "package==version"; empty for a built-in name."""
    module = target.partition(":")[0]
    if module in plugins():
        return plugins()[module].sha256
    return "" if name in BUILT_IN[kind] else _installed(kind)[name][1]


@cache
def _installed(kind: Kind) -> dict[str, tuple[str, str]]:
    """Name -> "module:Class" and "package==version", of installed packages, by name."""
    found: dict[str, tuple[str, str]] = {}
    for point in sorted(entry_points(group=f"benchmarks.{kind}"), key=lambda point: (point.name, point.value)):
        package = f"{point.dist.name}=={point.dist.version}" if point.dist else "unknown"
        other = found.setdefault(point.name, (point.value, package))
        if other != (point.value, package):
            raise UsageError(
                f"{SINGULAR[kind]} {point.name!r} is registered by two installed packages, {other[1]} and {package}: "
                "uninstall one"
            )
    return found
