"""`peers` and `scaling`: our models' speed beside others', and how it grows."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from benchmarks.commands import exit_codes
from benchmarks.commands.options import Device, DeviceChoice, Precision, PrecisionChoice, Source, natural, words
from benchmarks.config.suite import LARGEST_SIZE
from benchmarks.errors import UsageError, unknown
from benchmarks.registry.entries import entry
from data.dataset import Dataset

if TYPE_CHECKING:
    from models.model import Runtime


def peers(
    names: Annotated[list[str] | None, typer.Argument(metavar="[NAME..]", help="Only these peers.")] = None,
    dataset: Source = "imdb-packaged",
    train_size: Annotated[int | None, typer.Option(min=2, metavar="N", help="Instead of each peer's own.")] = None,
    test_size: Annotated[int | None, typer.Option(min=2, metavar="N", help="Instead of each peer's own.")] = None,
    repeats: Annotated[int, typer.Option(min=1, help="Readings of each side, taken in turns.")] = 3,
    device: Device = DeviceChoice.AUTO,
    precision: Precision = PrecisionChoice.AUTO,
    out: Annotated[Path, typer.Option(metavar="DIR", help="For JSON lines.")] = Path("results/performance"),
    page: Annotated[Path | None, typer.Option(metavar="FILE", help="Default: PERFORMANCE.md in DIR.")] = None,
) -> int:
    """Time our models against what a user would otherwise run, at the same work.

    Examples: `python -m benchmarks peers` ·
    `python -m benchmarks peers sklearn fasttext --dataset aclImdb/ --train-size 25000 --test-size 25000`
    """
    from benchmarks.peers import PEERS

    for name in names or ():
        if name not in PEERS:
            raise unknown("peer", name, PEERS)
    from benchmarks.peers.contest import hold
    from benchmarks.schema.performance import PeerRow
    from benchmarks.store.performance import PEERS_FILE

    data, runtime = _measured(dataset, device, precision)
    failed = False
    for name in names or PEERS:
        for row in hold(name, data, runtime, repeats, (train_size, test_size)):
            _add(out / PEERS_FILE, PeerRow, row)
            failed |= row.status == "failed"
    _write_performance(out, page)
    return exit_codes.CELLS_FAILED if failed else exit_codes.OK


def scaling(
    models: Annotated[list[str] | None, typer.Option(metavar="NAME..", help="Default: the cheap ones.")] = None,
    sizes: Annotated[
        str, typer.Option(metavar="N,N..", help="Texts; more than there are will be made.")
    ] = "1000,2000,5000,10000,20000,25000,100000",
    dataset: Source = "imdb-packaged",
    device: Device = DeviceChoice.AUTO,
    precision: Precision = PrecisionChoice.AUTO,
    out: Annotated[Path, typer.Option(metavar="DIR", help="For JSON lines and figures.")] = Path("results/performance"),
    page: Annotated[Path | None, typer.Option(metavar="FILE", help="Default: PERFORMANCE.md in DIR.")] = None,
) -> int:
    """Measure how the time and the memory of fit and inference grow with the number of texts.

    Examples: `python -m benchmarks scaling` · `python -m benchmarks scaling --models lstm --sizes 1000,2000,5000`
    """
    wanted = [entry("models", name).name for name in words(models) or ("nbsvm", "tfidf_logreg")]
    counts = [natural("--sizes", part, least=2, most=LARGEST_SIZE) for part in sizes.split(",")]
    from benchmarks.peers.contest import command
    from benchmarks.peers.scaling import measure
    from benchmarks.schema.performance import ScalingRow
    from benchmarks.store.performance import SCALING_FILE

    data, runtime = _measured(dataset, device, precision)
    failed = False
    for row in measure(wanted, counts, data, runtime, command()):
        _add(out / SCALING_FILE, ScalingRow, row)
        failed |= row.status == "failed"
    _write_performance(out, page)
    return exit_codes.CELLS_FAILED if failed else exit_codes.OK


def _measured(dataset: str, device: str, precision: str) -> "tuple[Dataset, Runtime]":
    """The data, and where models run."""
    from benchmarks.config.datasets import load_dataset
    from benchmarks.config.suite import Data
    from benchmarks.hardware.device import resolve_device, resolve_precision
    from models.model import Runtime

    resolved = resolve_device(device)
    return load_dataset(Data(name=dataset)), Runtime(resolved, resolve_precision(precision, resolved))


def _add(path: Path, kind: "type[Any]", row: Any) -> None:
    from benchmarks.store.performance import add_rows
    from benchmarks.store.results import StoreError

    try:
        add_rows(path, kind, [row])
    except StoreError as error:
        raise UsageError(f"--out {str(path.parent)!r}: {error}") from None


def _write_performance(folder: Path, page: Path | None) -> None:
    from reports.render.performance import PAGE, write_performance

    path = write_performance(folder, page or folder / PAGE)
    print(path.read_text(encoding="utf-8"))
    print(f"wrote {path}", file=sys.stderr)
