"""`benchmarks.run`: train and measure from Python."""

import inspect
from collections.abc import Mapping, Sequence
from dataclasses import fields, replace
from functools import partial
from pathlib import Path
from typing import Any

from rich.console import Console

from benchmarks.api.arguments import named_as_arguments
from benchmarks.api.frames import Frame, as_path
from benchmarks.api.main_module import main_module_hidden
from benchmarks.api.result import Result
from benchmarks.commands.data_options import DataOptions
from benchmarks.commands.data_view import print_data
from benchmarks.commands.live_report import LiveReport
from benchmarks.commands.options import DeviceChoice, PrecisionChoice, add_plugins, parse_margin
from benchmarks.commands.printing import print_line
from benchmarks.commands.report import write_reports
from benchmarks.commands.run_options import MetricChoice, MetricOptions
from benchmarks.commands.summary import print_summary
from benchmarks.commands.tuning_options import TuningOptions
from benchmarks.config.plan import Choices, TrainSize
from benchmarks.config.suite import Suite, read_suite
from benchmarks.errors import unknown
from benchmarks.executors.select import local_backend
from benchmarks.redaction import without_folders
from benchmarks.runs.preparation import Run, prepare_run
from benchmarks.runs.results_folder import default_folder
from benchmarks.runs.run import execute, stores_of, tune_all

READING = tuple(field.name for field in fields(DataOptions) if field.name != "dataset")
"""Options that say how data are read and split."""


@named_as_arguments()
def run(  # noqa: PLR0913  (its arguments are the options of the command `run`)
    data: str | Path | Frame | Mapping[str, Frame] | None = None,
    *,
    models: Sequence[str] | None = None,
    losses: Sequence[str] | None = None,
    suite: str = "quick",
    train_sizes: Sequence[TrainSize] | None = None,
    seeds: int | Sequence[int] | None = None,
    repeats: int | None = None,
    trials: int | None = None,
    tune_seconds: float | None = None,
    cascades: bool | None = None,
    metric: str | None = None,
    cost_matrix: Path | str | None = None,
    margin: str | None = None,
    settings: Mapping[str, Any] | None = None,
    plugins: Sequence[Path | str] = (),
    device: str = "auto",
    precision: str = "auto",
    timeout: float | None = None,
    out: Path | str | None = None,
    name: str = "dataframe",
    fresh: bool = False,
    quiet: bool = False,
    **reading: Any,
) -> Result:
    """Train and measure models on a dataset, and write the report.

    The cells run in processes of their own, one after another on a CPU. A script needs no `__main__` guard. Calling it
    again with the same arguments continues where it stopped.

    Args:
        data: a name or path, as `--dataset` takes it; a pandas DataFrame or a `datasets.Dataset`; a mapping of "train",
            "valid" and "test" to such. None takes the suite's own data.
        models: names or globs; None takes the suite's.
        losses: names or globs; None takes the suite's.
        suite: name or TOML file of the suite.
        train_sizes: numbers of training texts, "8/class", or "all".
        seeds: how many (3 is 1, 2, 3), or which.
        repeats: trainings that each redraw the training sample and the seed.
        trials: settings to try of each configuration, chosen on validation; None tunes nothing.
        tune_seconds: seconds of training to spend on trying settings, in place of `trials`.
        cascades: whether cheap models are joined with costlier ones at the end; None takes the suite's setting.
        metric: what models are selected by on validation, ranked and tested by; None takes the suite's, accuracy.
        cost_matrix: CSV file of the cost of each predicted class for each label, for the metric "cost".
        margin: difference in accuracy that does not matter, such as "0.5pp".
        settings: "model.parameter" -> a value, or a list of values with a cell each.
        plugins: files that define models, losses or datasets.
        device: "auto", "cpu" or "cuda".
        precision: "auto", "fp32", "bf16" or "fp16".
        timeout: seconds after which a cell is stopped.
        out: results folder; None is `results/SUITE-DATASET`.
        name: how results name a data frame.
        fresh: run cells again that have a result.
        quiet: print nothing.
        **reading: how the data are read and split, as on the command line: `text_column`, `label_column`,
            `group_column`, `label_map`, `splits`, `missing`, `time_column`, `split_order`, `valid_size`, `test_size`.

    Raises:
        UsageError: an argument or the data cannot be used; nothing has been written.
        StoreError: the results folder cannot be used.
        KeyboardInterrupt: the user wants an end; finished cells are in the results folder.
    """
    for kind, values, choices in (
        ("argument", reading, [*READING, *inspect.signature(run).parameters]),
        ("metric", [metric or "accuracy"], [choice.value for choice in MetricChoice]),
        ("device", [device], [choice.value for choice in DeviceChoice]),
        ("precision", [precision], [choice.value for choice in PrecisionChoice]),
    ):
        for value in values:
            if value not in choices:
                raise unknown(kind, value, choices)
    add_plugins([Path(plugin) for plugin in plugins])
    own = read_suite(suite)
    changes: dict[str, Any] = {"tuning": TuningOptions(trials, tune_seconds).applied_to(own.tuning)}
    if margin is not None:
        changes["margin"] = parse_margin(margin)
    chosen_metric = MetricOptions(None if metric is None else MetricChoice(metric), _path(cost_matrix))
    changes |= chosen_metric.changes() | ({} if cascades is None else {"cascades": cascades})
    own = own.model_copy(update=changes)
    console = Console(quiet=quiet, force_jupyter=False)  # lines, where a notebook would get an output for each
    chosen = Choices(
        models=models,
        losses=losses,
        train_sizes=train_sizes,
        seeds=list(range(1, seeds + 1)) if isinstance(seeds, int) else seeds,
        repeats=repeats,
        set={key: value if isinstance(value, list) else [value] for key, value in (settings or {}).items()},
    )
    backend = local_backend("benchmarks.api.run")
    given = None if data is None else data if isinstance(data, str | Path) else name
    folder = Path(out) if out is not None else default_folder(own, None if given is None else str(given))
    with as_path(own.data.name if data is None else data, name) as path:
        prepared = prepare_run(
            _with_data(own, path, reading),
            chosen,
            lambda: backend.resolve(device, precision, 1),
            folder,
            ["python", "-c", "from benchmarks import run"],
        )
        if given == name:
            prepared = _renamed(prepared, path, name)
    print_data(console, prepared.dataset, flags=False)
    executor = backend.executor(stores_of([prepared]), timeout)
    with main_module_hidden():
        if prepared.suite.tuning:
            (prepared,) = tune_all([prepared], prepared.suite.tuning, executor, console, fresh=fresh)
        execute(
            [prepared],
            executor,
            console,
            measure=backend.measure,
            fresh=fresh,
            finished=LiveReport({prepared.store.folder: len(prepared.specs)}, partial(print_line, console)),
        )
    return _reported(prepared, console)


def _path(path: Path | str | None) -> Path | None:
    return None if path is None else Path(path)


def _with_data(suite: Suite, path: str, reading: Mapping[str, Any]) -> Suite:
    """Put the data and how they are read into a suite; sizes may be numbers here."""
    given: dict[str, Any] = {
        key: str(value) if key.endswith("_size") and value is not None else value for key, value in reading.items()
    }
    return suite.model_copy(update={"data": DataOptions(dataset=path, **given).applied_to(suite.data)})


def _renamed(prepared: Run, path: str, name: str) -> Run:
    """Show the name of a data frame in place of the temporary file it was read from."""
    shown = prepared.dataset.name.replace(without_folders(path), name)
    specs = [spec.model_copy(update={"dataset": shown}) for spec in prepared.specs]
    return replace(prepared, dataset=replace(prepared.dataset, name=shown), specs=specs)


def _reported(prepared: Run, console: Console) -> Result:
    results = write_reports(prepared.store.folder, Console(quiet=True))
    print_summary(console, results, [*(spec.id for spec in prepared.specs), *results.run["cascades"]])
    return Result(prepared.store.folder)
