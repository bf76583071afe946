"""The metric that a report leads with: the one asked for, or macro-F1 where accuracy misleads."""

from dataclasses import dataclass

from reports.analysis.baselines import class_shares, misleads
from reports.analysis.evidence import Rows
from reports.analysis.metric_figures import METRICS
from reports.analysis.results import Results


@dataclass(frozen=True)
class LeadingMetric:
    """The metric that a report leads with.

    Attributes:
        name: a key of `METRICS`.
        warning: why accuracy misleads on these data, and what the report does; "" where it does not.
    """

    name: str
    warning: str


def leading_metric(results: Results, rows: Rows) -> LeadingMetric:
    """Choose the metric.

    Args:
        results: of the run.
        rows: the test rows that count.
    """
    asked = results.run.get("metric")
    found = misleads(class_shares(rows.labels, len(results.run["dataset"]["classes"])))
    if asked is not None:
        name = str(asked)
        warning = f"Accuracy misleads here: {found}. Ranked by {METRICS[name].name}, as asked." if found else ""
        return LeadingMetric(name, warning)
    if not found:
        return LeadingMetric("accuracy", "")
    return LeadingMetric(
        "macro_f1",
        f"Accuracy misleads here: {found}. The decision goes by macro-F1 (--metric accuracy overrules that), while "
        "models were selected by accuracy.",
    )
