"""The description of a dataset before training, as it stands on disk."""

from pydantic import BaseModel, ConfigDict

LIMITS = (128, 256, 512)
"""Tokens at which truncation is computed."""


class Section(BaseModel):
    """A part of an exploration; an unknown key is an error."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class SplitCounts(Section):
    """The number of texts of a split, by class.

    Attributes:
        by_class: texts of each class, in the order of the classes.
    """

    name: str
    texts: int
    by_class: list[int]


class Lengths(Section):
    """The lengths of some texts, in words.

    Attributes:
        of: a split's name, or "training, CLASS".
        quantiles: 0 (the shortest), 5, 25, 50, 75, 95, 99, 100 % (the longest).
        mean: words.
    """

    of: str
    quantiles: list[float]
    mean: float


class Histogram(Section):
    """Training texts by length.

    Attributes:
        edges: (B + 1,) words.
        by_class: for each class, (B,) texts with edges[b] <= words < edges[b + 1].
    """

    edges: list[float]
    by_class: list[list[int]]


class Truncation(Section):
    """The part of the texts that a model which reads `limit` tokens never sees; shares in 0..1."""

    limit: int
    texts_cut: float
    tokens_cut: float


class Tokens(Section):
    """The lengths of texts in one model's tokens.

    Attributes:
        reads: tokens of a text that the model reads by default; None: all of them.
        quantiles: 50, 95, 100 %; empty where nothing is counted.
        truncation: at `LIMITS` and at what the model reads by default.
        note: the reason where nothing is counted.
    """

    model: str
    reads: int | None = None
    quantiles: list[float] = []
    truncation: list[Truncation] = []
    note: str = ""


class Term(Section):
    """A word or word pair that is typical of a class.

    Attributes:
        z: standard scores of its log-odds ratio.
        inside, outside: training texts with it, of the class and of all others.
    """

    term: str
    z: float
    inside: int
    outside: int


class Telling(Section):
    """The most telling terms of a class."""

    of: str
    terms: list[Term]


class OddRow(Section):
    """A text worth a look; `text` is its beginning."""

    split: str
    row: int
    label: str
    words: int
    text: str


class Oddity(Section):
    """Texts that share something odd.

    Attributes:
        what: the kind.
        count: texts of the kind, over all splits.
        rows: the few most extreme ones.
    """

    what: str
    count: int
    rows: list[OddRow]


class Exploration(Section):
    """A dataset, described.

    Attributes:
        name, fingerprint, classes, provenance: the dataset's.
        splits: counts of each.
        lengths: of each split, then of each class in training.
        tokens: by model, on `token_texts` training texts drawn at random.
        leaked: test texts that also occur in training or validation.
        near_duplicates: test texts that nearly do, exact ones included; None where they were not looked for.
        telling: by class; empty where training is too small.
        oddities: kinds of odd texts, those that occur.
        notes: sentences about the data: dropped rows, look-alike class names, and whether the test rows are like the
            training rows.
    """

    name: str
    fingerprint: str
    classes: list[str]
    provenance: dict[str, str | int]
    splits: list[SplitCounts]
    lengths: list[Lengths]
    histogram: Histogram
    tokens: list[Tokens]
    token_texts: int
    leaked: int
    near_duplicates: int | None
    telling: list[Telling]
    oddities: list[Oddity]
    notes: list[str] = []
