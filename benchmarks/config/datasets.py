"""Load a dataset by name or path and prepare its splits."""

import re
from dataclasses import replace
from pathlib import Path

from benchmarks.config.suite import Data
from benchmarks.errors import UsageError, unknown
from benchmarks.redaction import without_folders
from benchmarks.registry.entries import entry, names, source_class
from data.dataset import Dataset
from data.errors import DataError
from data.files import open_path
from data.hub import FORM as HUB_FORM
from data.hub import PREFIX, Hub, HubCopy, parse_hub_name
from data.prepare import prepare
from data.reading import Reading
from data.source import Source
from data.tables import table_type

ADDRESS = re.compile(r"\w+://")
HUB_PAGE = re.compile(r"(?:https?://)?(?:www\.)?(?:huggingface\.co|hf\.co)/datasets/([\w.-]+/[\w.-]+)")
OWNER_AND_NAME = re.compile(r"[\w-][\w.-]*/[\w-][\w.-]*")
"""A name on the Hub, rather than a path to a file."""


def load_dataset(data: Data) -> Dataset:
    """Read, clean and split a dataset.

    Raises:
        UsageError: the dataset does not exist or cannot be used.
    """
    reading = data.reading
    try:
        source = _source(data.name, reading)
        dataset = prepare(
            source,
            without_folders(data.name),
            valid_size=data.valid_size,
            test_size=data.test_size,
            split_order=data.split_order,
        )
    except DataError as error:
        raise UsageError(str(error), option="dataset", value=data.name, problems=error.problems) from None
    except OSError as error:
        raise UsageError(str(error.strerror or error), option="dataset", value=data.name) from None
    plugin = entry("datasets", data.name).plugin if data.name in names("datasets") else ""
    return replace(dataset, provenance={**dataset.provenance, "plug-in": plugin}) if plugin else dataset


def _source(name: str, reading: Reading) -> Source:
    if name.startswith(PREFIX):
        hub_name = parse_hub_name(name)
        if hub_name.revision is None:
            return HubCopy(Path(hub_name.repository), hub_name.config, reading)
        return Hub(hub_name, reading)
    if name in names("datasets"):
        if reading.given:
            raise DataError(
                f"its columns, labels and splits are its own: {', '.join(reading.given)} cannot change them"
            )
        return source_class(name)()
    if found := HUB_PAGE.match(name):
        raise DataError(f"it is an address; the dataset of the Hub is {PREFIX}{found[1]}@main")
    if ADDRESS.match(name):
        raise DataError(f"it is an address; download the file, or name a dataset of the Hub as {HUB_FORM}")
    path = Path(name)
    if OWNER_AND_NAME.fullmatch(name) and table_type(path) is None and not path.parent.exists():
        raise DataError(f"there is no such file or folder; the dataset of the Hub is {PREFIX}{name}@main")
    if not path.exists() and path.name == name and not path.suffix and not any(mark in name for mark in "*?["):
        raise unknown("dataset", name, (*names("datasets"), "a path", "hf:OWNER/NAME@REVISION"))
    return open_path(path, reading)
