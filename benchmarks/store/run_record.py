"""The record of a run: `run.json`."""

import json
import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from benchmarks.schema.result import SCHEMA_VERSION
from benchmarks.schema.run import ContinuedRun
from benchmarks.store.files import DamagedError, StoreError, write_text
from benchmarks.store.folder import Folder, check_version, first_error, read_json

COMMAND_FILE = "command.sh"
"""Names folders outside of the working folder, which `run.json` and the reports never do."""

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

    def write_command(self, command: Sequence[str]) -> None:
        """Keep the command line with its full paths, ready to be run again; for the user alone, see `COMMAND_FILE`.

        Raises:
            WriteError: it cannot be written.
        """
        line = shlex.join(word for word in command if word != "--fresh")
        write_text(self.folder / COMMAND_FILE, f"cd {shlex.quote(str(Path.cwd()))} && {line}\n")

    def read_run(self) -> dict[str, Any]:
        """Read `run.json`.

        Raises:
            DamagedError: the file is not JSON, or lacks a field or has one of another type, see `ContinuedRun`.
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
        try:
            ContinuedRun.model_validate(run)
        except ValidationError as error:
            raise DamagedError(path, first_error(error)) from None
        return dict(run)
