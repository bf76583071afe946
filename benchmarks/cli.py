"""The command line. Each command imports what it needs, so that `list` and `--help` answer at once."""

import json
import re
import shlex
import sys
from collections.abc import Sequence
from enum import StrEnum
from io import BufferedIOBase
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, cast

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text
from typer.exceptions import TyperException

from benchmarks import __version__
from benchmarks.data_options import DatasetOption, GroupColumn, LabelColumn, LabelMap, Splits, TextColumn, with_options
from benchmarks.errors import UsageError, unknown
from benchmarks.origin import check_origin
from benchmarks.plan import MOST_CELLS, Choices, Combination, TrainSize, combinations
from benchmarks.published import plain, shortened
from benchmarks.registry import OFF_BY_DEFAULT, Kind, add_plugin, entries, entry, is_sha256
from benchmarks.suite import LARGEST_SEED, LARGEST_SIZE, Suite, read_suite, suite_names
from data.dataset import Dataset

if TYPE_CHECKING:
    from models.model import Runtime

EXIT_OK, EXIT_WORSE, EXIT_USAGE, EXIT_CELLS_FAILED, EXIT_INTERRUPTED = 0, 1, 2, 3, 130

LIMIT = re.compile(r"(accuracy):(\d+(?:\.\d+)?)pp|(throughput):(\d+(?:\.\d+)?)%")

LONGEST_MESSAGE = 1_000
"""Characters."""

SPREADING = ("--models", "--losses", "--set")
"""Options that take every word up to the next option: `--models lstm "tfidf*"`."""

Price = Annotated[
    float | None, typer.Option("--price-per-hour", metavar="PRICE", help="Of this machine: the report adds prices.")
]

app = typer.Typer(
    name="benchmarks",
    help="Baseline benchmarks for text classification: models x losses under one harness, with honest tables.",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)


class DeviceChoice(StrEnum):
    """Values of --device."""

    AUTO = "auto"
    CPU = "cpu"
    CUDA = "cuda"


class ExecutorChoice(StrEnum):
    """Values of --executor."""

    LOCAL = "local"
    RAY = "ray"


class AuditChoice(StrEnum):
    """Values of --audit."""

    STANDARD = "standard"
    DEEP = "deep"


class FormatChoice(StrEnum):
    """Values of predict's --format."""

    TEXT = "text"
    JSON = "json"
    CSV = "csv"
    PARQUET = "parquet"


class TrackerChoice(StrEnum):
    """Values of --track."""

    TENSORBOARD = "tensorboard"
    MLFLOW = "mlflow"
    WANDB = "wandb"


class MethodChoice(StrEnum):
    """Values of explain's --method."""

    ERASURE = "erasure"
    GRADIENTS = "gradients"


class TargetChoice(StrEnum):
    """Values of export's --to."""

    HUGGINGFACE = "huggingface"
    ONNX = "onnx"


class PrecisionChoice(StrEnum):
    """Values of --precision."""

    AUTO = "auto"
    FP32 = "fp32"
    BF16 = "bf16"
    FP16 = "fp16"


Plugins = Annotated[
    list[Path] | None,
    typer.Option("--plugin", metavar="FILE.py", help="A model, a loss or a dataset of your own; repeatable."),
]


def main() -> None:
    """Run the command line and exit.

    0: ok; 1: `compare` found a loss; 2: wrong usage or bad input; 3: some cells failed; 130: interrupted.
    """
    try:
        check_origin()
        _check_text(sys.argv)
        status = app(args=spread(sys.argv[1:]), standalone_mode=False)
    except UsageError as error:
        status = _complain(str(error))
    except TyperException as error:
        status = _complain(error.format_message())
    except KeyboardInterrupt:
        status = EXIT_INTERRUPTED
    except BrokenPipeError:
        sys.stderr.close()
        status = EXIT_OK
    sys.exit(status)


def spread(arguments: Sequence[str]) -> list[str]:
    """`--models a b` as `--models a --models b`, which is what the parser understands."""
    result: list[str] = []
    option = ""
    for argument in arguments:
        if argument.startswith("-"):
            option = argument if argument in SPREADING else ""
        elif option and result[-1] != option:
            result.append(option)
        result.append(argument)
    return result


def _check_text(arguments: Sequence[str]) -> None:
    """Results are UTF-8: what is not text could be neither recorded nor shown."""
    for argument in arguments:
        try:
            argument.encode()
        except UnicodeEncodeError:
            raise UsageError(f"argument {argument!r} is not UTF-8") from None


def _complain(message: str) -> int:
    print(f"error: {shortened(message, LONGEST_MESSAGE)}", file=sys.stderr)
    return EXIT_USAGE


@app.command(
    epilog="Examples: `python -m benchmarks run --all` · `python -m benchmarks run --models lstm --seeds 3 --dry-run`"
)
def run(
    everything: Annotated[
        bool, typer.Option("--all", help="All models and losses of the suite (the default).")
    ] = False,
    models: Annotated[list[str] | None, typer.Option(metavar="GLOB..", help="Only these models.")] = None,
    losses: Annotated[
        list[str] | None, typer.Option(metavar="GLOB..", help="These losses instead of the suite's.")
    ] = None,
    suite: Annotated[str, typer.Option(metavar="NAME|FILE.toml", help="What to run.")] = "quick",
    dataset: DatasetOption = None,
    text_column: TextColumn = None,
    label_column: LabelColumn = None,
    group_column: GroupColumn = None,
    label_map: LabelMap = None,
    splits: Splits = None,
    seeds: Annotated[str | None, typer.Option(metavar="N|N,N..", help="How many seeds, or which.")] = None,
    train_size: Annotated[str | None, typer.Option(metavar="N[,N..]", help="Training reviews, or `all`.")] = None,
    set_: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="NAME.PARAM=VALUE[,VALUE..]", help="Several values make an axis."),
    ] = None,
    device: Annotated[DeviceChoice, typer.Option(help="Where models run.")] = DeviceChoice.AUTO,
    precision: Annotated[
        PrecisionChoice, typer.Option(help="Of matrix products in torch models.")
    ] = PrecisionChoice.AUTO,
    audit: Annotated[
        AuditChoice, typer.Option(help="deep: train each model on shuffled labels, and once more, too.")
    ] = AuditChoice.STANDARD,
    executor: Annotated[ExecutorChoice, typer.Option(help="Where cells run.")] = ExecutorChoice.LOCAL,
    ray_address: Annotated[
        str | None, typer.Option(metavar="ADDR", help="Of the Ray cluster; default: RAY_ADDRESS, or this machine's.")
    ] = None,
    cpus_per_cell: Annotated[
        int | None, typer.Option(min=1, metavar="N", help="On Ray; default: all of its smallest machine.")
    ] = None,
    retries: Annotated[
        int, typer.Option(min=0, metavar="N", help="Run a cell that crashed again, up to so often.")
    ] = 0,
    price_per_hour: Price = None,
    timeout: Annotated[
        float | None, typer.Option(min=0.001, max=1e8, metavar="SECONDS", help="End a cell after this.")
    ] = None,
    out: Annotated[Path | None, typer.Option(metavar="DIR", help="Default: results/<suite>.")] = None,
    fresh: Annotated[bool, typer.Option("--fresh", help="Run again what is already done.")] = False,
    track: Annotated[TrackerChoice | None, typer.Option(help="Write the results for this tracker, too.")] = None,
    log_json: Annotated[bool, typer.Option("--log-json", help="Events on stdout, a line of JSON each.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Print the plan and stop.")] = False,
    plugin: Plugins = None,
) -> int:
    """Train and measure every cell of a suite, then write its report."""
    if everything and (models or losses):
        raise UsageError("--all together with --models or --losses: give one or the other")
    _add_plugins(plugin)
    if executor is ExecutorChoice.LOCAL and (ray_address or cpus_per_cell):
        raise UsageError("--ray-address and --cpus-per-cell are of --executor 'ray': give it too")
    chosen = read_suite(suite)
    data = with_options(chosen.data, dataset, text_column, label_column, group_column, label_map, splits)
    chosen = chosen.model_copy(update={"data": data})
    choices = Choices(
        models=_words(models),
        losses=_words(losses),
        train_sizes=_train_sizes(train_size),
        seeds=_seeds(seeds),
        set=_settings(set_),
    )
    console = Console(stderr=log_json)
    if dry_run:
        _print_plan(console, chosen, combinations(chosen, choices))
        return EXIT_OK

    from benchmarks.places import ray_cluster, this_machine
    from benchmarks.run import execute, prepare_run
    from benchmarks.store import StoreError
    from benchmarks.tracking import check_tracker

    folder = out or Path("results") / chosen.name
    command = ["python", "-m", "benchmarks", *sys.argv[1:]]
    deep = audit is AuditChoice.DEEP
    price = _checked_price(price_per_hour)
    place = ray_cluster(ray_address, cpus_per_cell) if executor is ExecutorChoice.RAY else this_machine(__name__)

    def resolve() -> "Runtime":
        return place.resolve(device.value, precision.value)

    prepared = prepare_run(chosen, choices, resolve, folder, command, deep=deep, price=price)
    if track:
        check_tracker(track.value)
    _print_data(prepared.dataset, console)
    try:
        outcomes = execute(
            prepared,
            place.executor(prepared.store, timeout),
            console,
            measure=place.measure,
            fresh=fresh,
            retries=retries,
            events=sys.stdout if log_json else None,
        )
        _write_reports(folder, console, track)
    except KeyboardInterrupt:
        return _interrupted(command)
    except StoreError as error:
        _complain(f"{error}; what was finished is kept, and the same command goes on from there")
        return EXIT_CELLS_FAILED
    if outcomes.total() < len(prepared.specs):
        return _interrupted(command)
    return EXIT_OK if set(outcomes) == {"ok"} else EXIT_CELLS_FAILED


def _interrupted(command: Sequence[str]) -> int:
    again = shlex.join(word for word in command if word != "--fresh")
    print(f"interrupted; what was finished is kept. To go on: {again}", file=sys.stderr)
    return EXIT_INTERRUPTED


@app.command("list", epilog="Examples: `python -m benchmarks list` · `python -m benchmarks list models --json`")
def list_(
    what: Annotated[str, typer.Argument(metavar="[models|losses|datasets|suites]")] = "all",
    as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
    plugin: Plugins = None,
) -> int:
    """What can be run: models, losses, datasets and suites."""
    _add_plugins(plugin)
    listing = _listing()
    if what != "all" and what not in listing:
        raise unknown("list", what, listing)
    listing = listing if what == "all" else {what: listing[what]}
    if as_json:
        print(json.dumps(listing, indent=2))
        return EXIT_OK
    console = Console()
    for kind, rows in listing.items():
        table = Table(title=kind, title_justify="left", box=None, pad_edge=False)
        for column in ("name", "what it is", "parameters"):
            table.add_column(column, overflow="fold")
        for row in rows:
            parameters = ", ".join(f"{name}={value}" for name, value in row.get("parameters", {}).items())
            table.add_row(*map(Text, (row["name"], row["summary"], parameters)))
        console.print(table, "")
    return EXIT_OK


@app.command(
    epilog="Examples: `python -m benchmarks report results/quick` · "
    "`python -m benchmarks report results/quick --price-per-hour 0.40`"
)
def report(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="A results folder.")],
    price_per_hour: Price = None,
    track: Annotated[TrackerChoice | None, typer.Option(help="Write the results for this tracker, too.")] = None,
) -> int:
    """Write the report of a results folder again."""
    from benchmarks.store import StoreError

    if price_per_hour is not None:
        _keep_price(folder, _checked_price(price_per_hour))
    try:
        _write_reports(folder, Console(), track)
    except StoreError as error:
        raise UsageError(str(error)) from None
    return EXIT_OK


@app.command(
    epilog="Examples: `python -m benchmarks compare results/main results/branch` · "
    "`python -m benchmarks compare results/main results/branch --fail-on accuracy:0.5pp --fail-on throughput:10%`"
)
def compare(
    base: Annotated[Path, typer.Argument(metavar="BASE", help="A results folder.")],
    new: Annotated[Path, typer.Argument(metavar="NEW", help="Another one, of the same data.")],
    fail_on: Annotated[
        list[str] | None,
        typer.Option(metavar="accuracy:POINTSpp|throughput:PERCENT%", help="Exit 1 at such a loss, beyond noise."),
    ] = None,
) -> int:
    """Compare two runs, cell against cell; Markdown for a pull request."""
    from benchmarks.store import StoreError
    from reports.compare import Limits, compare_runs, render

    limits = Limits(**_limits(fail_on))
    try:
        comparison = compare_runs(base, new)
    except StoreError as error:
        raise UsageError(str(error)) from None
    print(render(comparison, limits), end="")
    return EXIT_WORSE if comparison.losses(limits) else EXIT_OK


@app.command(
    epilog="Examples: `python -m benchmarks peers` · "
    "`python -m benchmarks peers sklearn fasttext --dataset aclImdb/ --train-size 25000 --test-size 25000`"
)
def peers(
    names: Annotated[list[str] | None, typer.Argument(metavar="[NAME..]", help="Only these peers.")] = None,
    dataset: Annotated[str, typer.Option(metavar="NAME|PATH", help="Where texts come from.")] = "imdb-packaged",
    train_size: Annotated[int | None, typer.Option(min=2, metavar="N", help="Instead of each peer's own.")] = None,
    test_size: Annotated[int | None, typer.Option(min=2, metavar="N", help="Instead of each peer's own.")] = None,
    repeats: Annotated[int, typer.Option(min=1, help="Readings of each side, taken in turns.")] = 3,
    device: Annotated[DeviceChoice, typer.Option(help="Where torch models run.")] = DeviceChoice.AUTO,
    precision: Annotated[PrecisionChoice, typer.Option(help="Of our torch models.")] = PrecisionChoice.AUTO,
    out: Annotated[Path, typer.Option(metavar="DIR", help="For JSON lines.")] = Path("results/performance"),
    page: Annotated[Path | None, typer.Option(metavar="FILE", help="Default: PERFORMANCE.md in DIR.")] = None,
) -> int:
    """Time our models against what a user would otherwise run, at the same work."""
    from benchmarks.peers import PEERS

    for name in names or ():
        if name not in PEERS:
            raise unknown("peer", name, PEERS)
    from benchmarks.peers.contest import hold
    from benchmarks.performance import PEERS_FILE, PeerRow

    data, runtime = _measured(dataset, device, precision)
    failed = False
    for name in names or PEERS:
        for row in hold(name, data, runtime, repeats, (train_size, test_size)):
            _add(out / PEERS_FILE, PeerRow, row)
            failed |= row.status == "failed"
    _write_performance(out, page)
    return EXIT_CELLS_FAILED if failed else EXIT_OK


@app.command(
    epilog="Examples: `python -m benchmarks scaling` · "
    "`python -m benchmarks scaling --models lstm --sizes 1000,2000,5000`"
)
def scaling(
    models: Annotated[list[str] | None, typer.Option(metavar="NAME..", help="Default: the cheap ones.")] = None,
    sizes: Annotated[
        str, typer.Option(metavar="N,N..", help="Texts; more than there are will be made.")
    ] = "1000,2000,5000,10000,20000,25000,100000",
    dataset: Annotated[str, typer.Option(metavar="NAME|PATH", help="Where texts come from.")] = "imdb-packaged",
    device: Annotated[DeviceChoice, typer.Option(help="Where torch models run.")] = DeviceChoice.AUTO,
    precision: Annotated[PrecisionChoice, typer.Option(help="Of torch models.")] = PrecisionChoice.AUTO,
    out: Annotated[Path, typer.Option(metavar="DIR", help="For JSON lines and figures.")] = Path("results/performance"),
    page: Annotated[Path | None, typer.Option(metavar="FILE", help="Default: PERFORMANCE.md in DIR.")] = None,
) -> int:
    """Measure how the time and the memory of fit and inference grow with the number of texts."""
    wanted = [entry("models", name).name for name in _words(models) or ("nbsvm", "tfidf_logreg")]
    counts = [_natural("--sizes", part, least=2, most=LARGEST_SIZE) for part in sizes.split(",")]
    from benchmarks.peers.contest import command
    from benchmarks.performance import SCALING_FILE, ScalingRow
    from benchmarks.scaling import measure

    data, runtime = _measured(dataset, device, precision)
    failed = False
    for row in measure(wanted, counts, data, runtime, command()):
        _add(out / SCALING_FILE, ScalingRow, row)
        failed |= row.status == "failed"
    _write_performance(out, page)
    return EXIT_CELLS_FAILED if failed else EXIT_OK


@app.command(epilog="Examples: `python -m benchmarks doctor` · `python -m benchmarks doctor --help`")
def doctor() -> int:
    """Check that this machine has what a run needs."""
    from benchmarks.doctor import checks

    console = Console()
    failed = False
    for check in checks():
        console.print(f"{'ok  ' if check.ok else 'FAIL'} {check.name}: {check.finding}", markup=False, soft_wrap=True)
        failed |= not check.ok
    return EXIT_USAGE if failed else EXIT_OK


@app.command(
    epilog='Examples: `python -m benchmarks predict results/quick "A film to remember."` · '
    "`python -m benchmarks predict results/quick --input reviews.csv --output labels.parquet`"
)
def predict(
    model: Annotated[Path, typer.Argument(metavar="RUN_OR_MODEL", help="A results, a cell's or a model's folder.")],
    texts: Annotated[list[str] | None, typer.Argument(metavar="[TEXT..|-]", help="Texts; - reads a line each.")] = None,
    input_: Annotated[
        Path | None,
        typer.Option("--input", metavar="FILE", help=".txt (a text per line), .jsonl, .csv, .tsv, .parquet; a folder."),
    ] = None,
    text_column: Annotated[str, typer.Option(metavar="NAME", help="The texts' column in --input.")] = "text",
    output: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Written whole or not at all; instead of the terminal.")
    ] = None,
    format_: Annotated[
        FormatChoice | None, typer.Option("--format", help="Default: what --output's name says, else text.")
    ] = None,
    cell: Annotated[str, typer.Option(metavar="GLOB", help="The best of these cells of a run, as `lstm-*`.")] = "*",
    device: Annotated[DeviceChoice, typer.Option(help="Where the model runs.")] = DeviceChoice.AUTO,
    precision: Annotated[
        PrecisionChoice, typer.Option(help="Of matrix products in torch models.")
    ] = PrecisionChoice.AUTO,
    plugin: Plugins = None,
    executor: Annotated[
        ExecutorChoice, typer.Option(help="ray: many machines label the files of a folder.")
    ] = ExecutorChoice.LOCAL,
    ray_address: Annotated[
        str | None, typer.Option(metavar="ADDR", help="Of the Ray cluster; default: RAY_ADDRESS, or this machine's.")
    ] = None,
) -> int:
    """Label new texts with a trained model: of a run, the cell with the highest accuracy on validation."""
    if bool(texts) == (input_ is not None):
        raise UsageError("predict wants texts from one place (choices: TEXT.., --input FILE, - for lines from a pipe)")
    if texts and "-" in texts and len(texts) > 1:
        raise UsageError("predict: - (lines from a pipe) together with other texts: give one or the other")
    _add_plugins(plugin)
    if input_ is not None and input_.is_dir():
        on_ray = executor is ExecutorChoice.RAY
        return _predict_folder(model, cell, input_, text_column, output, device, precision, on_ray, ray_address)
    if executor is ExecutorChoice.RAY or ray_address:
        raise UsageError("--executor 'ray' and --ray-address label a folder: name one with --input")

    from benchmarks.predict import check_output, columns, output_format, progress
    from benchmarks.predict import predict as predictions
    from benchmarks.saved import find_model, load_found
    from benchmarks.text_input import read_file, read_lines
    from reports.predictions import WRITERS, writing

    chosen = output_format(format_ and format_.value, output)
    check_output(output, input_)
    found = find_model(model, cell)
    total = None
    if input_ is not None:
        total = sum(map(len, read_file(input_, text_column)))  # a bad row shows before the work, not after it
        blocks = read_file(input_, text_column)
    else:
        blocks = read_lines(cast(BufferedIOBase, sys.stdin.buffer), "-") if texts == ["-"] else iter([texts or []])
    console = Console(stderr=True)
    console.print(f"{found.folder} ({found.reason})", markup=False, highlight=False, soft_wrap=True)
    classifier = load_found(found, device.value, precision.value)
    names = columns(classifier.classes)
    frames = progress(predictions(classifier.score, classifier.classes, blocks), total, console)
    if output is None:
        writer = WRITERS[chosen](sys.stdout.buffer, names)
        for frame in frames:
            writer.write(frame)
        return EXIT_OK
    with writing(output, chosen, names) as writer:
        for frame in frames:
            writer.write(frame)
    console.print(f"wrote {output}", markup=False, highlight=False, soft_wrap=True)
    return EXIT_OK


@app.command(
    epilog='Examples: `python -m benchmarks explain results/quick "Not bad at all."` · '
    '`python -m benchmarks explain results/quick "Not bad at all." --cell "lstm-*" --class negative`'
)
def explain(
    model: Annotated[Path, typer.Argument(metavar="RUN_OR_MODEL", help="A results, a cell's or a model's folder.")],
    text: Annotated[str, typer.Argument(metavar="TEXT")],
    class_: Annotated[str | None, typer.Option("--class", metavar="NAME", help="Default: the most probable.")] = None,
    method: Annotated[MethodChoice | None, typer.Option(help="Default: gradients for torch models.")] = None,
    top: Annotated[int, typer.Option(min=1, metavar="N", help="How many words.")] = 15,
    cell: Annotated[str, typer.Option(metavar="GLOB", help="The best of these cells of a run, as `lstm-*`.")] = "*",
    as_json: Annotated[bool, typer.Option("--json", help="For programs: every word, in order.")] = False,
    plugin: Plugins = None,
) -> int:
    """Show the words that drove a decision: what each adds to the log-odds of the class."""
    _add_plugins(plugin)

    from benchmarks.explain import explain as explained
    from benchmarks.saved import find_model, load_found
    from reports.formats import plain

    found = find_model(model, cell)
    said = explained(load_found(found, "cpu"), text, label=class_, method=method.value if method else None)
    if as_json:
        words = [{"word": word, "log_odds": added} for word, added in said.words]
        content = {"label": said.label, "probability": said.probability, "method": said.method, "words": words}
        print(json.dumps(content, indent=2))
        return EXIT_OK
    Console(stderr=True).print(f"{found.folder} ({found.reason})", markup=False, highlight=False, soft_wrap=True)
    print(f"{plain(said.label)}, {said.probability:.1%}; what each word adds to its log-odds ({said.method}):")
    largest = max((abs(added) for _, added in said.words), default=1.0) or 1.0
    for word, added in said.strongest(top):
        print(f"{added:+8.3f} {'█' * round(20 * abs(added) / largest):<20} {plain(word)}")
    return EXIT_OK


@app.command(
    epilog="Examples: `python -m benchmarks export results/quick --cell 'distilbert-*' --output distilbert-imdb` · "
    "`python -m benchmarks export results/quick/cells/CELL --to huggingface --output my-model`"
)
def export(
    model: Annotated[Path, typer.Argument(metavar="RUN_OR_MODEL", help="A results, a cell's or a model's folder.")],
    output: Annotated[Path, typer.Option(metavar="DIR", help="A folder that is not there yet.")],
    to: Annotated[TargetChoice, typer.Option(help="What is to load it.")] = TargetChoice.HUGGINGFACE,
    cell: Annotated[str, typer.Option(metavar="GLOB", help="The best of these cells of a run, as `lstm-*`.")] = "*",
    plugin: Plugins = None,
) -> int:
    """Write a trained model for others: a folder that transformers' pipelines load, with a model card; or ONNX."""
    _add_plugins(plugin)

    from benchmarks.export import to_huggingface, to_onnx
    from benchmarks.saved import find_model, load_found

    found = find_model(model, cell)
    console = Console(stderr=True)
    console.print(f"{found.folder} ({found.reason})", markup=False, highlight=False, soft_wrap=True)
    export_to = to_onnx if to is TargetChoice.ONNX else to_huggingface
    export_to(found, load_found(found, "cpu", "fp32"), output)
    console.print(f"wrote {output}", markup=False, highlight=False, soft_wrap=True)
    return EXIT_OK


@app.command(
    epilog="Examples: `python -m benchmarks new model my_model` · `python -m benchmarks new loss my_loss --folder mine`"
)
def new(
    kind: Annotated[str, typer.Argument(metavar="model|loss|dataset")],
    name: Annotated[str, typer.Argument(metavar="NAME", help="What it is registered as.")],
    folder: Annotated[Path, typer.Option(metavar="DIR", help="Where to write it.")] = Path(),
) -> int:
    """Write a model, a loss or a dataset that works as it is, to begin with, and its test."""
    from benchmarks.authoring import write_template

    path, test = write_template(kind, name, folder)
    example = f"--dataset {name}" if kind == "dataset" else f"--{'models' if kind == 'model' else 'losses'} {name}"
    print(f"wrote {path} and {test}; next: python -m benchmarks check {path}")
    print(f"then: python -m benchmarks run --plugin {path} {example} --suite smoke")
    return EXIT_OK


@app.command(
    epilog="Examples: `python -m benchmarks check my_model.py` · "
    "`python -m benchmarks check my_model.py --set my_model.epochs=1`"
)
def check(
    file: Annotated[Path, typer.Argument(metavar="FILE.py", help="A plug-in.")],
    set_: Annotated[
        list[str] | None, typer.Option("--set", metavar="NAME.PARAM=VALUE", help="What makes it small.")
    ] = None,
) -> int:
    """Check that a model, a loss or a dataset of your own does what the suite relies on."""
    from benchmarks.authoring import check_plugin

    console = Console()
    failed = False
    for finding in check_plugin(file, _settings(set_)):
        line = f"{'FAIL' if finding.fault else 'ok  '} {finding.name}: {finding.check}"
        console.print(f"{line}: {finding.fault}" if finding.fault else line, markup=False, soft_wrap=True)
        failed |= bool(finding.fault)
    return EXIT_WORSE if failed else EXIT_OK


@app.command(
    epilog="Examples: `python -m benchmarks explore` · "
    "`python -m benchmarks explore --dataset reviews.csv --label-column stars`"
)
def explore(
    suite: Annotated[str, typer.Option(metavar="NAME|FILE.toml", help="Whose data.")] = "quick",
    dataset: DatasetOption = None,
    text_column: TextColumn = None,
    label_column: LabelColumn = None,
    group_column: GroupColumn = None,
    label_map: LabelMap = None,
    splits: Splits = None,
    plugin: Plugins = None,
    near_duplicates: Annotated[
        bool, typer.Option("--near-duplicates/--no-near-duplicates", help="Looking for them takes longest.")
    ] = True,
    out: Annotated[Path, typer.Option(metavar="DIR", help="Where the report goes.")] = Path("results") / "explore",
) -> int:
    """Look at the data before training: counts, lengths, tokens, leaks, telling words, odd texts."""
    _add_plugins(plugin)

    from benchmarks.explore import explore as look
    from benchmarks.sources import load_dataset
    from benchmarks.store import StoreError
    from reports.exploration import print_exploration, write_exploration

    data = with_options(read_suite(suite).data, dataset, text_column, label_column, group_column, label_map, splits)
    found = look(load_dataset(data), nearly=near_duplicates)
    console = Console()
    print_exploration(found, console)
    try:
        for path in write_exploration(found, out):
            console.print(f"wrote {path}", markup=False, highlight=False, soft_wrap=True)
    except StoreError as error:
        raise UsageError(f"--out {str(out)!r}: {error}") from None
    return EXIT_OK


def _predict_folder(
    model: Path,
    cell: str,
    source: Path,
    column: str,
    target: Path | None,
    device: DeviceChoice,
    precision: PrecisionChoice,
    on_ray: bool,
    ray_address: str | None,
) -> int:
    """Label the Parquet files of a folder that have no output yet."""
    if target is None:
        raise UsageError(f"--input {str(source)!r} is a folder: name another one with --output")
    from benchmarks.predict_folder import Job, label_here
    from benchmarks.saved import find_model, load_found
    from reports.predictions import writing

    found = find_model(model, cell)
    job = Job(source.absolute(), target.absolute(), column, writing)
    names = job.waiting()
    if on_ray:
        from benchmarks.places import check_ray

        check_ray()
        if is_sha256(found.saved.spec.model_plugin):
            raise UsageError("--executor 'ray' labels with built-in and installed models, and this one is a file's")
        from benchmarks.ray_executor import connect, resolve_runtime
        from benchmarks.ray_predict import label_on_ray

        connect(ray_address)
        runtime = entry("models", found.saved.spec.model).runtime(resolve_runtime(device.value, precision.value))
        job.claim(found.folder)
        outcomes = label_on_ray(job, names, found, runtime) if names else iter(())
    else:
        classifier = load_found(found, device.value, precision.value)
        job.claim(found.folder)
        outcomes = label_here(job, names, classifier)
    console = Console(stderr=True)
    console.print(f"{found.folder} ({found.reason}); {len(names):,} files to label", markup=False, soft_wrap=True)
    failed = 0
    for number, outcome in enumerate(outcomes, start=1):
        failed += bool(outcome.error)
        said = outcome.error or f"{outcome.rows:,} texts"
        console.print(f"[{number}/{len(names)}] {outcome.name}: {said}", markup=False, highlight=False, soft_wrap=True)
    return EXIT_CELLS_FAILED if failed else EXIT_OK


def _version(wanted: bool) -> None:
    if wanted:
        print(__version__)
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Baseline benchmarks for text classification: models x losses under one harness, with honest tables."""


def _add_plugins(plugins: Sequence[Path] | None) -> None:
    for path in plugins or ():
        add_plugin(path)


def _measured(dataset: str, device: str, precision: str) -> "tuple[Dataset, Runtime]":
    """The data, and where models run."""
    from benchmarks.device import resolve_device, resolve_precision
    from benchmarks.sources import load_dataset
    from benchmarks.suite import Data
    from models.model import Runtime

    resolved = resolve_device(device)
    return load_dataset(Data(name=dataset)), Runtime(resolved, resolve_precision(precision, resolved))


def _add(path: Path, kind: "type[Any]", row: Any) -> None:
    from benchmarks.performance import add_rows
    from benchmarks.store import StoreError

    try:
        add_rows(path, kind, [row])
    except StoreError as error:
        raise UsageError(f"--out {str(path.parent)!r}: {error}") from None


def _write_performance(folder: Path, page: Path | None) -> None:
    from reports.performance import PAGE, write_performance

    path = write_performance(folder, page or folder / PAGE)
    print(path.read_text(encoding="utf-8"))
    print(f"wrote {path}", file=sys.stderr)


def _words(values: Sequence[str] | None) -> list[str] | None:
    return [word for value in values for word in value.split(",")] if values else None


def _train_sizes(text: str | None) -> list[TrainSize] | None:
    if text is None:
        return None
    return [
        "all" if part == "all" else _natural("--train-size", part, least=1, most=LARGEST_SIZE)
        for part in text.split(",")
    ]


def _seeds(text: str | None) -> list[int] | None:
    """ "3" is how many, seeds 1 to 3; "1,5" is which."""
    if text is None:
        return None
    if text.isdecimal():
        numbers = list(range(1, _natural("--seeds", text, least=0, most=MOST_CELLS) + 1))
    else:
        numbers = [_natural("--seeds", part, least=0, most=LARGEST_SEED) for part in text.split(",") if part]
    if not numbers:
        raise UsageError(f"--seeds {text!r}: no seed (choices: a number of seeds, or seeds separated by commas)")
    return numbers


def _natural(option: str, text: str, least: int, most: int) -> int:
    if not text.isdecimal() or len(text) > len(str(most)) or not least <= int(text) <= most:
        raise UsageError(f"{option} {shortened(text)!r} is not a whole number (choices: {least} to {most})")
    return int(text)


def _checked_price(price: float | None) -> float | None:
    if price is not None and not 0 < price < float("inf"):
        raise UsageError(f"--price-per-hour {price} is not a price (choices: a number above 0)")
    return price


def _keep_price(folder: Path, price: float | None) -> None:
    """Note it with the run, so that the same files give the same report."""
    from benchmarks.store import Store, StoreError

    store = Store(folder)
    try:
        store.write_run(store.read_run() | {"price_per_hour": price})
    except StoreError as error:
        raise UsageError(str(error)) from None


def _settings(texts: Sequence[str] | None) -> dict[str, list[Any]]:
    settings: dict[str, list[Any]] = {}
    for text in texts or ():
        key, equals, value = text.partition("=")
        if not equals or not value:
            raise UsageError(f"--set {shortened(text)!r} is not of the form NAME.PARAMETER=VALUE[,VALUE..]")
        settings[key] = value.split(",")
    return settings


def _limits(texts: Sequence[str] | None) -> dict[str, float]:
    """ "accuracy:0.5pp" is half a point, "throughput:10%" a tenth of the rate: both as shares."""
    limits = {}
    for text in texts or ():
        found = LIMIT.fullmatch(text)
        if not found:
            raise UsageError(f"--fail-on {text!r} is no limit (choices: accuracy:POINTSpp, throughput:PERCENT%)")
        what, size = filter(None, found.groups())
        limits[what] = float(size) / 100
    return limits


def _listing() -> dict[str, list[dict[str, Any]]]:
    kinds: tuple[Kind, ...] = ("models", "losses", "datasets")
    listing: dict[str, list[dict[str, Any]]] = {
        kind: [
            {
                "name": entry.name,
                "summary": entry.summary + (" (off by default)" if entry.name in OFF_BY_DEFAULT else ""),
                "parameters": {name: parameter.default for name, parameter in entry.parameters.items()},
            }
            for entry in entries(kind)
        ]
        for kind in kinds
    }
    listing["suites"] = [{"name": name, "summary": read_suite(name).description} for name in suite_names()]
    return listing


def _print_plan(console: Console, suite: Suite, planned: Sequence[Combination]) -> None:
    title = Text(f"{suite.name} on {plain(suite.data.name)}: {len(planned)} cells")
    table = Table(title=title, title_justify="left", box=None)
    for column in ("model", "loss", "training reviews", "seed"):
        table.add_column(column)
    for cell in planned:
        table.add_row(cell.model, cell.loss, str(cell.train_size), str(cell.seed))
    console.print(table)


def _print_data(dataset: Dataset, console: Console) -> None:
    from reports.terminal import print_facts

    sizes = f"{len(dataset.train):,} training, {len(dataset.valid):,} validation, {len(dataset.test):,} test texts"
    heading = f"data: {dataset.name}: {sizes}; classes {', '.join(dataset.test.class_names)}"
    print_facts(heading, dataset.provenance, console)


def _write_reports(folder: Path, console: Console, tracker: TrackerChoice | None = None) -> None:
    from benchmarks.store import WriteError
    from reports.figures import write_figures
    from reports.html import write_html
    from reports.markdown import write_cells_csv, write_markdown
    from reports.terminal import print_tables

    print_tables(folder, console)
    try:
        write_figures(folder)
        for path in (write_cells_csv(folder), write_markdown(folder), write_html(folder)):
            console.print(f"wrote {path}", markup=False, highlight=False, soft_wrap=True)
        if tracker:
            from benchmarks.tracking import track

            console.print(f"wrote {track(folder, tracker.value)}", markup=False, highlight=False, soft_wrap=True)
    except OSError as error:
        raise WriteError(f"the report cannot be written: {error.filename or folder}: {error.strerror}") from error
