"""Two results folders, configuration against configuration: what changed, and whether it is more than noise."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks.schema.comparability import why_not_comparable, why_rates_not_comparable
from benchmarks.schema.measurements import Phase
from benchmarks.store.results import StoreError
from reports.analysis.accuracy import accuracy
from reports.analysis.comparisons import Comparison, contrast
from reports.analysis.estimates import ALPHA
from reports.analysis.evidence import Evidence, check_same_rows, gather
from reports.analysis.family import family
from reports.analysis.noise import fit_timing, phase_timing
from reports.analysis.primary import compared_together
from reports.analysis.rate_ratios import Ratio, Timing, ratios
from reports.analysis.results import Configuration, Results, read_results

RATES: dict[Phase, str] = {
    "fit": "fits per second",
    "train_steps": "training",
    "text_to_label": "text → label",
    "encoded_to_scores": "scoring",
}

KINDS = 2
"""Accuracies and rates: each is a family with half of the error rate."""


@dataclass(frozen=True)
class Rate:
    """A throughput of one configuration in both runs.

    Attributes:
        name: of the throughput.
        ratio: new over base; above 1 is faster. Its interval holds together with those of all other rates.
    """

    name: str
    ratio: Ratio


@dataclass(frozen=True)
class Change:
    """One configuration in both runs.

    Attributes:
        base, new: in either run.
        accuracy: new (the first) against base (the second).
        rates: throughputs that both measured; none where times do not compare.
    """

    base: Configuration
    new: Configuration
    accuracy: Comparison
    rates: tuple[Rate, ...]

    @property
    def who(self) -> str:
        """The configuration, in words."""
        return f"{self.new.model} × {self.new.loss}, {self.new.train_size:,} training reviews"


@dataclass(frozen=True)
class RunComparison:
    """All that two runs have in common, and what they have not.

    Attributes:
        changes: configurations in both, in the base's order.
        only_base, only_new: configurations in one of them.
        why_no_rates: why times do not compare; "" where they do.
        alarms: audits of the new run that failed as errors which nobody acknowledged, and in how many cells each.
    """

    changes: tuple[Change, ...]
    only_base: tuple[Configuration, ...]
    only_new: tuple[Configuration, ...]
    why_no_rates: str
    alarms: Mapping[str, int]


def compare_runs(base: Path, new: Path) -> RunComparison:
    """Match the configurations of two results folders and compare them.

    Configurations match when model, loss, parameters, training rows, device and precision are the same; code and
    libraries may differ, since they are what is compared.

    Raises:
        StoreError: a folder holds no results, or mixes what does not compare; the runs are of different data, or share
            no configuration that ended ok in both.
    """
    runs = [read_results(folder) for folder in (base, new)]
    evidence = [_by_identity(results) for results in runs]
    _check_same_data(runs)
    shared = [identity for identity in evidence[0] if identity in evidence[1]]
    if not shared:
        raise StoreError(f"{base} and {new} share no configuration that ended ok in both: there is nothing to compare")
    pairs = [(evidence[1][identity], evidence[0][identity]) for identity in shared]
    compared = _accuracies(pairs)
    why = why_rates_not_comparable([cell for results in runs for cell in results.ok])
    rates = {} if why else _rates(pairs)
    return RunComparison(
        changes=tuple(
            Change(b.configuration, n.configuration, compared[n.configuration.key], rates.get(n.configuration.key, ()))
            for n, b in pairs
        ),
        only_base=_unmatched(evidence[0], shared),
        only_new=_unmatched(evidence[1], shared),
        why_no_rates=why,
        alarms=runs[1].alarms,
    )


def _accuracies(pairs: Sequence[tuple[Evidence, Evidence]]) -> dict[str, Comparison]:
    """Key of the new configuration -> new against base, as one family."""
    contrasts = [contrast(new, base) for new, base in pairs]
    found = family(
        np.array([one.p_value for one in contrasts]),
        [one.estimate.influence for one in contrasts],
        np.array([one.estimate.standard_error for one in contrasts]),
        alpha=ALPHA / KINDS,
    )
    return {
        new.configuration.key: compared_together(one, min(KINDS * float(p), 1.0), found.level, _learnt(new, base))
        for (new, base), one, p in zip(pairs, contrasts, found.adjusted, strict=True)
    }


def _learnt(new: Evidence, base: Evidence) -> dict[str, bool]:
    """A fall below the majority class is a loss, not void: only what never learnt is not compared."""
    either = accuracy(new).learnt or accuracy(base).learnt
    return {new.configuration.key: either, base.configuration.key: either}


def _rates(pairs: Sequence[tuple[Evidence, Evidence]]) -> dict[str, tuple[Rate, ...]]:
    """Key of the new configuration -> its rates, new over base, all of one family."""
    timed = []
    for new, base in pairs:
        for phase, name in RATES.items():
            after, before = _timing(new.configuration, phase), _timing(base.configuration, phase)
            if after.processes and before.processes:
                timed.append((new.configuration.key, name, (after, before)))
    found: dict[str, tuple[Rate, ...]] = {}
    together = ratios([pair for _, _, pair in timed], alpha=ALPHA / KINDS)
    for (key, name, _), ratio in zip(timed, together, strict=True):
        found[key] = (*found.get(key, ()), Rate(name, ratio))
    return found


def _timing(configuration: Configuration, phase: Phase) -> Timing:
    """Rates; the one of fits is the reciprocal of their seconds, so that more is better everywhere."""
    if phase == "fit":
        seconds = fit_timing(configuration.cells)
        return Timing(-seconds.logs, seconds.readings, seconds.cells)
    return phase_timing(configuration.cells, phase)


def _by_identity(results: Results) -> dict[str, Evidence]:
    return {_identity(one.configuration): one for one in gather(results)}


def _identity(configuration: Configuration) -> str:
    """Everything that must be the same in both runs."""
    versions = {"code_version", "libraries", "model_plugin", "loss_plugin", "measure"}
    spec = configuration.cells[0].spec.model_dump(exclude={"seed", "repeat", "dataset", *versions})
    spec["model_params"] |= spec["model_files"]
    return json.dumps(spec, sort_keys=True)


def _check_same_data(runs: Sequence[Results]) -> None:
    cells = [cell for results in runs for cell in results.ok]
    if len({cell.spec.data_fingerprint for cell in cells}) > 1 and (
        reason := why_not_comparable(c.spec for c in cells)
    ):
        raise StoreError(f"{runs[0].folder}, {runs[1].folder}: {reason}")
    firsts = [results.predictions(results.ok[0]) for results in runs if results.ok]
    check_same_rows(f"{runs[0].folder}, {runs[1].folder}: their cells", firsts)


def _unmatched(evidence: Mapping[str, Evidence], shared: Sequence[str]) -> tuple[Configuration, ...]:
    return tuple(one.configuration for identity, one in evidence.items() if identity not in shared)
