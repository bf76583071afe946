"""Describe a dataset before training: counts, lengths, tokens, leaks, typical words, odd texts."""

import re
from collections.abc import Callable, Iterable, Sequence

import numpy as np
import regex
from sklearn.feature_extraction.text import CountVectorizer

from benchmarks.registry.entries import entry, model_class, names
from benchmarks.schema.cell import SAMPLE_SEED
from benchmarks.schema.exploration import (
    LIMITS,
    Exploration,
    Histogram,
    Lengths,
    Oddity,
    OddRow,
    SplitCounts,
    Telling,
    Term,
    Tokens,
    Truncation,
)
from data.arrays import FloatArray, IntArray
from data.dataset import Dataset, Split
from data.likeness import splits_alike
from data.near_duplicates import near_duplicates

QUANTILES = (0, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99, 1)
TOKEN_TEXTS = 5_000
"""Training texts whose tokens are counted, at most."""

BINS = 24
TERMS = 15
LEAST_TEXTS = 5
"""Training texts that a typical term occurs in at least."""

MOST_TERMS = 50_000
WORD = regex.compile(r"[\p{L}\p{M}\p{N}\p{Pc}][\p{L}\p{M}\p{N}\p{Pc}']*|\p{So}")
"""A word, its combining marks included, or a symbol such as an emoji."""

PRIOR = 0.1
"""Weight of the prior of the log-odds ratio, as a multiple of a term's frequency over all classes."""

SHOWN_ROWS = 3
SHOWN_CHARACTERS = 300

MARKUP = re.compile(r"</?[a-zA-Z][^<>]{0,200}>")
ADDRESS = re.compile(r"https?://|www\.")


def explore(dataset: Dataset, *, nearly: bool = True) -> Exploration:
    """Describe a dataset.

    Args:
        dataset: its prepared splits.
        nearly: whether to look for test texts that are nearly in training, which takes longest.
    """
    splits = {"training": dataset.train, "validation": dataset.valid, "test": dataset.test}
    drawn = dataset.train.sample(min(TOKEN_TEXTS, len(dataset.train)), seed=SAMPLE_SEED)
    return Exploration(
        name=dataset.name,
        fingerprint=dataset.fingerprint,
        classes=list(dataset.train.class_names),
        provenance=dict(dataset.provenance),
        splits=[
            SplitCounts(name=name, texts=len(s), by_class=np.bincount(s.labels, minlength=s.num_classes).tolist())
            for name, s in splits.items()
        ],
        lengths=[_lengths(name, split.lengths) for name, split in splits.items()]
        + [
            _lengths(f"training, {name}", dataset.train.lengths[dataset.train.labels == label])
            for label, name in enumerate(dataset.train.class_names)
        ],
        histogram=histogram(dataset.train),
        tokens=[_tokens(model, drawn.texts) for model in names("models")],
        token_texts=len(drawn),
        leaked=len(dataset.leaked_test_rows),
        near_duplicates=len(near_duplicates(dataset)) if nearly else None,
        telling=telling_terms(dataset.train),
        oddities=oddities(splits),
        notes=[*dataset.notes, f"test against training rows: {splits_alike(dataset).reason}"],
    )


def histogram(train: Split) -> Histogram:
    """Return the texts of each class by length, in bins whose width grows by a constant factor."""
    longest = max(int(train.lengths.max()), 2)
    edges = np.unique(np.geomspace(1, longest + 1, BINS + 1).round())
    counts = [
        np.histogram(train.lengths[train.labels == label], edges)[0].tolist() for label in range(train.num_classes)
    ]
    return Histogram(edges=edges.tolist(), by_class=counts)


def truncation(counts: IntArray, limit: int) -> Truncation:
    """Return the shares that are left out of texts of `counts` (N,) tokens when `limit` of each are read."""
    beyond = np.maximum(counts - limit, 0)
    return Truncation(
        limit=limit,
        texts_cut=float((beyond > 0).mean()),
        tokens_cut=float(beyond.sum() / max(int(counts.sum()), 1)),
    )


def telling_terms(train: Split) -> list[Telling]:
    """Return the words and word pairs by which each class differs most from all others.

    Log-odds ratio of the share of texts that hold a term, with a Dirichlet prior, divided by its standard error (Monroe
    et al. 2008, Fightin' Words, equations 15, 16 and 22): unlike a ratio of frequencies it does not favour rare terms.
    """
    if len(train) < 2 * LEAST_TEXTS:
        return []
    vectorizer = CountVectorizer(
        ngram_range=(1, 2),
        min_df=LEAST_TEXTS,
        max_features=MOST_TERMS,
        tokenizer=WORD.findall,
        token_pattern=None,
        binary=True,
    )
    try:
        features = vectorizer.fit_transform(train.texts)
    except ValueError:  # no term is in so many texts
        return []
    terms = vectorizer.get_feature_names_out()
    everywhere = np.asarray(features.sum(axis=0)).ravel().astype(np.float64)
    found = []
    for label, name in enumerate(train.class_names):
        inside = np.asarray(features[train.labels == label].sum(axis=0)).ravel().astype(np.float64)
        z = _log_odds(inside, everywhere - inside)
        best = [index for index in np.argsort(-z, kind="stable")[:TERMS] if z[index] > 0]
        found.append(
            Telling(
                of=name,
                terms=[
                    Term(
                        term=str(terms[i]),
                        z=float(z[i]),
                        inside=int(inside[i]),
                        outside=int(everywhere[i] - inside[i]),
                    )
                    for i in best
                ],
            )
        )
    return found


def oddities(splits: dict[str, Split]) -> list[Oddity]:
    """Return the kinds of texts that may trouble a model or a reader of its mistakes; only kinds that occur."""
    everything = [(name, split, index) for name, split in splits.items() for index in range(len(split))]
    kinds: dict[str, Callable[[str, int], float]] = {
        "one or two words": lambda text, words: 3 - words,
        "longest of all: over ten times the median": lambda text, words: words - 10 * median,
        "fewer than half of its characters are letters": lambda text, words: 0.5 - _share(text, str.isalpha),
        "mostly capital letters": lambda text, words: (
            _share(text, str.isupper) - _share(text, str.islower) if len(text) > 20 else 0
        ),
        "the same few words again and again": lambda text, words: (
            words / len(set(text.lower().split())) - 4 if words >= 20 else 0
        ),
        "markup left in": lambda text, words: len(MARKUP.findall(text)),
        "web addresses": lambda text, words: len(ADDRESS.findall(text)),
        "characters that were lost in reading (\\ufffd)": lambda text, words: text.count("\ufffd"),
    }
    median = float(np.median(splits["training"].lengths))
    found = []
    for what, oddness in kinds.items():
        scores = np.array([oddness(split.texts[i], int(split.lengths[i])) for _, split, i in everything])
        odd = int((scores > 0).sum())
        if odd:
            worst = np.argsort(-scores, kind="stable")[: min(odd, SHOWN_ROWS)]
            found.append(Oddity(what=what, count=odd, rows=[_row(*everything[i]) for i in worst]))
    return found


def _lengths(of: str, words: IntArray) -> Lengths:
    return Lengths(of=of, quantiles=np.quantile(words, QUANTILES).tolist(), mean=float(words.mean()))


def _tokens(name: str, texts: Sequence[str]) -> Tokens:
    """Return the texts' lengths in the tokens of a model with its default settings."""
    settings = entry("models", name).settings({})
    model = model_class(name)(**settings)
    try:
        model.check_ready()
        counts = model.count_tokens(texts)
    except ValueError as error:
        return Tokens(model=name, note=str(error))
    if counts is None:
        return Tokens(model=name, note="reads texts whole, whatever their length")
    reads = settings.get("max_length")
    limits = sorted({*LIMITS, *([reads] if reads else [])})
    return Tokens(
        model=name,
        reads=reads,
        quantiles=np.quantile(counts, (0.5, 0.95, 1)).tolist(),
        truncation=[truncation(counts, limit) for limit in limits],
    )


def _log_odds(inside: FloatArray, outside: FloatArray) -> FloatArray:
    """Return (V,) standard scores of the log-odds ratios of counts (V,)."""
    prior = PRIOR * (inside + outside)
    a, b = inside + prior, outside + prior
    log_odds = np.log(a / (a.sum() - a)) - np.log(b / (b.sum() - b))
    z: FloatArray = log_odds / np.sqrt(1 / a + 1 / b)
    return z


def _share(text: str, is_kind: Callable[[str], bool]) -> float:
    """Return the share of the characters, white space aside, that are of a kind."""
    characters: Iterable[str] = text.replace(" ", "")
    kinds = [is_kind(character) for character in characters]
    return sum(kinds) / max(len(kinds), 1)


def _row(name: str, split: Split, index: int) -> OddRow:
    text = split.texts[index]
    return OddRow(
        split=name,
        row=int(split.rows[index]),
        label=split.class_names[split.labels[index]],
        words=int(split.lengths[index]),
        text=text if len(text) <= SHOWN_CHARACTERS else f"{text[:SHOWN_CHARACTERS]} …",
    )
