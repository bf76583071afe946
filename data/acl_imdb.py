"""IMDB as its authors publish it: the folder `aclImdb`, one file per review."""

import re
from pathlib import Path

import numpy as np

from data.errors import DataError
from data.hidden import is_hidden
from data.reading import SPLIT_NAMES
from data.source import RawDataset, RawSplit, Source
from data.text_files import read_text

CLASSES = ("neg", "pos")
UNLABELLED = "unsup"
SPLITS = ("train", "test")
REVIEW = re.compile(r"\d+_\d+\.txt")
FILM = re.compile(r"/title/(tt\d+)")


class AclImdb(Source):
    """The folder that aclImdb_v1.tar.gz unpacks to: {train,test}/{neg,pos}/ID_RATING.txt and urls_*.txt.

    Maas et al. (2011), Learning Word Vectors for Sentiment Analysis. The `urls` files name the film of each review.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def load(self) -> RawDataset:
        """Read every review.

        Raises:
            DataError: a folder or file is missing or cannot be read.
        """
        return RawDataset(
            train=_read(self.folder / "train"),
            test=_read(self.folder / "test"),
            provenance={"origin": f"folder {self.folder.name}, as aclImdb_v1.tar.gz unpacks"},
        )


def is_acl_imdb(folder: Path) -> bool:
    """Whether the folder has the layout of aclImdb, and nothing beside it that reading it so would leave out."""
    if not all((folder / split / label).is_dir() for split in SPLITS for label in CLASSES):
        return False
    if any(path.name.lower() in SPLIT_NAMES["valid"] and path.is_dir() for path in folder.iterdir()):
        return False
    return all(_has_its_classes_alone(folder / split) and _has_reviews(folder / split) for split in SPLITS)


def _has_its_classes_alone(folder: Path) -> bool:
    found = {path.name for path in folder.iterdir() if path.is_dir() and not is_hidden(path)}
    return found <= {*CLASSES, UNLABELLED}


def _has_reviews(folder: Path) -> bool:
    """Whether the films are listed, or every text is named as a review, as in a copy without the lists."""
    if any((folder / f"urls_{name}.txt").exists() for name in CLASSES):
        return True
    texts = (path for name in CLASSES for path in (folder / name).glob("*.txt") if not is_hidden(path))
    return all(REVIEW.fullmatch(path.name) for path in texts)


def _read(folder: Path) -> RawSplit:
    texts: list[str] = []
    labels: list[int] = []
    groups: list[str] = []
    films_known = True
    for label, name in enumerate(CLASSES):
        films = _films(folder / f"urls_{name}.txt")
        films_known = films_known and bool(films)
        for path in sorted((folder / name).glob("*.txt"), key=_number):
            texts.append(read_text(path))
            labels.append(label)
            number = _number(path)
            # A review whose film is not known is a group of its own.
            groups.append(films[number] if number < len(films) else f"{name}/{path.name}")
    if not texts:
        raise DataError(f"no reviews in {folder.parent.name}/{folder.name}/{{neg,pos}}/*.txt")
    return RawSplit(tuple(texts), np.array(labels, dtype=np.int64), tuple(groups) if films_known else None)


def _number(path: Path) -> int:
    number = path.stem.partition("_")[0]
    if not number.isdecimal():
        raise DataError(f"{path.parent.name}/{path.name} is not named ID_RATING.txt")
    return int(number)


def _films(path: Path) -> list[str]:
    """Return the film of each review, by the review's number."""
    if not path.exists():
        return []
    return [match[1] if (match := FILM.search(line)) else line for line in read_text(path).splitlines()]
