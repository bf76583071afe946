"""A cell's files on their way to another machine's results folder, and back."""

import re
from collections.abc import Iterable, Mapping
from pathlib import Path

from benchmarks.schema.cell import CellSpec
from benchmarks.store.cells import CELL_ID
from benchmarks.store.files import StoreError, make_folder, write_bytes
from benchmarks.store.folder import SHA256
from benchmarks.store.results import Store

NAME = r"(?!\.{1,2}(?:/|$))[^/\x00-\x1f\x7f]+"
"""Name of a file or folder in a saved model: any characters on one line."""

PACKED = re.compile(
    rf"data/[0-9a-f]{{64}}\.(?:json|parquet)|plugins/[0-9a-f]{{64}}\.py|cells/(?P<cell>{CELL_ID.pattern})/"
    rf"(?:result\.json|predictions\.parquet|validation\.parquet|explanations\.json|log\.txt|model/(?P<model>{NAME}(?:/{NAME})*))"
)
"""Allowed paths of files copied between two machines' stores; none leads out of the folder."""

FILES = ("predictions.parquet", "validation.parquet", "explanations.json", "result.json")
"""Files of a cell besides its log and model; the result comes last."""

Files = Mapping[str, bytes]
"""Path in a results folder -> content."""


def pack_data(store: Store, fingerprint: str) -> Files:
    """The prepared splits of that fingerprint, for `unpack` into another store."""
    path = store.data_path(fingerprint)
    return _pack(store, [path.with_suffix(".json"), path])


def pack_plugins(store: Store, spec: CellSpec) -> Files:
    """The plug-ins that a cell needs, for `unpack` into another store."""
    found = (sha256 for sha256 in {spec.model_plugin, spec.loss_plugin} if SHA256.fullmatch(sha256))
    return _pack(store, [store.plugin_path(sha256) for sha256 in found])


def pack_cell(store: Store, cell_id: str) -> Files:
    """All files of a cell, its result last, for `unpack` into another store."""
    folder = store.cell_folder(cell_id)
    model = sorted((folder / "model").rglob("*"))
    names = (folder / name for name in FILES)
    return _pack(store, [folder / "log.txt", *model, *names])


def unpack(store: Store, files: Files) -> None:
    """Write the files that another store has packed, in its order.

    Raises:
        StoreError: a path is none that a store packs; nothing is written.
        WriteError: the files cannot be written.
    """
    found = {path: _matched(path) for path in files}
    models: dict[str, dict[str, bytes]] = {}
    for path, match in found.items():
        if match["model"]:
            models.setdefault(match["cell"], {})[match["model"]] = files[path]
    store.create()
    for cell_id, contents in models.items():
        with store.replace_model(cell_id) as folder:
            for name, content in contents.items():
                make_folder((folder / name).parent, folder)
                write_bytes(folder / name, content)
    for path, match in found.items():
        if not match["model"]:
            target = store.folder / path
            make_folder(target.parent, store.folder)
            write_bytes(target, files[path])


def _matched(path: str) -> re.Match[str]:
    match = PACKED.fullmatch(path)
    if match is None:
        raise StoreError(f"not a file of a results folder: {path!r}")
    return match


def _pack(store: Store, paths: Iterable[Path]) -> Files:
    return {path.relative_to(store.folder).as_posix(): path.read_bytes() for path in paths if path.is_file()}
