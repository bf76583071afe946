"""`peers` and `scaling`: compare speed with other libraries, and measure growth with the number of texts or classes."""

import logging
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from benchmarks.commands.exit_status import ExitStatus
from benchmarks.commands.options import DeviceOptions, Source, parse_count, split_words
from benchmarks.config.suite import LARGEST_SIZE
from benchmarks.errors import UsageError, unknown
from benchmarks.registry.entries import entry
from data.dataset import Dataset

if TYPE_CHECKING:
    from models.model import Runtime

log = logging.getLogger(__package__)

Out = Annotated[Path, typer.Option(metavar="DIR", help="Folder of the readings (JSON lines) and figures.")]
Page = Annotated[
    Path | None, typer.Option(metavar="FILE", help="Write the Markdown page here. Default: PERFORMANCE.md in --out.")
]
PERFORMANCE = Path("results/performance")
SIZES = "1000,2000,5000,10000,20000,25000,100000"


def peers(
    device: DeviceOptions,
    names: Annotated[list[str] | None, typer.Argument(metavar="NAME", help="Time only these peers.")] = None,
    dataset: Source = "imdb-packaged",
    train_size: Annotated[
        int | None, typer.Option(min=2, metavar="N", help="Number of training texts. Default: each peer's own.")
    ] = None,
    test_size: Annotated[
        int | None, typer.Option(min=2, metavar="N", help="Number of test texts. Default: each peer's own.")
    ] = None,
    repeats: Annotated[
        int,
        typer.Option(min=1, help="Readings of each side, interleaved, after a warm-up where one takes less than 10 s."),
    ] = 3,
    out: Out = PERFORMANCE,
    page: Page = None,
) -> int:
    """Time our models beside other libraries.

    Some of these need the extras `peers` and `engines`: `pip install -c constraints.txt -e '.[peers,engines]'`.

    Examples: `python -m benchmarks peers` ·
    `python -m benchmarks peers sklearn fasttext --dataset aclImdb/ --train-size 25000 --test-size 25000`
    """
    from benchmarks.peers import PEERS

    for name in names or ():
        if name not in PEERS:
            raise unknown("peer", name, PEERS)
    from benchmarks.peers.contest import contests
    from benchmarks.schema.performance import PeerRow
    from benchmarks.store.performance import PEERS_FILE, add_rows

    data, runtime = _load(dataset, device)
    failed = False
    for name in names or PEERS:
        for row in contests(name, data, runtime, repeats, (train_size, test_size)):
            add_rows(out / PEERS_FILE, PeerRow, [row])
            failed |= row.status != "ok"
    _write_page(out, page)
    return ExitStatus.INCOMPLETE if failed else ExitStatus.OK


def scaling(
    device: DeviceOptions,
    models: Annotated[
        list[str] | None, typer.Option(metavar="NAME..", help="Models to measure. Default: the linear ones.")
    ] = None,
    sizes: Annotated[
        str | None,
        typer.Option(
            metavar="N,N..", help=f"Numbers of texts; beyond the data, halves of texts are joined. Default: {SIZES}."
        ),
    ] = None,
    classes: Annotated[
        str | None,
        typer.Option(metavar="N,N..", help="Numbers of classes, the most common ones, with equally many texts."),
    ] = None,
    dataset: Source = "imdb-packaged",
    out: Out = PERFORMANCE,
    page: Page = None,
) -> int:
    """Measure how time and memory grow.

    Fits and scores with growing numbers of texts, or of classes, each number in its own process.

    Examples: `python -m benchmarks scaling` · `python -m benchmarks scaling --models lstm --sizes 1000,2000,5000` ·
    `python -m benchmarks scaling --dataset intents.csv --classes 10,20,50`
    """
    chosen = [entry("models", name).name for name in split_words(models) or ("nbsvm", "tfidf_logreg")]
    if sizes is not None and classes is not None:
        raise UsageError("--sizes and --classes exclude each other: give one of them")
    option, numbers = ("--sizes", SIZES if sizes is None else sizes) if classes is None else ("--classes", classes)
    counts = [parse_count(option, part, least=2, most=LARGEST_SIZE) for part in numbers.split(",")]
    from benchmarks.peers.contest import command
    from benchmarks.peers.scaling import measure, of_classes, of_sizes
    from benchmarks.schema.performance import ScalingRow
    from benchmarks.store.performance import SCALING_FILE, add_rows

    data, runtime = _load(dataset, device)
    failed = False
    works = of_sizes(counts, data) if classes is None else of_classes(counts, data)
    for row in measure(chosen, works, data, runtime, command()):
        add_rows(out / SCALING_FILE, ScalingRow, [row])
        failed |= row.status != "ok"
    _write_page(out, page)
    return ExitStatus.INCOMPLETE if failed else ExitStatus.OK


def _load(dataset: str, device: DeviceOptions) -> "tuple[Dataset, Runtime]":
    """Read the data, and resolve the device and the precision."""
    from benchmarks.config.datasets import load_dataset
    from benchmarks.config.suite import Data
    from benchmarks.hardware.device import resolve_runtime

    return load_dataset(Data(name=dataset)), resolve_runtime(device.device, device.precision)


def _write_page(folder: Path, page: Path | None) -> None:
    from reports.render.performance import PAGE, write_performance

    path = write_performance(folder, page or folder / PAGE)
    print(path.read_text(encoding="utf-8"))
    log.info("wrote %s", path)
