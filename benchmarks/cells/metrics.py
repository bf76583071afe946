"""Metrics of a cell's predictions, and the share of the texts behind them."""

import numpy as np
from sklearn.metrics import accuracy_score, f1_score, log_loss

from data.arrays import FloatArray, IntArray
from data.dataset import Split
from models.model import Encoded
from models.selection import ACCURACY, Criterion


def metrics(
    probabilities: FloatArray, test: Split, leaked_rows: IntArray, criterion: Criterion = ACCURACY
) -> dict[str, float]:
    """Compute accuracy, macro-F1 and log loss (nats), and the accuracy without leaked rows if others are left.

    The metric that the model was selected by is among them; a cost is a mean over the texts.

    Args:
        probabilities: (N, C).
        test: the N texts.
        leaked_rows: row numbers of test texts that also occur in training or validation.
        criterion: what the model was selected by.
    """
    predicted = probabilities.argmax(axis=1)
    unseen = ~np.isin(test.rows, leaked_rows)
    without_leaks = float(accuracy_score(test.labels[unseen], predicted[unseen])) if unseen.any() else None
    return {
        criterion.metric: abs(criterion.value(test.labels, probabilities)),
        "accuracy": float(accuracy_score(test.labels, predicted)),
        **({} if without_leaks is None else {"accuracy_without_leaks": without_leaks}),
        "macro_f1": float(f1_score(test.labels, predicted, average="macro")),
        "log_loss": float(log_loss(test.labels, probabilities, labels=range(test.num_classes))),
    }


def coverage(encoded: Encoded) -> dict[str, float]:
    """Compute how much of the texts a model neither reads nor knows; shares in 0..1.

    Returns:
        `texts_cut`, `tokens_cut`: share of the texts that were truncated, and of all tokens that this cut off.
        `texts_unknown`, `tokens_unknown`: share of the texts without a single token that the model knows, and of the
        tokens read that it does not know; the latter only if it is counted.
    """
    known = encoded.tokens if encoded.known is None else encoded.known
    available, read = int(encoded.available.sum()), int(encoded.tokens.sum())
    shares = {
        "texts_cut": float((encoded.available > encoded.tokens).mean()),
        "tokens_cut": 1 - read / available if available else 0.0,
        "texts_unknown": float((known == 0).mean()),
    }
    if not encoded.only_known:
        shares["tokens_unknown"] = 1 - int(known.sum()) / read if read else 0.0
    return shares
