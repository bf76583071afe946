"""`predict`: label texts with a trained model."""

import logging
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from io import BufferedIOBase
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, cast

import typer

from benchmarks.commands.answer_options import AnswerOptions
from benchmarks.commands.exit_status import ExitStatus
from benchmarks.commands.model_options import ModelOptions
from benchmarks.commands.options import DeviceOptions, EngineOption, ExecutorOptions
from benchmarks.commands.printing import PipeConsole, counted, print_line
from benchmarks.errors import UsageError
from benchmarks.registry.entries import entry, is_sha256

if TYPE_CHECKING:
    from benchmarks.inference.folder import Job, Outcome
    from benchmarks.inference.saved import Classifier, Found
    from benchmarks.inference.writers import Writer

log = logging.getLogger(__package__)

PIPE = "-"
"""Stands for lines from stdin."""


class FormatChoice(StrEnum):
    """Values of predict's --format."""

    TEXT = "text"
    JSON = "json"
    CSV = "csv"
    PARQUET = "parquet"


@dataclass(frozen=True)
class TextOptions:
    """Source of the texts."""

    texts: Annotated[
        list[str] | None, typer.Argument(metavar="TEXT|-", help="Texts to label; - reads one per line from stdin.")
    ] = None
    input_: Annotated[
        Path | None,
        typer.Option(
            "--input",
            metavar="FILE",
            help="File of texts (.txt or a table, as --dataset takes it), or folder of .parquet files.",
        ),
    ] = None
    text_column: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="Column of --input that holds the texts. Default: recognised and named."),
    ] = None

    def check(self) -> None:
        """Refuse texts from no place, or from two.

        Raises:
            UsageError: they are.
        """
        if bool(self.texts) == (self.input_ is not None):
            raise UsageError("predict needs texts from one place (choices: TEXT.., --input FILE, - for stdin)")
        if self.texts and PIPE in self.texts and len(self.texts) > 1:
            raise UsageError("predict: - (stdin) together with other texts: give one or the other")

    def count(self) -> int | None:
        """Read a file once to the end, so that a bad row shows before the work; None where texts are not a file's.

        Says on stderr which column was recognised.
        """
        from benchmarks.inference.text_input import read_file

        if self.input_ is None:
            return None
        said: list[str] = []
        number = sum(map(len, read_file(self.input_, self.text_column, said.append)))
        for line in said:
            log.info("%s", line)
        return number

    def expected(self, of_file: int | None) -> int | None:
        """Number of texts, given that of a file; None for a pipe."""
        return None if self.texts == [PIPE] else of_file or len(self.texts or ())

    def blocks(self) -> Iterator[list[str]]:
        """Read the texts block by block."""
        from benchmarks.inference.text_input import read_file, read_lines

        if self.input_ is not None:
            return read_file(self.input_, self.text_column)
        if self.texts == [PIPE]:
            return read_lines(cast(BufferedIOBase, sys.stdin.buffer), PIPE)
        return iter([self.texts or []])


def predict(
    model: ModelOptions,
    source: TextOptions,
    answer: AnswerOptions,
    device: DeviceOptions,
    executor: ExecutorOptions,
    engine: EngineOption = None,
    output: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Write to this file, complete or not at all. Default: print."),
    ] = None,
    format_: Annotated[
        FormatChoice | None, typer.Option("--format", help="Format. Default: by the extension of --output, else text.")
    ] = None,
) -> int:
    """Label new texts with a trained model.

    Of a run, the model is the best one on validation, by accuracy or the run's `--metric`. Probabilities are calibrated
    on validation. A text that begins with - goes after --. In CSV, values that a spreadsheet would calculate get an
    apostrophe before them; signed numbers do not.

    Examples: `python -m benchmarks predict results/quick "A film to remember."` ·
    `python -m benchmarks predict results/quick --input reviews.csv --output labels.parquet --min-accuracy 0.98`
    """
    source.check()
    answer.check()
    if source.input_ is not None and source.input_.is_dir():
        if format_ not in (None, FormatChoice.PARQUET):
            raise UsageError("a folder's files are Parquet (choices: parquet)", option="format", value=format_.value)
        return _predict_folder(model, source, answer, output, device, executor, engine)
    if executor.on_ray or executor.ray_address:
        raise UsageError("--executor ray and --ray-address need a folder of Parquet files as --input")

    from benchmarks.inference.predict import check_output, columns, output_format, progress
    from benchmarks.inference.predict import predict as predictions
    from benchmarks.inference.unread import Unread
    from benchmarks.inference.writers import WRITERS, writing_predictions

    chosen = output_format(format_ and format_.value, output)
    check_output(output, source.input_)
    total = source.count()
    found = model.find()
    least = answer.least(found.saved)
    classifier = _load(found, device, engine, source.expected(total), raw=answer.raw)
    names = columns(classifier.classes)
    unread = Unread()
    frames = predictions(unread.counting(classifier.scored), classifier.classes, source.blocks(), least)
    frames = progress(frames, total, PipeConsole(stderr=True))
    if output is None:
        writer = WRITERS[chosen](sys.stdout.buffer, names)
        for frame in frames:
            writer.write(frame)
    else:
        with writing_predictions(output, chosen, names) as writer:
            for frame in frames:
                writer.write(frame)
        log.info("wrote %s", output)
    _report_quoted(writer)
    for warning in unread.warnings:
        log.warning("%s", warning)
    return ExitStatus.OK


def _load(
    found: "Found", device: DeviceOptions, engine: str | None, texts: int | None, *, raw: bool = False
) -> "Classifier":
    """Load the model into an engine, and say on stderr which one that is, if it is not the model's own code."""
    from benchmarks.inference.engines.choice import choose, load

    choice = choose(found, engine, device.device.value, device.precision.value, texts)
    if choice.name:
        log.info("engine %s (%s)", choice.name, choice.reason)
    classifier = load(found, choice, device.device.value, device.precision.value, raw=raw)
    if "torch" in sys.modules:  # a linear model does without, and without the second that its import takes
        from benchmarks.hardware.slots import threads
        from benchmarks.hardware.thread_pools import limit_thread_pools

        limit_thread_pools(threads())
    return classifier


def _report_quoted(writer: "Writer") -> None:
    if writer.quoted:
        log.info("wrote an apostrophe before %s that a spreadsheet would calculate", counted(writer.quoted, "value"))


def _predict_folder(
    model: ModelOptions,
    texts: TextOptions,
    answer: AnswerOptions,
    target: Path | None,
    device: DeviceOptions,
    executor: ExecutorOptions,
    engine: str | None,
) -> int:
    """Label the Parquet files of a folder that have no output yet."""
    if target is None or texts.input_ is None:
        raise UsageError("it is a folder: name another folder with --output", option="input", value=texts.input_)
    from benchmarks.inference.folder import Job, label_here

    found = model.find()
    source, column = texts.input_.absolute(), texts.text_column or "text"
    job = Job(source, target.absolute(), column, answer.raw, answer.least(found.saved), engine or "")
    names = job.waiting()
    if executor.on_ray:
        if engine:
            raise UsageError("runs on this machine (choices: --executor local)", option="engine", value=engine)
        outcomes = _label_on_ray(job, names, found, device, executor)
    else:
        classifier = _load(found, device, engine, None)
        job.claim(found.folder)
        outcomes = label_here(job, names, classifier)
    console = PipeConsole(stderr=True)
    print_line(console, f"{counted(len(names), 'file')} to label")
    failed = 0
    for number, outcome in enumerate(outcomes, start=1):
        failed += bool(outcome.error)
        print_line(console, f"[{number}/{len(names)}] {outcome.name}: {outcome.error or f'{outcome.rows:,} texts'}")
    return ExitStatus.INCOMPLETE if failed else ExitStatus.OK


def _label_on_ray(
    job: "Job", names: list[str], found: "Found", device: DeviceOptions, executor: ExecutorOptions
) -> "Iterator[Outcome]":
    from benchmarks.executors.select import check_ray

    check_ray()
    spec = found.saved.spec
    if found.saved.cascade is not None:
        raise UsageError(
            "labels with one model; a cascade labels here (choices: local)", option="executor", value="ray"
        )
    if is_sha256(spec.model_plugin):
        raise UsageError(
            f"labels with built-in and installed models; {spec.model} is defined by a plug-in file",
            option="executor",
            value="ray",
        )
    from benchmarks.executors.cluster import connect, resolve_runtime
    from benchmarks.executors.ray_predict import label_on_ray

    connect(executor.ray_address)
    runtime = entry("models", spec.model).runtime(resolve_runtime(device.device.value, device.precision.value))
    job.claim(found.folder)
    return label_on_ray(job, names, found, runtime) if names else iter(())
