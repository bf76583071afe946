"""`load-test`: a trained model under load."""

import logging
import time
from collections.abc import Sequence
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Annotated

import typer

from benchmarks.commands.exit_status import ExitStatus
from benchmarks.commands.model_options import ModelOptions
from benchmarks.commands.options import DeviceOptions, EngineOption
from benchmarks.commands.printing import PipeConsole
from benchmarks.errors import UsageError, complain

if TYPE_CHECKING:
    from benchmarks.inference.engines.choice import Choice
    from benchmarks.inference.saved import Found
    from benchmarks.schema.load_test import LoadTest

log = logging.getLogger(__package__)

WARM_READINGS = 300
"""Texts scored one at a time once the model is warm; the 99th percentile needs 299."""

LARGEST_LIMIT = 10_000
"""Milliseconds; a trial of a thousand such limits takes hours."""

MOST_TEXTS = 2_000
"""Texts that are read at most."""


def load_test(
    model: ModelOptions,
    device: DeviceOptions,
    slo_ms: Annotated[
        float, typer.Option("--slo-ms", metavar="MS", help="Limit of the 99th percentile of the latency.")
    ] = 50.0,
    engine: EngineOption = None,
    input_: Annotated[
        Path | None, typer.Option("--input", metavar="FILE", help="File of texts. Default: the run's test texts.")
    ] = None,
) -> int:
    """Measure a trained model under load, in a new process.

    Reads the time to load it, the first prediction and warm ones, batches of several sizes, and the highest rate of
    randomly arriving texts at which the 99th percentile of the latency stays within the limit, as two minutes at that
    rate confirm, or a thousand limits where these are longer. Of a run, the model is the best one on validation, by
    accuracy or the run's `--metric`. The result is kept beside the model, and the report shows it.

    Examples: `python -m benchmarks load-test results/quick` ·
    `python -m benchmarks load-test results/quick --cell "distilbert-*" --engine openvino --slo-ms 100`
    """
    if not 0 < slo_ms <= LARGEST_LIMIT:
        choices = f"a number above 0, up to {LARGEST_LIMIT:,}"
        raise UsageError(f"not a limit (choices: {choices})", option="slo_ms", value=slo_ms)
    from benchmarks.hardware.fork_server import in_new_process
    from benchmarks.inference.engines.choice import choose
    from benchmarks.registry.plugins import plugins
    from benchmarks.store.engines import write_load_test
    from reports.render.engine_tables import load_test_tables
    from reports.render.terminal import print_frame

    found = model.find()
    texts, folder = _texts(found, input_), _engines_folder(found)
    choice = choose(found, engine, device.device.value, device.precision.value, None)
    log.info("engine: %s (%s)", choice.name or found.saved.spec.model, choice.reason)
    used = tuple(plugin.path.absolute() for plugin in plugins().values())
    asked = _Asked(found, choice, device.device.value, device.precision.value, slo_ms, texts, used)
    try:
        result = in_new_process(_under_load, asked)
    except BrokenProcessPool:
        complain("the process that was measured was killed, as when memory runs out")
        return ExitStatus.INCOMPLETE
    for title, frame in load_test_tables([result]).items():
        print_frame(PipeConsole(), title, frame)
    if folder is not None:
        log.info("wrote %s", write_load_test(folder, result))
    return ExitStatus.OK if result.highest_rate is not None else ExitStatus.CHECK_FAILED


@dataclass(frozen=True)
class _Asked:
    """What the new process needs to know."""

    found: "Found"
    choice: "Choice"
    device: str
    precision: str
    slo_ms: float
    texts: Sequence[str]
    plugins: Sequence[Path]


def _under_load(asked: _Asked) -> "LoadTest":
    import psutil

    from benchmarks.hardware.environment import environment
    from benchmarks.hardware.thread_pools import limit_thread_pools
    from benchmarks.inference.engines.choice import load, precision_in, runtime_of
    from benchmarks.inference.load_test import LARGEST_BATCH, search, sweep
    from benchmarks.measurement.clock import Clock, synchronizer
    from benchmarks.measurement.load import load_between, observe
    from benchmarks.registry.entries import add_plugin
    from benchmarks.schema.load_test import LoadTest, Start

    for path in asked.plugins:
        add_plugin(path)
    before = observe()
    runtime = runtime_of(asked.found, asked.device, asked.precision)
    limit_thread_pools(runtime.threads)
    clock = Clock(synchronizer(runtime.device))
    classifier, seconds = clock.time(lambda: load(asked.found, asked.choice, asked.device, asked.precision))
    ready = time.time() - psutil.Process().create_time()
    single = [asked.texts[row % len(asked.texts)] for row in range(1 + WARM_READINGS)]
    first, *warm = [clock.time(lambda text=text: classifier.label([text]))[1] for text in single]  # type: ignore[misc]
    sizes = sweep(classifier.label, asked.texts, clock)
    capacity = max(one.texts / median(one.seconds) for one in sizes if one.texts <= LARGEST_BATCH)
    trials = search(classifier.label, asked.texts, capacity, asked.slo_ms / 1000, clock, seed=0)
    return LoadTest(
        cell=asked.found.saved.spec.id,
        engine=asked.choice.name,
        precision=precision_in(asked.found, asked.choice, asked.device, asked.precision),
        slo_ms=asked.slo_ms,
        texts=len(set(asked.texts)),
        start=Start(ready=ready, load=seconds, first=first, warm=warm),
        sweep=sizes,
        trials=trials,
        environment=environment(),
        load=load_between(before, observe()),
    )


def _texts(found: "Found", path: Path | None) -> tuple[str, ...]:
    """Texts of a file, or the run's test texts."""
    from itertools import chain, islice

    from benchmarks.inference.text_input import read_file
    from benchmarks.store.results import Store, StoreError

    if path is not None:
        texts = tuple(islice(chain.from_iterable(read_file(path, None)), MOST_TEXTS))
        if not texts:
            raise UsageError("it holds no text", option="input", value=path)
        return texts
    try:
        if (cell := _cell_folder(found)) is None:
            raise StoreError("a saved model outside of a run has no test texts")
        store = Store(cell.parents[1])
        return store.read_data(found.saved.spec.data_fingerprint).test.texts[:MOST_TEXTS]
    except StoreError as error:
        raise UsageError(f"{error}: name a file of texts with --input") from None


def _engines_folder(found: "Found") -> Path | None:
    """Where load tests of a cell's model lie, made if need be; None for a model outside of a run."""
    from benchmarks.store.results import Store

    cell = _cell_folder(found)
    return None if cell is None else Store(cell.parents[1]).make_engine_folder(cell.name)


def _cell_folder(found: "Found") -> Path | None:
    """The cell that a model belongs to; None for a model outside of a run."""
    cell = found.folder.absolute().parent
    return cell if found.folder.name == "model" and (cell / "result.json").is_file() else None
