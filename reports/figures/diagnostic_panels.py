"""Figures that look into one configuration: its confusions, its confidence, its training."""

import numpy as np
from matplotlib.patches import Rectangle
from matplotlib.ticker import MaxNLocator

from reports import formats
from reports.analysis.calibration import reliability_curve
from reports.analysis.estimates import FloatArray, IntArray
from reports.analysis.results import Configuration, Results
from reports.figures.canvas import Style, draw, panel
from reports.figures.svg import INK, MUTED, SERIES, Drawing, shortened

NUMBERED_CLASSES = 8
"""Classes up to which a confusion matrix has its shares written in."""

DRAWN_CLASSES = 20
"""Classes up to which the whole matrix is drawn; its patches grow with their square."""

SHOWN_PAIRS = 20

SQUARE = 240.0


def confusion_panel(name: str, results: Results, configuration: Configuration) -> Drawing:
    """Draw the confusions of classes over all trainings; with many classes, of the most confused pairs."""
    counts = _confusions(results, configuration)
    if len(counts) > DRAWN_CLASSES:
        return _confused_pairs_panel(name, configuration, counts)
    return _confusion_matrix_panel(name, configuration, counts)


def _confusion_matrix_panel(name: str, configuration: Configuration, counts: IntArray) -> Drawing:
    """Shares of the rows of each label."""
    classes = configuration.cells[0].classes
    shares = _shares(counts)
    axes = panel(
        _name(configuration),
        f"percent of each label, {configuration.train_size:,} training texts",
        height=SQUARE,
        left=100,
    )
    names = [shortened(one, 14) for one in classes]
    for (label, predicted), share in np.ndenumerate(shares):
        # Squares, not an image: an image would not turn with dark mode.
        axes.add_patch(Rectangle((predicted - 0.5, label - 0.5), 1, 1, facecolor=SERIES[0], alpha=0.75 * share))
        if len(classes) <= NUMBERED_CLASSES:
            axes.text(predicted, label, f"{100 * share:.1f}", ha="center", va="center", color=INK, weight="bold")
    axes.set_xlim(-0.5, len(names) - 0.5)
    axes.set_ylim(len(names) - 0.5, -0.5)
    axes.set_xticks(range(len(names)), names)
    axes.set_yticks(range(len(names)), names)
    axes.set_xlabel("predicted")
    axes.set_ylabel("label")
    axes.grid(visible=False)
    words = "; ".join(
        f"{label} taken for {predicted}: {formats.percent(float(shares[i, j]))}"
        for i, label in enumerate(classes)
        for j, predicted in enumerate(classes)
    )
    return draw(axes, name, f"Confusions of {_name(configuration)}", words)


def _confused_pairs_panel(name: str, configuration: Configuration, counts: IntArray) -> Drawing:
    """A bar for each of the pairs of classes that are confused most often, by test rows."""
    classes = [shortened(one, 18) for one in configuration.cells[0].classes]
    wrong = counts.copy()
    np.fill_diagonal(wrong, 0)
    order = np.argsort(-wrong, axis=None, kind="stable")[:SHOWN_PAIRS]
    pairs = [(int(n) // len(classes), int(n) % len(classes)) for n in order if wrong.flat[n]]
    shares = _shares(counts)
    axes = panel(
        _name(configuration),
        f"percent of the label, for the {SHOWN_PAIRS} most frequent confusions of {len(classes)} classes; "
        f"{configuration.train_size:,} training texts",
        height=18.0 * max(len(pairs), 1) + 20,
        left=230,
    )
    names = [f"{classes[label]} taken for {classes[predicted]}" for label, predicted in pairs]
    axes.barh(range(len(pairs)), [100 * shares[pair] for pair in pairs], color=SERIES[0])
    axes.set_yticks(range(len(pairs)), names)
    axes.set_ylim(max(len(pairs), 1) - 0.5, -0.5)
    axes.grid(visible=False, axis="y")
    words = "; ".join(f"{one}: {formats.percent(float(shares[pair]))}" for one, pair in zip(names, pairs, strict=True))
    return draw(
        axes, name, f"Most frequent confusions of {_name(configuration)}", words or "No class is taken for another."
    )


def _shares(counts: IntArray) -> FloatArray:
    """(C, C) of the rows of each label."""
    shares: FloatArray = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    return shares


def reliability_panel(name: str, results: Results, configuration: Configuration) -> Drawing:
    """Accuracy over confidence in bins, all seeds together; on the dotted line, confidence is earned."""
    axes = panel(
        _name(configuration),
        f"percent right, by confidence; {configuration.train_size:,} training texts",
        height=SQUARE,
    )
    curve = reliability_curve([results.predictions(cell) for cell in configuration.cells])
    filled = curve.rows > 0
    lowest = 100 / len(configuration.cells[0].classes)
    axes.plot([lowest, 100], [lowest, 100], color=MUTED, linewidth=1.0, linestyle=":")
    axes.plot(100 * curve.confidence[filled], 100 * curve.accuracy[filled], color=SERIES[0], marker="o")
    axes.set_xlabel("confidence in percent")
    axes.set_ylim(bottom=0, top=103)
    words = ", ".join(
        f"{100 * accuracy:.0f} at {100 * confidence:.0f}"
        for accuracy, confidence in zip(curve.accuracy[filled], curve.confidence[filled], strict=True)
    )
    return draw(axes, name, f"Reliability of {_name(configuration)}", f"Percent right at percent confident: {words}")


def training_panel(name: str, configuration: Configuration) -> Drawing | None:
    """Log loss on training and validation by epoch; None for models that are not trained by epochs."""
    histories = [cell.fit.get("history", []) for cell in configuration.cells]
    drawn = {"epoch", "train_loss", "valid_loss"}
    if not all(history and all(drawn <= entry.keys() for entry in history) for history in histories):
        return None
    looks: dict[str, Style] = {
        "train_loss": {"color": SERIES[0], "linestyle": "--", "marker": "o"},
        "valid_loss": {"color": SERIES[1], "marker": "s"},
    }
    axes = panel(
        _name(configuration),
        f"log loss in nats; {configuration.train_size:,} training texts",
        legend=list(zip(("training", "validation"), looks.values(), strict=True)),
    )
    for history in histories:
        for key, look in looks.items():
            axes.plot([entry["epoch"] for entry in history], [entry[key] for entry in history], **look)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.set_xlabel("epoch")
    axes.set_ylim(bottom=0)
    words = "; ".join(", ".join(f"{entry['valid_loss']:.3f}" for entry in history) for history in histories)
    return draw(axes, name, f"Training of {_name(configuration)}", f"Validation log loss by epoch, by seed: {words}")


def _name(configuration: Configuration) -> str:
    return f"{configuration.model}, {configuration.loss}"


def _confusions(results: Results, configuration: Configuration) -> IntArray:
    """(C, C) rows of each label by predicted class, over all seeds."""
    size = len(configuration.cells[0].classes)
    counts = np.zeros(size * size, dtype=np.int64)
    for cell in configuration.cells:
        predictions = results.predictions(cell)
        counts += np.bincount(size * predictions.labels + predictions.predicted, minlength=size * size)
    return counts.reshape(size, size)
