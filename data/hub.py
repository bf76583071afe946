"""Any dataset of the Hugging Face Hub, or a copy of one in a folder."""

import os
import re
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pyarrow.parquet as pq

from data.errors import DataError
from data.reading import Reading
from data.tables import Table, read_tables, table_type
from data.tabular import NamedTable, Tabular

if TYPE_CHECKING:
    from datasets import DatasetBuilder, DatasetDict, Features

PREFIX = "hf:"
FORM = "hf:OWNER/NAME[/CONFIG]@REVISION, or hf:FOLDER[/CONFIG] for a copy"
TIMEOUT = 5.0
"""Seconds to wait for the Hub's first answer."""

CARD = "README.md"
CONTENT = ("*.parquet", "*.csv", "*.tsv", "*.json", "*.jsonl", "*.txt", "*.gz", "*.zst", "*.arrow")
"""Files that can hold a dataset's rows; no code is fetched, and none is run."""

COMMIT = re.compile(r"[0-9a-f]{40}")

SHARD = re.compile(r"(.*)-(\d{5})-of-(\d{5})\.")


@dataclass(frozen=True)
class HubName:
    """A dataset on the Hub, or a copy of one.

    Attributes:
        repository: OWNER/NAME, or a folder.
        config: the dataset within it; None takes the only one, or the default.
        revision: a commit, tag or branch; None for a folder.
    """

    repository: str
    config: str | None
    revision: str | None


def parse_hub_name(text: str) -> HubName:
    """Read `hf:OWNER/NAME[/CONFIG]@REVISION`, or the name of a folder.

    Raises:
        DataError: neither.
    """
    path, at, revision = text.removeprefix(PREFIX).partition("@")
    if path and not at and (folder := Path(path)).is_dir():
        return HubName(path, None, None)
    if path and not at and len(folder.parts) > 1 and folder.parent.is_dir():
        return HubName(str(folder.parent), folder.name, None)
    parts = path.split("/")
    if not all(parts) or len(parts) > 3:
        raise DataError(f"it is not of the form {FORM}")
    if not revision:
        raise DataError(
            f"it names no revision, and what is on the Hub may change: {PREFIX}{path}@COMMIT, or @main for today's "
            f"(the form is {FORM})"
        )
    return HubName("/".join(parts[:2]), parts[2] if len(parts) == 3 else None, revision)


class HubCopy(Tabular):
    """A folder laid out as a dataset is on the Hub: its card (README.md) and its files, read by `datasets`."""

    def __init__(self, folder: Path, config: str | None, reading: Reading = Reading()) -> None:
        """Keep the options.

        Args:
            folder: the copy.
            config: which of the datasets within; None takes the only one, or the default.
            reading: how to read its tables.
        """
        self.folder, self.config, self.reading = folder, config, reading

    def split_names(self) -> Sequence[str]:
        """Return the dataset's own names of its splits."""
        return tuple(self._files)

    def table(self, split: str) -> NamedTable:
        """Read one split; numbers of classes become their names where the dataset knows these."""
        paths, features = [Path(file) for file in self._files[split]], self._builder.info.features
        if self._is_plain(paths):
            rows = read_tables(paths)
            if features is None and paths[0].suffix == ".parquet":
                features = _parquet_features(paths[0])
        else:
            loaded = self._loaded[split]
            frame = loaded.data.table.to_pandas(ignore_metadata=True, integer_object_nulls=True)
            rows, features = Table(frame, np.arange(len(frame)), "row"), loaded.features
        named = {column: names for column, names in _class_names(features).items() if column in rows.frame}
        for column, names in named.items():
            rows.frame[column] = pd.Series([_class_name(value, names) for value in rows.frame[column]], dtype=object)
        return NamedTable(f"split {split!r}", rows, named, self.provenance)

    @property
    def provenance(self) -> Mapping[str, str | int]:
        """Origin of the rows: the folder's name and the configuration."""
        config = {"config": self.config} if self.config else {}
        return {"origin": f"folder {self.folder.name}, as on the Hub", **config}

    @property
    def _files(self) -> dict[str, Sequence[str]]:
        return {str(split): files for split, files in (self._builder.config.data_files or {}).items()}

    def _is_plain(self, paths: Sequence[Path]) -> bool:
        """Whether the files are tables that need no options of the dataset's card to be read."""
        config = self._builder.config
        options = ("names", "column_names", "skiprows", "field", "quotechar", "escapechar", "comment")
        usual = {"quotechar": '"'}
        return (
            all(table_type(path) and path.is_file() for path in paths)
            and all(getattr(config, option, None) == usual.get(option) for option in options)
            and getattr(config, "header", "infer") in ("infer", 0)
        )

    @cached_property
    def _builder(self) -> "DatasetBuilder":
        """The card and the layout of the folder, as `datasets` understands them."""
        from datasets import get_dataset_config_names, load_dataset_builder

        with self._readable() as cache:
            configs = get_dataset_config_names(str(self.folder))
            if self.config is None and len(configs) > 1 and "default" not in configs:
                raise DataError(f"it holds several datasets: name one as /CONFIG (choices: {', '.join(configs)})")
            if self.config is not None and self.config not in configs:
                raise DataError(f"it holds no dataset {self.config!r} (choices: {', '.join(configs)})")
            return load_dataset_builder(str(self.folder), self.config, cache_dir=cache)

    @cached_property
    def _loaded(self) -> "DatasetDict":
        from datasets import load_dataset

        with self._readable() as cache:
            # In memory: the cache goes when this returns.
            return load_dataset(str(self.folder), self.config, keep_in_memory=True, cache_dir=cache)

    @contextmanager
    def _readable(self) -> Iterator[str]:
        """Provide a cache folder, and turn every error of `datasets` into one line."""
        from datasets.exceptions import DatasetsError

        try:
            with _quiet(), tempfile.TemporaryDirectory() as cache:
                yield cache
        except DataError:
            raise
        except (OSError, ValueError, DatasetsError) as error:
            raise DataError(f"{self.folder.name} cannot be read as a copy from the Hub: {_line(error)}") from None


class Hub(HubCopy):
    """A dataset on the Hugging Face Hub, at one revision: from the local cache, else from the Hub."""

    def __init__(self, name: HubName, reading: Reading = Reading()) -> None:
        self.name, self.config, self.reading = name, name.config, reading

    @cached_property
    def folder(self) -> Path:  # type: ignore[override]
        """Return the local copy of the revision, fetched if need be.

        Raises:
            DataError: there is none, and the Hub cannot be reached or has no such dataset.
        """
        return fetch(self.name)

    @property
    def provenance(self) -> Mapping[str, str | int]:
        """The repository, and the commit that the revision stands for."""
        config = {"config": self.config} if self.config else {}
        return {"origin": f"Hub, {self.name.repository}", **config, "revision": self.folder.name}


def is_hub_copy(folder: Path) -> bool:
    """Whether the folder has a dataset card that says where its rows are, or a layout that only the Hub has."""
    try:
        card = (folder / CARD).read_text(encoding="utf-8", errors="replace")
    except OSError:
        card = ""
    if card.startswith("---") and re.search(r"^(configs|dataset_info):", card, re.MULTILINE):
        return True
    return any(SHARD.match(path.name) for path in folder.glob("*/*.parquet"))


def fetch(name: HubName, files: Sequence[str] = ()) -> Path:
    """Return the folder of the revision's files in the Hub's own cache; a commit in the cache needs no network.

    Args:
        name: the dataset and its revision.
        files: which of its files; with none named, those that hold the config's rows according to its card.

    Raises:
        DataError: they are not there, and cannot be fetched.
    """
    from httpx2 import HTTPError
    from huggingface_hub import HfApi, snapshot_download
    from huggingface_hub.errors import HFValidationError, OfflineModeIsEnabled, RepositoryNotFoundError
    from huggingface_hub.errors import RevisionNotFoundError as NoRevision

    repository, revision = name.repository, name.revision
    try:
        if COMMIT.fullmatch(revision or "") and (cached := _cached(name, files)):
            return cached
        info = HfApi().dataset_info(repository, revision=revision, timeout=TIMEOUT)  # a download itself would retry
        arguments: dict[str, Any] = {"repo_type": "dataset", "revision": info.sha}
        card = Path(snapshot_download(repository, allow_patterns=[CARD], **arguments)) / CARD
        patterns = [CARD, *(files or _patterns(card, name.config))]
        return Path(snapshot_download(repository, allow_patterns=patterns, **arguments))
    except HFValidationError:
        raise DataError(f"{repository!r} is no name of the Hub's (the form is {FORM})") from None
    except NoRevision:
        raise DataError(f"{repository} has no revision {revision!r}") from None
    except RepositoryNotFoundError:
        raise DataError(f"the Hub has no dataset {repository!r} that can be read without an account") from None
    except (HTTPError, OfflineModeIsEnabled, OSError) as error:
        if cached := _cached(name, files):
            return cached
        raise DataError(
            f"the Hub cannot be reached ({_line(error)}), and revision {revision} is not in the local cache; offline, "
            "give the folder of a copy as `dataset`, or use the dataset imdb-packaged"
        ) from None


def _patterns(card: Path, config: str | None) -> list[str]:
    """Return the files that the card names for the config, else all that could hold rows."""
    from huggingface_hub import DatasetCard

    configs = (DatasetCard.load(card).data.to_dict().get("configs") if card.exists() else None) or []
    chosen = [c for c in configs if len(configs) == 1 or c.get("config_name") == (config or "default")]
    files = chosen[0].get("data_files") if chosen else None
    entries = files if isinstance(files, list) else [files] if files else []
    paths = [path for entry in entries for path in _paths(entry.get("path") if isinstance(entry, dict) else entry)]
    if not paths and config and not configs:
        return [f"{config}/*"]
    return paths or list(CONTENT)


def _paths(paths: str | list[str] | None) -> Iterator[str]:
    yield from [paths] if isinstance(paths, str) else paths or []


def _cached(name: HubName, wanted: Sequence[str]) -> Path | None:
    """Return the revision in the local cache, if the wanted files and all shards of its splits are there."""
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import LocalEntryNotFoundError

    # A revision counts as cached only if all files of its listing are there that match the patterns.
    arguments: dict[str, Any] = {"repo_type": "dataset", "revision": name.revision, "local_files_only": True}
    try:
        folder = Path(snapshot_download(name.repository, allow_patterns=[CARD], **arguments))
        patterns = [CARD, *(wanted or _patterns(folder / CARD, name.config))]
        snapshot_download(name.repository, allow_patterns=patterns, **arguments)
    except LocalEntryNotFoundError:
        return None
    files = [str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()]
    shards = {(found[1], int(found[2]), int(found[3])) for file in files if (found := SHARD.match(file))}
    whole = all((stem, number, total) in shards for stem, _, total in shards for number in range(total))
    there = set(wanted) <= set(files) if wanted else any(file != CARD for file in files)
    return folder if whole and there else None


def _class_names(features: "Features | None") -> dict[str, tuple[str, ...]]:
    """Return the names of the classes of each column that has named classes."""
    from datasets import ClassLabel

    return {column: tuple(f.names) for column, f in (features or {}).items() if isinstance(f, ClassLabel)}


def _class_name(value: object, names: Sequence[str]) -> object:
    """Return the name of a class's number; None where there is none: the Hub writes -1 for a withheld label."""
    if value is None or (isinstance(value, float) and np.isnan(value)):
        return None
    text = str(value).strip()
    if not re.fullmatch(r"-?\d{1,9}(\.0)?", text) or text in names:
        return value
    number = int(float(text))
    return names[number] if 0 <= number < len(names) else None


def _parquet_features(path: Path) -> "Features | None":
    """Return the column types that `datasets` has written into a Parquet file."""
    from datasets import Features

    schema = pq.read_schema(path)
    return Features.from_arrow_schema(schema) if b"huggingface" in (schema.metadata or {}) else None


@contextmanager
def _quiet() -> Iterator[None]:
    """Switch off the progress bars of `datasets`."""
    from datasets import disable_progress_bars, enable_progress_bars

    disable_progress_bars()
    try:
        yield
    finally:
        if not os.environ.get("HF_DATASETS_DISABLE_PROGRESS_BARS"):
            enable_progress_bars()


def _line(error: Exception) -> str:
    return " ".join(f"{type(error).__name__}: {error}".split())[:160]
