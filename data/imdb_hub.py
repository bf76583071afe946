"""IMDB from the Hugging Face Hub: the published 25,000 / 25,000 split."""

from dataclasses import replace
from pathlib import Path

from data.errors import DataError
from data.hub import HubName, fetch
from data.imdb_blocks import KIND, film_blocks
from data.source import RawDataset, RawSplit, Source, as_labels

REVISION = "e6281661ce1c48d982bc483cf8a173c1bbeb5d31"
FILES = {split: f"plain_text/{split}-00000-of-00001.parquet" for split in ("train", "test")}


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
        on_hub = HubName(self.repository, None, REVISION)
        folder = Path(self.repository) if local else fetch(on_hub, list(FILES.values()))
        try:
            files = {split: str(folder / path) for split, path in FILES.items()}
            splits = load_dataset("parquet", data_files=files, keep_in_memory=True)
            train, test = (
                RawSplit(tuple(splits[split]["text"]), as_labels(splits[split]["label"])) for split in ("train", "test")
            )
        except (OSError, KeyError, DatasetGenerationError) as error:
            raise DataError(f"{self.repository} cannot be read: {' '.join(str(error).split())[:200]}") from None
        films = film_blocks(train.texts)
        return RawDataset(
            train=replace(train, groups=films),
            test=test,
            order="blocks" if films is None else "random",  # neighbours are of one film, here too
            group_kind=KIND,
            provenance={"origin": self.repository, **({} if local else {"revision": REVISION})},
        )
