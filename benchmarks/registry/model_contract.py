"""Checks that every model must pass: the tests run them on the built-in models, `check` on a plug-in.

A check is a function that raises AssertionError, with a message for the author, where the contract is broken.
"""

import json
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.errors import UsageError
from benchmarks.registry.entries import entry, loss_class, model_class
from data.arrays import FloatArray
from data.dataset import Split
from models.model import FitReport, Model, Runtime
from models.search_space import Interval

TEXTS = ("the film was superb , wonderful", "dull", "?", "a " * 300 + "boring awful plot", "great")
"""Texts of one word, of no word, and longer than a model reads."""

SAVED_SUFFIXES = {".json", ".safetensors", ".skops"}


@dataclass(frozen=True)
class Trained:
    """A model of the registry with settings, fitted on texts that are easy.

    Attributes:
        name: its registered name.
        settings: parameters with which it is fitted in seconds.
    """

    name: str
    settings: Mapping[str, Any]

    def new(self, train: Split, valid: Split) -> tuple[Model, FitReport]:
        """Fit another model, always with the same seed; return it with its report."""
        model = model_class(self.name)(**self.settings)
        loss = loss_class("length_weighted_ce")(train.lengths, train.labels)
        return model, model.fit(train, valid, loss, Runtime(seed=5))

    @cached_property
    def fitted(self) -> tuple[Model, FitReport]:
        """The model that the checks look at, and its report."""
        return self.new(easy_texts(64), easy_texts(24, seed=1))


def easy_texts(size: int, seed: int = 0, classes: Sequence[str] = ("negative", "positive")) -> Split:
    """`size` texts of 6 to 22 words; three words of each depend on the class."""
    generator = np.random.default_rng(seed)
    opinions = (["awful", "boring", "dull", "poor"], ["great", "wonderful", "moving", "superb"], ["odd", "so-so"])
    filler = ["the", "film", "was", "a", "plot", "with", "of", "actor"]
    labels = np.arange(size, dtype=np.int64) % len(classes)
    texts = []
    for label in labels:
        words = [*generator.choice(filler, generator.integers(3, 20)), *generator.choice(opinions[label], 3)]
        texts.append(" ".join(generator.permutation(words)))
    lengths = np.array([len(text.split()) for text in texts], dtype=np.int64)
    return Split(tuple(texts), labels, lengths, np.arange(size, dtype=np.int64), tuple(classes))


def it_is_what_the_registry_says(trained: Trained) -> None:
    """`name`, `devices` and `any_loss` equal the values read from the source text."""
    loaded, described = model_class(trained.name), entry("models", trained.name)
    assert loaded.name == trained.name, f"its `name` is {loaded.name!r}, not {trained.name!r}"
    assert loaded.devices == described.devices, f"`devices` is {loaded.devices}; write it out as a tuple in the class"
    assert loaded.any_loss == described.any_loss, f"`any_loss` is {loaded.any_loss}; write it out beside `fit`"


def its_defaults_are_its_configuration(trained: Trained) -> None:
    """The model can be built without arguments, and its requirements are installed."""
    model_class(trained.name)().check_ready()


def tuning_tries_values_that_it_takes(trained: Trained) -> None:
    """Every entry of `search_space` names a parameter, and that takes the values at its ends."""
    described, space = entry("models", trained.name), model_class(trained.name).search_space
    for name, values in space.items():
        assert name in described.parameters, f"`search_space` names {name!r}, which is no parameter"
        tried = (values.low, values.high) if isinstance(values, Interval) else values.values
        for value in tried:
            try:
                described.settings({name: value})
            except UsageError as error:
                raise AssertionError(f"`search_space`: {error}") from None


def its_report_says_what_was_learnt_and_chosen(trained: Trained) -> None:
    """Parameters are counted, the history is JSON, and the entry that was kept has the highest accuracy."""
    _, report = trained.fitted
    assert isinstance(report, FitReport), f"`fit` returned {type(report).__name__}, not FitReport"
    assert report.parameters > 0, "`parameters` is 0"
    assert json.loads(json.dumps(report.history)) == report.history, "`history` is not JSON"
    accuracies = [step["valid_accuracy"] for step in report.history]
    assert accuracies, "`history` is empty: one entry with valid_accuracy and valid_loss, at least"
    assert accuracies[report.selected] == max(accuracies), "`selected` is not the entry with the highest accuracy"


def its_scores_are_probabilities_of_each_class(trained: Trained) -> None:
    """(N, C) float64, none negative, rows summing to 1."""
    scores = _score(trained.fitted[0], TEXTS)
    assert scores.shape == (len(TEXTS), 2), f"the scores of {len(TEXTS)} texts, 2 classes have shape {scores.shape}"
    assert scores.dtype == np.float64, f"the scores are {scores.dtype}, not float64"
    assert (scores >= 0).all(), "a score is negative"
    np.testing.assert_allclose(scores.sum(axis=1), 1, atol=1e-6, err_msg="rows of scores do not sum to 1")


def encode_counts_what_is_read_and_what_there_was(trained: Trained) -> None:
    """`tokens` and `available` are (N,), and no more is read than there is."""
    encoded = trained.fitted[0].encode(TEXTS)
    assert len(encoded) == len(encoded.tokens) == len(encoded.available) == len(TEXTS), "not a count for each text"
    assert (encoded.tokens <= encoded.available).all(), "more `tokens` were read than `available` says there are"


def a_text_scores_the_same_alone_and_in_any_batch(trained: Trained) -> None:
    """Neither padding nor the texts beside it change a score."""
    model = trained.fitted[0]
    together = _score(model, TEXTS)
    alone = np.concatenate([_score(model, [text]) for text in TEXTS])
    backwards = _score(model, TEXTS[::-1])[::-1]
    np.testing.assert_allclose(together, alone, atol=1e-5, err_msg="a text scores otherwise when it is alone")
    np.testing.assert_allclose(together, backwards, atol=1e-5, err_msg="the order of texts changes scores")


def its_scores_of_validation_are_those_of_score(trained: Trained) -> None:
    """If the training kept the scores of the validation texts, the fitted model gives the same."""
    kept = trained.fitted[0].valid_scores()
    if kept is not None:
        scores = _score(trained.fitted[0], easy_texts(24, seed=1).texts)
        message = (
            "`valid_scores` are others than `score` of the validation texts: override it if `fit` changes the model"
        )
        np.testing.assert_allclose(kept, scores, atol=1e-5, err_msg=message)


def its_word_weights_add_up_to_its_scores(trained: Trained) -> None:
    """If the model has word weights, they and the intercept sum to the log-odds of any text."""
    model = trained.fitted[0]
    for text in TEXTS:
        weights = model.word_weights(text)
        if weights is not None:
            assert weights.added.shape == (len(weights.words), 2), f"`added` has shape {weights.added.shape}"
            logits = weights.intercept + weights.added.sum(axis=0)
            odds = 1 / (1 + np.exp(-logits))
            np.testing.assert_allclose(odds, _score(model, [text])[0], atol=1e-5, err_msg="word weights do not add up")


def a_saved_model_scores_the_same_and_holds_no_pickle(trained: Trained) -> None:
    """A loaded model scores as the saved one; the files are JSON, safetensors and skops only."""
    model = trained.fitted[0]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        model.save(folder)
        suffixes = {path.suffix for path in folder.rglob("*") if path.is_file()}
        assert suffixes <= SAVED_SUFFIXES, f"it saves {suffixes - SAVED_SUFFIXES} (allowed: {SAVED_SUFFIXES})"
        loaded = _score(type(model).load(folder), TEXTS)
    np.testing.assert_array_equal(loaded, _score(model, TEXTS), err_msg="the loaded model scores otherwise")


def a_folder_that_holds_no_model_is_refused_in_one_line(trained: Trained) -> None:
    """`load` raises ValueError, which names the model."""
    with tempfile.TemporaryDirectory() as name:
        message = _refusal(trained, Path(name), "an empty folder")
    assert "\n" not in message, f"the message has several lines: {message!r}"


def every_damaged_file_of_a_saved_model_is_refused(trained: Trained) -> None:
    """For an empty, truncated or replaced file `load` raises ValueError."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        trained.fitted[0].save(folder)
        for path in sorted(path for path in folder.rglob("*") if path.is_file()):
            content = path.read_bytes()
            for damage in {b"", b"\x80\x04cos\nsystem\n", content[: len(content) // 2], b"{}"} - {content}:
                path.write_bytes(damage)
                _refusal(trained, folder, f"{path.name} of {len(damage)} bytes, damaged")
            path.write_bytes(content)
        type(trained.fitted[0]).load(folder)


def one_seed_gives_one_model(trained: Trained) -> None:
    """Fitting twice with a seed gives the very same scores."""
    again, _ = trained.new(easy_texts(64), easy_texts(24, seed=1))
    scores = _score(again, TEXTS)
    np.testing.assert_array_equal(scores, _score(trained.fitted[0], TEXTS), err_msg="two fits with one seed differ")


def three_classes_have_three_columns(trained: Trained) -> None:
    """Nothing assumes two classes."""
    split = easy_texts(24, classes=("negative", "positive", "neither"))
    shape = _score(trained.new(split, split)[0], TEXTS).shape
    assert shape == (len(TEXTS), 3), f"the scores of {len(TEXTS)} texts, 3 classes have shape {shape}"


MODEL_CHECKS: tuple[Callable[[Trained], None], ...] = (
    it_is_what_the_registry_says,
    its_defaults_are_its_configuration,
    tuning_tries_values_that_it_takes,
    its_report_says_what_was_learnt_and_chosen,
    its_scores_are_probabilities_of_each_class,
    encode_counts_what_is_read_and_what_there_was,
    a_text_scores_the_same_alone_and_in_any_batch,
    its_scores_of_validation_are_those_of_score,
    its_word_weights_add_up_to_its_scores,
    a_saved_model_scores_the_same_and_holds_no_pickle,
    a_folder_that_holds_no_model_is_refused_in_one_line,
    every_damaged_file_of_a_saved_model_is_refused,
    one_seed_gives_one_model,
    three_classes_have_three_columns,
)


def _score(model: Model, texts: Sequence[str]) -> FloatArray:
    return model.score(model.encode(texts))


def _refusal(trained: Trained, folder: Path, what: str) -> str:
    try:
        type(trained.fitted[0]).load(folder)
    except ValueError as error:
        message = str(error)
    except Exception as error:
        raise AssertionError(f"{what}: `load` raised {type(error).__name__}, not ValueError: {error}") from error
    else:
        raise AssertionError(f"{what}: `load` raised nothing")
    assert trained.name in message, f"{what}: the message does not name {trained.name!r}: {message}"
    return message
