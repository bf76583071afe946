import sys
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from data.dataset import Split

sys.path.insert(0, str(Path(__file__).parent))  # `tiny_encoders`, `tiny_vectors`

from tiny_encoders import write_encoder
from tiny_vectors import write_vectors

PRAISE = ["great", "wonderful", "moving", "superb"]
BLAME = ["awful", "boring", "dull", "poor"]
FILLER = ["the", "film", "was", "a", "plot", "with", "of", "actor"]


def review(generator, opinion, words):
    text = [*generator.choice(FILLER, words), *generator.choice(opinion, 3)]
    generator.shuffle(text)
    return " ".join(text)


def make_split(size, seed=0, opinions=(BLAME, PRAISE), words=(3, 20)):
    """Reviews of `words` words each, in which opinions are easy to find."""
    generator = np.random.default_rng(seed)
    labels = np.arange(size) % len(opinions)
    texts = tuple(review(generator, opinions[label], generator.integers(*words)) for label in labels)
    lengths = np.array([len(text.split()) for text in texts])
    return Split(texts, labels, lengths, np.arange(size), tuple(f"class {i}" for i in range(len(opinions))))


@pytest.fixture(scope="session")
def train():
    return make_split(64)


@pytest.fixture(scope="session")
def valid():
    return make_split(24, seed=1)


@pytest.fixture(scope="session")
def tiny_encoder(tmp_path_factory):
    """Architecture -> a folder with an encoder of it."""
    return cache(lambda architecture: write_encoder(tmp_path_factory.mktemp(architecture), architecture))


@pytest.fixture(scope="session")
def tiny_vectors(tmp_path_factory):
    """A folder with static vectors."""
    return write_vectors(tmp_path_factory.mktemp("vectors"))
