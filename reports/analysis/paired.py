"""Two trained classifiers on the same test rows: mid-p McNemar test, interval of the difference."""

import numpy as np
import numpy.typing as npt
from scipy import special, stats

from reports.analysis.estimates import FloatArray

Counts = npt.ArrayLike


def mid_p(only_first: Counts, only_second: Counts) -> FloatArray:
    """Two-sided mid-p value of McNemar's test; element by element.

    The mid-p form keeps the level without the conservatism of the exact test (Fagerland, Lydersen & Laake 2013, "The
    McNemar test for binary matched-pairs data", BMC Medical Research Methodology 13:91).

    Args:
        only_first: rows that only the first gets right.
        only_second: rows that only the second gets right.
    """
    first, second = np.asarray(only_first), np.asarray(only_second)
    less, discordant = np.minimum(first, second), first + second
    tail = stats.binom.cdf(less, discordant, 0.5) - 0.5 * stats.binom.pmf(less, discordant, 0.5)
    p: FloatArray = np.where(discordant == 0, 1.0, np.minimum(2 * tail, 1.0))
    return p


def difference_interval(
    only_first: Counts,
    only_second: Counts,
    rows: Counts,
    alpha: float,
    *,
    design_effect: float = 1.0,
    degrees: float = np.inf,
) -> tuple[FloatArray, FloatArray]:
    """Ends of the interval of level 1 - `alpha` of the difference in accuracy; element by element.

    Wald's interval with one pseudo-row added to each discordant cell (Bonett & Price 2012, "Adjusted Wald confidence
    interval for a difference of binomial proportions based on paired data", J. Educational and Behavioral Statistics
    37), which Fagerland, Lydersen & Laake (2014, Statistics in Medicine 33) recommend for paired proportions.

    Args:
        only_first: rows that only the first gets right.
        only_second: rows that only the second gets right.
        rows: all test rows.
        alpha: 0.05 for 95 %.
        design_effect: variance of the difference over that of independent rows; rows in clusters count for less.
        degrees: of freedom of that variance; with few clusters Student's t takes the place of the normal distribution.
    """
    size = np.asarray(rows) / design_effect + 2
    first, second = (
        (np.asarray(only_first) / design_effect + 1) / size,
        (np.asarray(only_second) / design_effect + 1) / size,
    )
    error = np.sqrt((first + second - (first - second) ** 2) / size)
    reach = special.stdtrit(degrees, 1 - alpha / 2) * error
    return first - second - reach, first - second + reach
