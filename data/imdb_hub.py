"""IMDB as the Hugging Face Hub has it, the published 25,000 / 25,000 split."""

from pathlib import Path

from httpx2 import HTTPError
from huggingface_hub import HfApi, snapshot_download
from huggingface_hub.errors import HFValidationError, LocalEntryNotFoundError, OfflineModeIsEnabled

from data.dataset import DataError
from data.source import RawDataset, RawSplit, Source, as_labels

REVISION = "e6281661ce1c48d982bc483cf8a173c1bbeb5d31"
FILES = {split: f"plain_text/{split}-00000-of-00001.parquet" for split in ("train", "test")}
TIMEOUT = 5.0
"""Seconds to wait for the Hub's first answer."""


class ImdbHub(Source):
    """The published 25,000 / 25,000 IMDB reviews from the Hugging Face Hub, revision pinned.

    Maas et al. (2011), Learning Word Vectors for Sentiment Analysis.
    """

    def __init__(self, *, repository: str = "stanfordnlp/imdb") -> None:
        """Keep the option.

        Args:
            repository: on the Hub, or a local folder laid out as it is there.
        """
        self.repository = repository

    def load(self) -> RawDataset:
        """Read the reviews: from the folder, from the local cache, else from the Hub.

        Raises:
            DataError: the Hub cannot be reached, or the files are not there.
        """
        from datasets import load_dataset
        from datasets.exceptions import DatasetGenerationError

        local = Path(self.repository).is_dir()
        folder = Path(self.repository) if local else self._snapshot()
        try:
            files = {split: str(folder / path) for split, path in FILES.items()}
            splits = load_dataset("parquet", data_files=files, keep_in_memory=True)
            train, test = (
                RawSplit(tuple(splits[split]["text"]), as_labels(splits[split]["label"])) for split in ("train", "test")
            )
        except (OSError, KeyError, DatasetGenerationError) as error:
            raise DataError(f"{self.repository} cannot be read: {' '.join(str(error).split())[:200]}") from None
        return RawDataset(
            train=train,
            test=test,
            provenance={"origin": self.repository, **({} if local else {"revision": REVISION})},
        )

    def _snapshot(self) -> Path:
        """The local copy of the pinned revision, fetched if need be."""
        wanted = list(FILES.values())
        try:
            folder = Path(
                snapshot_download(self.repository, repo_type="dataset", revision=REVISION, local_files_only=True)
            )
            if all((folder / file).exists() for file in wanted):
                return folder
        except LocalEntryNotFoundError:
            pass  # not fetched yet
        except HFValidationError:
            raise DataError(f"repository={self.repository!r} is neither a folder nor a name on the Hub") from None
        try:
            HfApi().dataset_info(self.repository, revision=REVISION, timeout=TIMEOUT)  # the download itself retries
            return Path(
                snapshot_download(self.repository, repo_type="dataset", revision=REVISION, allow_patterns=wanted)
            )
        except (HTTPError, OfflineModeIsEnabled, OSError) as error:
            reason = " ".join(f"{type(error).__name__}: {error}".split())[:120]
            raise DataError(
                f"the Hub cannot be reached ({reason}); offline, use --dataset imdb-packaged, or the path of a copy"
            ) from None
