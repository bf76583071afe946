"""Calibrated probabilities, and the confidence from which a wanted accuracy is shown.

Functions of stored figures that both `predict` and the reports need. They import NumPy and SciPy when they are called,
since every command imports this package.
"""

from typing import TYPE_CHECKING

from benchmarks.schema.calibration import Calibration

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    FloatArray = npt.NDArray[np.float64]

SMALLEST = 1e-12
"""A probability below it counts as this much, so that its logarithm is finite."""

ERROR = 0.05
"""Probability that a lower bound is above the truth."""


def tempered(probabilities: "FloatArray", temperature: float) -> "FloatArray":
    """Probabilities with their logarithms divided by `temperature` (Guo et al. 2017); no predicted class changes.

    Args:
        probabilities: (N, C).
        temperature: above 0; above 1 lowers confidences.

    Returns:
        (N, C), rows sum to 1.
    """
    import numpy as np

    own = np.asarray(probabilities, dtype=np.float64)
    logits = np.log(own.clip(SMALLEST)) / temperature
    scaled: FloatArray = np.exp(logits - logits.max(axis=1, keepdims=True))
    scaled /= scaled.sum(axis=1, keepdims=True)
    winner = own.argmax(axis=1)
    tied = np.flatnonzero(scaled.argmax(axis=1) != winner)  # only where rounding made two classes equal
    scaled[tied, winner[tied]] = np.nextafter(scaled[tied].max(axis=1), 1.0)
    return scaled


def lower_bound(right: float, answered: float, alpha: float = ERROR) -> float:
    """One-sided lower bound of a share at level 1 - `alpha` (Clopper & Pearson 1934).

    Args:
        right: successes; need not be whole, as for rows that count by their design effect.
        answered: trials.
        alpha: 0.05 for 95 %.
    """
    from scipy import special

    if right <= 0 or answered <= 0:
        return 0.0
    return float(special.betaincinv(right, answered - right + 1, alpha))


def clustered_lower_bound(share: float, rows: float, effect: float, degrees: float) -> float:
    """One-sided lower 95 % bound of a share of rows of which some belong together.

    It is that of as many independent rows as carry the same information, with the quantile of Student's t, so that few
    clusters count for less (Korn & Graubard 1998, "Confidence intervals for proportions with small expected number of
    positive counts estimated from survey data", Survey Methodology 24).

    Args:
        share: of the rows, 0..1.
        rows: need not be whole, as for a mean over trainings.
        effect: design effect, the variance of the share over that of independent rows; counts as 1 at least.
        degrees: of freedom of that variance.
    """
    from scipy import special

    few = (special.stdtrit(degrees, 1 - ERROR) / special.ndtri(1 - ERROR)) ** 2
    counted = rows / (max(effect, 1.0) * few)
    return lower_bound(share * counted, counted)


def confidence_for(accuracy: float, calibration: Calibration) -> float | None:
    """The least confidence from which validation shows at least that accuracy; None where it shows it nowhere.

    Selection with guaranteed risk (Geifman & El-Yaniv 2017, "Selective classification for deep neural networks",
    NeurIPS, algorithm 1): a binary search over the points, each of its steps with its share of an error of 5 %.
    """
    import numpy as np

    points = len(calibration.confidences)
    if not points:
        return None
    steps = max(1, int(np.ceil(np.log2(points + 1))))
    best, low, high = None, 0, points - 1
    while low <= high:
        middle = (low + high) // 2
        right, answered = (
            count / calibration.design_effect for count in (calibration.right[middle], calibration.answered[middle])
        )
        if lower_bound(right, answered, ERROR / steps) >= accuracy:
            best, low = calibration.confidences[middle], middle + 1
        else:
            # too few rows at the confident end fail for another reason than too many mistakes
            few = lower_bound(answered, answered, ERROR / steps) < accuracy
            low, high = (middle + 1, high) if few else (low, middle - 1)
    return best
