"""Static token vectors, their weighted mean, and a small classifier on it: embeddings at the speed of a word count.

Arora et al. (2017), A Simple but Tough-to-Beat Baseline for Sentence Embeddings; model2vec (Tulkens & van Dongen 2024).
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar, NamedTuple, Self

import numpy as np
import numpy.typing as npt
from pydantic import NonNegativeInt, PositiveFloat
from safetensors.numpy import load_file, save_file
from scipy.sparse import csr_array
from sklearn.neural_network import MLPClassifier

from data.arrays import FloatArray, IntArray
from data.dataset import Split
from losses.loss import Loss
from models.encoder.auto import read_tokenizer_file
from models.linear.every_class import require_every_class
from models.linear.piece_ids import PieceReader, Pieces
from models.linear.probes import Float32, Scaling, each_class, judged, mean_log_loss, search_probes, softmax
from models.model import Encoded, FitReport, Model, Monitor, Runtime, WordWeights, select
from models.saved_files import read_parameters, saved_model, write_parameters
from models.search_space import OneOf, SearchSpace
from models.static_vectors import check_vectors, load_vectors, vector_files

CONFIG_FILE, WEIGHTS_FILE, TOKENIZER_FILE = "config.json", "model.safetensors", "tokenizer.json"

EPOCHS, PATIENCE = 100, 10
"""Passes over the training vectors for a hidden layer, and passes without a better one on validation."""


class Layers(NamedTuple):
    """A classifier of texts by the mean of their tokens' rows.

    Attributes:
        table: (V, K) row of each token.
        counted: (V,) whether a token is known, and counts in a mean.
        bias: (K,) added to the mean.
        output: (K, C) of a layer after a ReLU; None where the mean and bias are the logits, K = C.
        output_bias: (C,) of that layer.
    """

    table: Float32
    counted: npt.NDArray[np.bool_]
    bias: Float32
    output: Float32 | None
    output_bias: Float32 | None


class Perceptron(MLPClassifier):  # type: ignore[misc]
    """A perceptron whose batches count by their rows, as `losses.loss.Loss` asks for.

    Scikit-learn divides a batch's gradient by the sum of its weights, which hides how heavy the batch is. The method is
    private to scikit-learn.
    """

    def _compute_loss_grad(self, layer: int, sw_sum: float, activations: Any, deltas: Any, *gradients: Any) -> None:
        super()._compute_loss_grad(layer, len(deltas[layer]), activations, deltas, *gradients)


class StaticEmbeddings(Model):
    """Weighted mean of static token vectors, logistic regression or one hidden layer.

    C is chosen on validation; the loss enters as the weight of each training text. Without a hidden layer nothing is
    random, and a text's logits are sums over its words.
    """

    name: ClassVar[str] = "static_embeddings"
    search_space: ClassVar[SearchSpace] = {
        "hidden": OneOf((0, 64, 128, 256)),  # without a hidden layer, training itself chooses C
    }

    vectors: str = "minilm"
    """A folder in model2vec's layout, a name on the Hub such as minishlab/potion-base-8M, or minilm: distilled from the
    packaged MiniLM once, and kept in a cache."""

    hidden: NonNegativeInt = 0
    """Width of the hidden layer; 0: logistic regression."""

    C: PositiveFloat | None = None
    """Inverse strength of regularisation of logistic regression; None chooses on validation."""

    _threads = Runtime().threads

    def check_ready(self) -> None:
        """Make sure that the vectors are on this machine; download or distil them if they are not.

        Raises:
            ValueError: they are not to be had.
        """
        check_vectors(self.vectors)

    def external_files(self) -> dict[str, tuple[Path, ...]]:
        """Return the files that the vectors come from.

        Raises:
            ValueError: they are not on this machine.
        """
        return {"vectors": vector_files(self.vectors)}

    def fit(
        self, train: Split, valid: Split, loss: Loss, runtime: Runtime = Runtime(), monitor: Monitor | None = None
    ) -> FitReport:
        """Fit the classifier on the mean vectors of the training texts; keep the best on `valid`.

        Raises:
            ValueError: both `C` and `hidden` are given, or a class has no training text and there is no hidden layer.
        """
        if self.hidden and self.C is not None:
            raise ValueError(f"C={self.C} is of logistic regression, but hidden={self.hidden} asks for a hidden layer")
        if not self.hidden:
            require_every_class(train, self.name)
        self._threads = runtime.threads
        weights = loss.sample_weight(train.lengths, train.labels)
        static = load_vectors(self.vectors)
        self._reader = PieceReader(static.tokenizer)
        counted = static.weights != 0
        rows = static.vectors * static.weights[:, None]
        vectors, valid_vectors = (
            _means(self._reader.read(split.texts, self._threads), rows, counted) for split in (train, valid)
        )
        if self.hidden:
            return self._fit_hidden(rows, counted, vectors, train.labels, weights, valid_vectors, valid.labels, runtime)
        found = search_probes(self.C, vectors, train.labels, weights, valid_vectors, valid.labels, runtime)
        coefficients, intercepts = found.fitted
        self._layers = Layers(_product(rows, coefficients), counted, intercepts.astype(np.float32), None, None)
        return found.report(
            parameters=coefficients.size + intercepts.size,
        )

    def _fit_hidden(
        self,
        rows: Float32,
        counted: npt.NDArray[np.bool_],
        vectors: Float32,
        labels: IntArray,
        weights: FloatArray,
        valid_vectors: Float32,
        valid_labels: IntArray,
        runtime: Runtime,
    ) -> FitReport:
        """Train a perceptron by Adam, epoch by epoch, until validation no longer improves."""
        scaling, classes = Scaling.of(vectors), np.unique(labels)
        scaled, valid_scaled = scaling.applied(vectors), scaling.applied(valid_vectors)
        # A number would be the seed of each epoch anew, and all would have one order.
        network = Perceptron((self.hidden,), random_state=np.random.RandomState(runtime.seed))
        history: list[dict[str, float]] = []
        for epoch in range(1, EPOCHS + 1):
            network.partial_fit(scaled, labels, sample_weight=weights, classes=classes)
            history.append(
                {
                    "epoch": epoch,
                    "train_loss": mean_log_loss(network.predict_proba(scaled), labels, weights),
                    **judged(network.predict_proba(valid_scaled), valid_labels, runtime.criterion),
                }
            )
            selected = select(history)
            if selected == epoch - 1:
                best = [array.copy() for array in (*network.coefs_, *network.intercepts_)]
            elif epoch - 1 - selected >= PATIENCE:
                break
        first, second, bias, output_bias = best
        hidden = scaling.undone(first.T, bias)
        output, output_bias = each_class(second.T, output_bias)
        self._layers = Layers(
            _product(rows, hidden.coefficients),
            counted,
            hidden.intercepts.astype(np.float32),
            np.ascontiguousarray(output.T, dtype=np.float32),
            output_bias.astype(np.float32),
        )
        return FitReport(sum(array.size for array in best), history, selected)

    def encode(self, texts: Sequence[str]) -> Encoded:
        """Turn texts into token ids, all of which are read."""
        pieces = self._reader.read(texts, self._threads)
        known = _per_text(pieces, self._layers.counted).astype(np.int64)
        return Encoded(pieces, pieces.counts, pieces.counts, known)

    def score(self, encoded: Encoded) -> FloatArray:
        """Return (N, C) class probabilities."""
        table, counted, bias, output, output_bias = self._layers
        logits = _means(encoded.features, table, counted) + bias
        if output is not None:
            logits = np.maximum(logits, 0) @ output + output_bias
        return softmax(logits.astype(np.float64))

    def word_weights(self, text: str) -> WordWeights | None:
        """Return each word's share of the logits; None with a hidden layer. The pieces of a word are added up."""
        table, counted, bias, output, _ = self._layers
        if output is not None:
            return None
        ids = self._reader.read([text]).ids
        shares = table[ids].astype(np.float64) / max(1, int(counted[ids].sum()))
        words: list[str] = []
        places = []
        for number in ids.tolist():
            piece = str(self._reader.tokenizer.id_to_token(number))
            if piece.startswith("##") and words:
                words[-1] += piece.removeprefix("##")
            else:
                words.append(piece)
            places.append(len(words) - 1)
        added = np.zeros((len(words), len(bias)))
        np.add.at(added, places, shares)
        intercept = bias.astype(np.float64)
        if len(bias) == 2:  # log-odds of each class, one the negative of the other
            added, intercept = added - added[:, ::-1], intercept - intercept[::-1]
        return WordWeights(tuple(words), added, intercept)

    def save(self, folder: Path) -> None:
        """Write the parameters as JSON, a row of the first layer for each token as safetensors, and the tokenizer."""
        write_parameters(self, folder / CONFIG_FILE)
        arrays = {name: array for name, array in self._layers._asdict().items() if array is not None}
        save_file(arrays, folder / WEIGHTS_FILE)
        (folder / TOKENIZER_FILE).write_text(self._reader.tokenizer.to_str(), encoding="utf-8")

    @classmethod
    def load(cls, folder: Path, runtime: Runtime = Runtime()) -> Self:
        """Return the fitted model that `save` wrote; needs neither the vectors nor model2vec.

        Raises:
            ValueError: the folder does not hold such a model.
        """
        with saved_model(folder, cls.name):
            model = cls(**read_parameters(cls, folder / CONFIG_FILE))
            tokenizer = read_tokenizer_file(folder / TOKENIZER_FILE)
            layers = _checked(load_file(folder / WEIGHTS_FILE), max(tokenizer.get_vocab().values()) + 1)
            if (layers.output is None) != (model.hidden == 0):
                raise ValueError("its files do not belong together")
        model._reader, model._layers, model._threads = PieceReader(tokenizer), layers, runtime.threads
        return model


def _means(pieces: Pieces, rows: Float32, counted: npt.NDArray[np.bool_]) -> Float32:
    """(N, K) means of the rows (V, K) of each text's known tokens; zeros for a text without any."""
    sums = _per_text(pieces, rows)
    means: Float32 = (sums / _per_text(pieces, counted).clip(min=1)[:, None]).astype(np.float32)
    return means


def _per_text(pieces: Pieces, values: npt.NDArray[Any]) -> npt.NDArray[np.float32]:
    """Sums over each text's tokens of values (V, ...)."""
    ends = np.concatenate([np.zeros(1, dtype=np.int64), pieces.ends])
    ones = np.ones(len(pieces.ids), dtype=np.float32)
    held = csr_array((ones, pieces.ids, ends), shape=(len(pieces), len(values)))
    sums: npt.NDArray[np.float32] = held @ values.astype(np.float32, copy=False)
    return sums


def _product(rows: Float32, coefficients: FloatArray) -> Float32:
    """(V, K) of rows (V, D) and coefficients (K, D)."""
    return np.ascontiguousarray(rows @ coefficients.T.astype(np.float32))


def _checked(arrays: Mapping[str, npt.NDArray[Any]], tokens: int) -> Layers:
    """Return the layers that a file holds.

    Raises:
        ValueError: the arrays' shapes do not match each other or the tokenizer's number of tokens.
    """
    names = {"table", "counted", "bias"}
    if set(arrays) not in (names, names | {"output", "output_bias"}):
        raise ValueError(f"{WEIGHTS_FILE} holds other arrays than {', '.join(Layers._fields)}")
    layers = Layers(*(arrays.get(name) for name in Layers._fields))  # type: ignore[arg-type]
    width = layers.table.shape[-1]
    shapes = {"table": (len(layers.counted), width), "counted": (len(layers.counted),), "bias": (width,)}
    if layers.output is not None:
        classes = layers.output.shape[-1]
        shapes |= {"output": (width, classes), "output_bias": (classes,)}
    for name, shape in shapes.items():
        array, kind = arrays[name], np.bool_ if name == "counted" else np.float32
        if array.shape != shape or array.dtype != kind or not np.isfinite(array).all():
            raise ValueError(f"{WEIGHTS_FILE}: {name} is no finite {kind.__name__} array of shape {shape}")
    if len(layers.counted) < tokens or shapes.get("output_bias", (width,))[0] < 2:
        raise ValueError(f"{WEIGHTS_FILE} has {len(layers.counted)} rows, and the tokenizer {tokens} tokens")
    return layers
