"""Match the configurations of two runs, and name their differences."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from reports.analysis.evidence import Evidence
from reports.analysis.results import Configuration

Match = Literal["model", "exact"]
"""Configurations match by model, loss and training size, or only with the same parameters, device and precision."""

VERSIONS = {
    "code_version": "code",
    "model_plugin": "code of the model's plug-in",
    "loss_plugin": "code of the loss's plug-in",
}
"""Fields of a specification that may differ even between exact matches -> what they are."""

PLACE = ("device", "precision", "devices")


@dataclass(frozen=True)
class Pair:
    """One configuration in both runs."""

    new: Evidence
    base: Evidence

    @property
    def differences(self) -> tuple[str, ...]:
        """Parameters, device, code and libraries that differ: "alpha 1.0 → 0.5", "code", "scikit-learn 1.8 → 1.9"."""
        ours, theirs = (one.configuration.cells[0].spec for one in (self.new, self.base))
        places = {name: (getattr(theirs, name), getattr(ours, name)) for name in PLACE}
        return (
            *_changed(theirs.model_params, ours.model_params, f"{ours.model}."),
            *_changed(theirs.loss_params, ours.loss_params, f"{ours.loss}."),
            *(f"{name} {before} → {after}" for name, (before, after) in places.items() if before != after),
            *(f"files of {name}" for name in _keys_that_differ(theirs.model_files, ours.model_files)),
            *(what for name, what in VERSIONS.items() if getattr(theirs, name) != getattr(ours, name)),
            *_changed(theirs.libraries, ours.libraries),
        )


def matched(base: Sequence[Evidence], new: Sequence[Evidence], match: Match) -> list[Pair]:
    """Pair the configurations of two runs, in the base's order.

    Exact matches come first. By model, what is left of a model, a loss and a training size is paired where each run has
    one such configuration; of several, nobody can say which became which.
    """
    pairs = dict(_paired(base, new, _exactly))
    if match == "model":
        taken = {one.configuration.key for one in pairs.values()}
        left = [one for one in base if one.configuration.key not in pairs]
        others = [one for one in new if one.configuration.key not in taken]
        pairs |= dict(_paired(left, others, _by_model))
    return [Pair(pairs[one.configuration.key], one) for one in base if one.configuration.key in pairs]


def trainings_lost(pair: Pair) -> list[tuple[int, int]]:
    """Return (repeat, seed) of the trainings that have a good result in the base alone."""
    return [one for one in pair.base.configuration.trainings if one not in pair.new.configuration.trainings]


def _paired(
    base: Sequence[Evidence], new: Sequence[Evidence], key: Callable[[Configuration], str]
) -> Iterator[tuple[str, Evidence]]:
    """Yield the key of each configuration of the base that has one match, and the match."""
    sides: list[dict[str, list[Evidence]]] = []
    for evidence in (base, new):
        groups: dict[str, list[Evidence]] = {}
        for one in evidence:
            groups.setdefault(key(one.configuration), []).append(one)
        sides.append(groups)
    for name, ours in sides[0].items():
        theirs = sides[1].get(name, [])
        if len(ours) == len(theirs) == 1:
            yield ours[0].configuration.key, theirs[0]


def _exactly(configuration: Configuration) -> str:
    """Everything but seeds, code and libraries."""
    spec = configuration.cells[0].spec
    fields = spec.model_dump(exclude={"seed", "repeat", "stages", "dataset", "libraries", "measure", *VERSIONS})
    fields["model_params"] |= spec.model_files
    return json.dumps(fields, sort_keys=True)


def _by_model(configuration: Configuration) -> str:
    return json.dumps([configuration.model_name, configuration.loss_name, configuration.train_size])


def _keys_that_differ(before: Mapping[str, object], after: Mapping[str, object]) -> list[str]:
    return [key for key in dict.fromkeys([*before, *after]) if before.get(key) != after.get(key)]


def _changed(before: Mapping[str, object], after: Mapping[str, object], prefix: str = "") -> Iterator[str]:
    for key in _keys_that_differ(before, after):
        yield f"{prefix}{key} {before.get(key, 'none')} → {after.get(key, 'none')}"
