"""Compare two results folders configuration by configuration: the changes, and whether they exceed the noise."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks.schema.comparability import why_not_comparable, why_rates_not_comparable
from benchmarks.schema.measurements import Phase
from benchmarks.schema.result import CellResult
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
from reports.analysis.run_matching import Match, Pair, matched, trainings_lost

RATES: dict[Phase, str] = {
    "fit": "fits per second",
    "train_steps": "training",
    "text_to_label": "text → label",
    "encoded_to_scores": "scoring",
}

SHOWN = 3
"""Failed cells that a message names."""

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
        differences: parameters, device, code and libraries that differ.
    """

    base: Configuration
    new: Configuration
    accuracy: Comparison
    rates: tuple[Rate, ...]
    differences: tuple[str, ...] = ()

    @property
    def who(self) -> str:
        """The configuration, in words."""
        return _who(self.new)


@dataclass(frozen=True)
class RunComparison:
    """Configurations that two runs have in common, and those that only one has.

    Attributes:
        changes: configurations in both, in the base's order.
        only_base, only_new: configurations in one of them.
        why_no_rates: why times do not compare; "" where they do.
        alarms: audits that failed as errors which nobody acknowledged, in cells of the new run where they did not fail
            in the base, and in how many cells each.
        failed: sentences about planned cells of the new run that did not end ok.
        missing: sentences about trainings of the base that the new run lacks.
    """

    changes: tuple[Change, ...]
    only_base: tuple[Configuration, ...]
    only_new: tuple[Configuration, ...]
    why_no_rates: str
    alarms: Mapping[str, int]
    failed: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()


def compare_runs(base: Path, new: Path, match: Match = "model") -> RunComparison:
    """Match the configurations of two results folders and compare them.

    Args:
        base: results folder to compare with.
        new: results folder to judge.
        match: "exact" wants the same parameters, device and precision; "model" pairs what is left by model, loss and
            training size. Code and libraries may differ, since they are what is compared.

    Raises:
        StoreError: a folder holds no results, or mixes what does not compare; the runs are of different data, or share
            no configuration that ended ok in both.
    """
    runs = [read_results(folder) for folder in (base, new)]
    evidence = [gather(results) for results in runs]
    _check_same_data(runs)
    matches = matched(evidence[0], evidence[1], match)
    failed = _failed(runs[1])
    if not matches:
        because = f" ({'; '.join(failed[:SHOWN])}{'; ..' if len(failed) > SHOWN else ''})" if failed else ""
        raise StoreError(
            f"{base} and {new} share no configuration that ended ok in both: there is nothing to compare{because}"
        )
    pairs = [(pair.new, pair.base) for pair in matches]
    compared = _accuracies(pairs)
    why = why_rates_not_comparable([cell for results in runs for cell in results.ok])
    rates = {} if why else _rates(pairs)
    only_base, only_new = (
        tuple(e.configuration for e in own if e.configuration.key not in {p[side].configuration.key for p in pairs})
        for own, side in zip(evidence, (1, 0), strict=True)
    )
    return RunComparison(
        changes=tuple(
            Change(
                pair.base.configuration,
                pair.new.configuration,
                compared[pair.new.configuration.key],
                rates.get(pair.new.configuration.key, ()),
                pair.differences,
            )
            for pair in matches
        ),
        only_base=only_base,
        only_new=only_new,
        why_no_rates=why,
        alarms=_new_alarms(*runs),
        failed=failed,
        missing=(*_lost(matches), *(f"{_who(one)}: no good result in the new run" for one in only_base)),
    )


def _new_alarms(base: Results, new: Results) -> dict[str, int]:
    """Count the alarms of the new run's cells that the base's cells of the same model, loss, size and seed lack."""
    before = set(_alarms(base.ok))
    return dict(Counter(name for name, *cell in _alarms(new.ok) if (name, *cell) not in before))


def _alarms(cells: Iterable[CellResult]) -> list[tuple[str, ...]]:
    found: list[tuple[str, ...]] = []
    for cell in cells:
        spec = cell.spec
        who = (spec.model, spec.loss, str(spec.train_size), str(spec.repeat), str(spec.seed), spec.role)
        found += [(audit.name, *who) for audit in cell.audits if audit.alarms]
    return found


def _failed(results: Results) -> tuple[str, ...]:
    failed = [f"{results.cell_id(cell)}: {cell.status} in the new run" for cell in results.cells if cell.status != "ok"]
    return (*failed, *(f"{cell}: no result in the new run" for cell in results.missing))


def _lost(matches: Sequence[Pair]) -> list[str]:
    found = []
    for pair in matches:
        for repeat, seed in trainings_lost(pair):
            which = f"repeat {repeat}, seed {seed}" if repeat else f"seed {seed}"
            found.append(f"{_who(pair.base.configuration)}, {which}: no good result in the new run")
    return found


def _who(one: Configuration) -> str:
    return f"{one.model} × {one.loss}, {one.train_size:,} training texts"


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
    """Whether each side counts as learnt: a model that learnt in either run is compared, even if below chance now."""
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


def _check_same_data(runs: Sequence[Results]) -> None:
    cells = [cell for results in runs for cell in results.ok]
    if len({cell.spec.data_fingerprint for cell in cells}) > 1 and (
        reason := why_not_comparable(c.spec for c in cells)
    ):
        raise StoreError(f"{runs[0].folder}, {runs[1].folder}: {reason}")
    firsts = [results.predictions(results.ok[0]) for results in runs if results.ok]
    if firsts:
        check_same_rows(f"{runs[0].folder}, {runs[1].folder}: their cells", firsts)
