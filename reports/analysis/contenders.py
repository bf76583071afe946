"""Contenders over several runs: which runs belong together, and which evidence stands for a contender."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from benchmarks.store.results import StoreError
from reports import formats
from reports.analysis.estimates import Figure
from reports.analysis.evidence import Evidence, gather
from reports.analysis.metric_figures import metric_figure
from reports.analysis.results import Results


class NotRankedError(StoreError):
    """Runs that no leaderboard can be made of; the message is one line."""


@dataclass(frozen=True)
class Entry:
    """A contender's evidence on one dataset."""

    evidence: Evidence
    figure: Figure

    @property
    def train_size(self) -> int:
        """Training texts."""
        return self.evidence.configuration.train_size


def contenders(runs: Sequence[Results], metric: str) -> dict[str, dict[str, Entry]]:
    """Dataset -> contender -> its evidence.

    Args:
        runs: of one suite and one code, each on other data and with a good result.
        metric: a key of `METRICS`.

    Raises:
        NotRankedError: the runs do not belong together.
    """
    _check(runs)
    several = len({configuration.loss for results in runs for configuration in results.configurations}) > 1
    found = {formats.plain(results.folder.name): _entries(results, metric, with_loss=several) for results in runs}
    return _sized(found)


def _check(runs: Sequence[Results]) -> None:
    """Refuse runs that do not belong together."""
    first = runs[0]
    for results in runs:
        for key, what, default in (("suite", "suites", None), ("metric", "metrics", "accuracy")):
            own, others = (run.run.get(key) or default for run in (results, first))
            if own != others:
                raise NotRankedError(
                    f"runs of different {what} do not compare: {first.folder} has {others!r}, {results.folder} {own!r}"
                )
    by_name: dict[str, Results] = {}
    by_data: dict[str, Results] = {}
    for results in runs:
        for known, key, what in (
            (by_name, results.folder.name, "have one name"),
            (by_data, str(results.run["dataset"]["fingerprint"]), "are of the same data"),
        ):
            if key in known:
                raise NotRankedError(f"{known[key].folder} and {results.folder} {what}: leave one out")
            known[key] = results
    _check_code(runs)
    _check_settings(runs)


def _check_code(runs: Sequence[Results]) -> None:
    """Refuse a contender that is of other code in one run than in another.

    The code version of a cascade covers the data of its stages; the stages, cells of the same runs, are checked.
    """
    code: dict[str, tuple[str, Results]] = {}
    for results in runs:
        for configuration in results.configurations:
            if configuration.cells[0].spec.stages:
                continue
            name = f"{configuration.model_name}-{configuration.loss_name}"
            version = configuration.cells[0].spec.code_version
            known, where = code.setdefault(name, (version, results))
            if known != version:
                raise NotRankedError(
                    f"{name} is of different code in {where.folder} and {results.folder}: run the older one again"
                )


def _check_settings(runs: Sequence[Results]) -> None:
    """Refuse a contender whose settings differ between runs; a tuned one has those that each dataset chose.

    Pre-trained weights differ if their files do, wherever these lie.
    """
    known: dict[str, tuple[dict[str, object], Results]] = {}
    for results in runs:
        if results.run.get("tuning") is not None:
            continue
        for configuration in results.configurations:
            name = f"{configuration.model}-{configuration.loss}"
            settings: dict[str, object] = {
                f"{registered}.{key}": value
                for registered, params in (
                    (configuration.model_name, configuration.model_params | configuration.cells[0].spec.model_files),
                    (configuration.loss_name, configuration.loss_params),
                )
                for key, value in params.items()
            }
            others, where = known.setdefault(name, (settings, results))
            if others != settings:
                key = min(key for key in others | settings if others.get(key) != settings.get(key))
                differ = (
                    f"{key} names other files in {where.folder} than in {results.folder}"
                    if key.partition(".")[2] in configuration.cells[0].spec.model_files
                    else f"{key} is {others.get(key)!r} in {where.folder} and {settings.get(key)!r} in {results.folder}"
                )
                raise NotRankedError(f"{differ}: one name must have the same settings in every run")


def _entries(results: Results, metric: str, *, with_loss: bool) -> dict[str, Entry]:
    """Contender -> its evidence, with the most training texts that it ran with.

    Args:
        results: of one dataset.
        metric: a key of `METRICS`.
        with_loss: whether a name holds the loss, as there are several.
    """
    found: dict[str, Evidence] = {}
    for one in sorted(gather(results), key=lambda evidence: evidence.configuration.train_size):
        configuration = one.configuration
        name = f"{configuration.model}, {configuration.loss}" if with_loss else configuration.model
        found[formats.plain(name)] = one
    return {name: Entry(one, metric_figure(metric, one, results)) for name, one in found.items()}


def _sized(entries: Mapping[str, Mapping[str, Entry]]) -> dict[str, dict[str, Entry]]:
    """Dataset -> contender -> entry, with the training size in the name of whoever had fewer texts than another."""
    sizes: dict[str, set[int]] = {}
    behind: set[str] = set()
    for own in entries.values():
        most = max(entry.train_size for entry in own.values())
        for name, entry in own.items():
            sizes.setdefault(name, set()).add(entry.train_size)
            if entry.train_size < most:
                behind.add(name)
    names = {
        name: f"{name} ({min(found):,} texts)" if len(found) == 1 else f"{name} (fewer texts)"
        for name, found in sizes.items()
        if name in behind
    }
    return {dataset: {names.get(name, name): entry for name, entry in own.items()} for dataset, own in entries.items()}
