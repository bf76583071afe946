"""Inputs of cells in a results folder: prepared data and plug-ins."""

import json
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.store.files import DamagedError, make_folder, write_bytes, write_text, writing
from benchmarks.store.folder import Folder, checked_sha256, read_frame, read_json, undamaged
from data.dataset import Dataset, Split


class DataFiles(Folder):
    """Prepared splits by fingerprint, plug-ins by content."""

    def data_path(self, fingerprint: str) -> Path:
        """Folder of the prepared splits with that fingerprint.

        Raises:
            StoreError: not a sha256 in hexadecimal digits.
        """
        return self.folder / "data" / f"{checked_sha256(fingerprint)}.parquet"

    def has_data(self, fingerprint: str) -> bool:
        """Whether the prepared splits of that fingerprint are kept.

        Raises:
            DamagedError: they are, but they differ from what was written.
        """
        path = self.data_path(fingerprint)
        if not (path.exists() and path.with_suffix(".json").exists()):
            return False
        found = self.read_data(fingerprint).fingerprint
        if found != fingerprint:
            raise DamagedError(path, f"its fingerprint is {found}")
        return True

    def write_data(self, dataset: Dataset) -> None:
        """Keep the prepared splits, for the cells to read and for the report to quote.

        Raises:
            WriteError: they cannot be written.
        """
        path = self.data_path(dataset.fingerprint)
        make_folder(path.parent, self.folder)
        splits = {"train": dataset.train, "valid": dataset.valid, "test": dataset.test}
        frame = pd.concat(_frame(name, split) for name, split in splits.items())
        facts = {
            "grouped": [name for name, split in splits.items() if split.groups is not None],
            "name": dataset.name,
            "class_names": dataset.test.class_names,
            "provenance": dict(dataset.provenance),
            "leaked_test_rows": dataset.leaked_test_rows.tolist(),
            "by_time": dataset.by_time,
        }
        write_text(path.with_suffix(".json"), f"{json.dumps(facts, indent=2)}\n")
        with writing(path) as temporary:
            frame.to_parquet(temporary, index=False, write_page_checksum=True)

    def read_data(self, fingerprint: str) -> Dataset:
        """The dataset that `write_data` kept.

        Raises:
            DamagedError: a file is missing, or differs from what was written.
        """
        path = self.data_path(fingerprint)
        with undamaged(path.with_suffix(".json")):
            facts = read_json(path.with_suffix(".json"))
            name, class_names, provenance = facts["name"], tuple(facts["class_names"]), facts["provenance"]
            leaked = np.array(facts["leaked_test_rows"], dtype=np.int64)
            grouped, by_time = facts["grouped"], bool(facts.get("by_time"))
        with undamaged(path):
            frame = read_frame(path)
            train, valid, test = (
                _split(frame[frame["split"] == split], class_names, grouped=split in grouped)
                for split in ("train", "valid", "test")
            )
        return Dataset(name, train, valid, test, provenance=provenance, leaked_test_rows=leaked, by_time=by_time)

    def plugin_path(self, sha256: str) -> Path:
        """Path of the plug-in with that sha256.

        Raises:
            StoreError: not a sha256 in hexadecimal digits.
        """
        return self.folder / "plugins" / f"{checked_sha256(sha256)}.py"

    def write_plugin(self, sha256: str, source: str) -> None:
        """Keep a plug-in for the cells, so that an edit of the user's file during the run changes none of them.

        Raises:
            WriteError: it cannot be written.
        """
        path = self.plugin_path(sha256)
        make_folder(path.parent, self.folder)
        write_bytes(path, source.encode())


def _frame(name: str, split: Split) -> pd.DataFrame:
    columns = {"row": split.rows, "label": split.labels, "length": split.lengths, "text": split.texts}
    return pd.DataFrame({"split": name, **columns, "group": split.groups or [None] * len(split)})


def _split(frame: pd.DataFrame, class_names: tuple[str, ...], *, grouped: bool) -> Split:
    labels, lengths, rows = (frame[name].to_numpy(dtype=np.int64, copy=True) for name in ("label", "length", "row"))
    groups = tuple(frame["group"]) if grouped else None
    return Split(tuple(frame["text"]), labels, lengths, rows, class_names, groups)
