"""The record of a run: `run.json`."""

import json
from typing import Any

from benchmarks.schema.result import SCHEMA_VERSION
from benchmarks.store.files import DamagedError, StoreError, write_text
from benchmarks.store.folder import Folder, check_version, read_json

RUN_KEYS = frozenset({"suite", "planned", "dataset", "device", "precision", "code_version"})
"""Fields of `run.json` that are read before a run continues in its folder."""


class RunRecord(Folder):
    """Record of a run: command, suite, data and machine."""

    def write_run(self, run: dict[str, Any]) -> None:
        """Describe the run in `run.json`.

        Raises:
            WriteError: it cannot be written.
        """
        content = json.dumps({"schema_version": SCHEMA_VERSION, **run}, indent=2, sort_keys=True)
        write_text(self.folder / "run.json", f"{content}\n")

    def read_run(self) -> dict[str, Any]:
        """Read `run.json`.

        Raises:
            DamagedError: the file differs from that.
            StoreError: there is no such file, or it is not of this version.
        """
        path = self.folder / "run.json"
        try:
            run = read_json(path)
        except FileNotFoundError:
            raise StoreError(f"no results in {self.folder}: it has no run.json") from None
        check_version(path, run)
        missing = RUN_KEYS - run.keys()
        if missing:
            raise DamagedError(path, f"without {', '.join(sorted(missing))}")
        return dict(run)
