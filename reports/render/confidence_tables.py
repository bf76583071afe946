"""Tables of calibration and of selective prediction."""

import pandas as pd

from reports import formats
from reports.analysis.estimates import Estimate, Interval
from reports.analysis.run_analysis import Analysis
from reports.analysis.selective import COVERAGES, Automatic
from reports.analysis.temperature import Scores, scalings
from reports.render.rows import Row, frame, who


def calibration_table(analysis: Analysis) -> pd.DataFrame:
    """Metrics of the model's own probabilities and of the calibrated ones, on test, with 95 % intervals."""
    rows: list[Row] = []
    for one in scalings(analysis.evidence, analysis.results):
        configuration = one.evidence.configuration
        row = who(configuration) | {"loss": configuration.loss, "temperature": _range(one.temperatures)}
        before, after = _shown(one.before), _shown(one.after)
        row |= {
            f"{name}: {when}": own[name] for name in before for when, own in (("own", before), ("calibrated", after))
        }
        row["log loss gained (nats)"] = _figure(one.gain, signed=True)
        rows.append(row)
    return frame(rows)


def selective_table(analysis: Analysis) -> pd.DataFrame:
    """Errors of the surest texts, the area under the risk-coverage curve, and what can be labelled automatically."""
    rows: list[Row] = []
    for one in analysis.selections:
        configuration = one.evidence.configuration
        row = who(configuration) | {"loss": configuration.loss}
        row["risk-coverage area %"] = formats.percent_interval(one.area.value, _not_negative(one.area.interval))
        row |= {
            f"errors in the surest {100 * share:g} %": formats.percent(error)
            for share, error in zip(COVERAGES, one.errors, strict=True)
        }
        row |= {f"automatic at {100 * own.wanted:g} % accuracy": _automatic(own) for own in one.automatic}
        rows.append(row)
    return frame(rows).fillna(formats.NOT_MEASURED)


def _not_negative(interval: Interval) -> Interval:
    return Interval(max(interval.low, 0.0), interval.high)


def _automatic(own: Automatic) -> str:
    """The share answered and how right the answers are, each with its lower bound."""
    if own.share == 0:
        return "none"
    return (
        f"{formats.percent(own.share)} of the texts (at least {formats.percent(own.share_low)}), "
        f"{formats.percent(own.accuracy)} right (at least {formats.percent(own.accuracy_low)})"
    )


def _shown(scores: Scores) -> dict[str, str]:
    return {
        "ECE % (debiased)": formats.percent_interval(scores.error.value, scores.error.interval),
        "Brier score": _figure(scores.brier),
        "log loss (nats)": _figure(scores.log_loss),
    }


def _figure(found: Estimate, *, signed: bool = False) -> str:
    def write(value: float) -> str:
        return f"{'−' if value < 0 else '+'}{abs(value):.3f}" if signed else formats.decimal(value)

    low, high = found.interval
    return f"{write(found.value)} ({write(low)} to {write(high)})"


def _range(values: tuple[float, ...]) -> str:
    low, high = min(values), max(values)
    return formats.decimal(low, 2) if low == high else f"{low:.2f}–{high:.2f}"
