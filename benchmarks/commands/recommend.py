"""`recommend`: the cheapest model that is good enough."""

import json
import logging
import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from benchmarks.commands.exit_status import ExitStatus
from benchmarks.commands.options import check_price
from benchmarks.commands.printing import PipeConsole
from benchmarks.errors import UsageError, unknown

if TYPE_CHECKING:
    from reports.analysis.recommendation import Question, Recommendation
    from reports.analysis.results import Results

log = logging.getLogger(__package__)

SIZES = {"kB": 1e3, "MB": 1e6, "GB": 1e9, "KiB": 2.0**10, "MiB": 2.0**20, "GiB": 2.0**30}
TIMES = {"s": 1.0, "min": 60.0, "h": 3600.0}
QUANTITY = re.compile(r"(\d+(?:\.\d+)?|\.\d+)\s*([A-Za-z]+)")


@dataclass(frozen=True)
class RequirementOptions:
    """Limits that a model must keep."""

    max_p99_ms: Annotated[
        float | None,
        typer.Option("--max-p99-ms", metavar="MS", help="Longest 99th percentile of the time for one text alone."),
    ] = None
    min_throughput: Annotated[
        float | None, typer.Option(metavar="TEXTS/S", help="Least texts a second, from text to label.")
    ] = None
    max_memory: Annotated[
        str | None, typer.Option(metavar="SIZE", help="Most memory at its peak, such as 2GB or 500MiB.")
    ] = None
    max_fit: Annotated[str | None, typer.Option(metavar="TIME", help="Longest training, such as 90s, 10min or 2h.")] = (
        None
    )
    max_size: Annotated[str | None, typer.Option(metavar="SIZE", help="Largest saved model, such as 100MB.")] = None


@dataclass(frozen=True)
class CostOptions:
    """Prices and volume of a month."""

    price_per_hour: Annotated[
        float | None,
        typer.Option(
            metavar="PRICE",
            help="Price of this machine per hour. Default: the one that the runs recorded, else machine hours count.",
        ),
    ] = None
    texts_per_month: Annotated[float, typer.Option(metavar="N", help="Texts to label in a month.")] = 1_000_000
    retrain_per_month: Annotated[float, typer.Option(metavar="N", help="Trainings in a month.")] = 1
    cost_per_error: Annotated[
        float | None,
        typer.Option(metavar="PRICE", help="Price of a text that is labelled wrong; needs --price-per-hour."),
    ] = None


def recommend(
    runs: Annotated[list[Path], typer.Argument(metavar="RUN..", help="Results folders with the same test texts.")],
    requirements: RequirementOptions,
    costs: CostOptions,
    tolerate: Annotated[
        str | None,
        typer.Option(
            metavar="POINTSpp",
            help="How far behind the best is good enough, such as 0.5pp. Default: 1pp, 0.02nats (log_loss) or "
            "0.01cost (cost).",
        ),
    ] = None,
    metric: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="accuracy, macro_f1, balanced_accuracy, average_precision, log_loss or cost. Default: that of the "
            "report: the run's, or macro_f1 where accuracy misleads.",
        ),
    ] = None,
    json_: Annotated[bool, typer.Option("--json", help="Print the decision and its evidence as JSON.")] = False,
) -> int:
    """Name the cheapest model that is good enough, and say why each other one lost.

    A model is good enough if it is shown to be behind the best by no more than --tolerate; the claim is corrected for
    the number of models. Exit status 1 if none is shown to be good enough and to meet every requirement.

    Examples: `python -m benchmarks recommend results/quick` ·
    `python -m benchmarks recommend results/quick --tolerate 0.5pp --max-p99-ms 20 --price-per-hour 0.40`
    """
    from reports.analysis.recommendation import recommend as decide
    from reports.analysis.results import read_results
    from reports.render.recommendation import print_recommendation, recommendation_json

    _check_metric(metric)
    results = [read_results(folder) for folder in dict.fromkeys(runs)]
    asked = _question(metric or _of_reports(results), tolerate, requirements, costs)
    asked = _with_recorded_price(asked, results)
    found = decide(results, asked)
    _check_decidable(found, tolerate)
    if json_:
        print(json.dumps(recommendation_json(found), indent=2, allow_nan=False))
    else:
        print_recommendation(found, PipeConsole())
    return ExitStatus.OK if found.chosen else ExitStatus.CHECK_FAILED


def _check_metric(metric: str | None) -> None:
    from reports.analysis.metric_figures import METRICS

    if metric is not None and metric not in METRICS:
        raise unknown("metric", metric, METRICS)


def _of_reports(results: "list[Results]") -> str:
    """Return the metric that the reports of the runs lead with, and say why where accuracy misleads.

    Raises:
        UsageError: they lead with different ones.
    """
    from reports.analysis.evidence import gather
    from reports.analysis.leading_metric import leading_metric

    leading = [leading_metric(own, evidence[0].rows) for own in results if (evidence := gather(own))]
    chosen = {one.name: one.warning for one in leading} or {"accuracy": ""}
    if len(chosen) > 1:
        raise UsageError(f"the reports of these runs go by different metrics: give --metric ({' or '.join(chosen)})")
    ((name, warning),) = chosen.items()
    if warning:
        log.warning("%s", warning)
    return name


def _question(metric: str, tolerate: str | None, requirements: RequirementOptions, costs: CostOptions) -> "Question":
    """Parse the options.

    Raises:
        UsageError: one is not valid.
    """
    from reports.analysis.metric_figures import METRICS
    from reports.analysis.price import Terms
    from reports.analysis.recommendation import Question
    from reports.analysis.requirements import Limits

    check_price(costs.price_per_hour)
    limits = Limits(
        max_p99_ms=_positive("max_p99_ms", requirements.max_p99_ms),
        min_throughput=_positive("min_throughput", requirements.min_throughput),
        max_memory=_quantity("max_memory", requirements.max_memory, SIZES),
        max_fit=_quantity("max_fit", requirements.max_fit, TIMES),
        max_size=_quantity("max_size", requirements.max_size, SIZES),
    )
    terms = Terms(
        price_per_hour=costs.price_per_hour,
        texts_per_month=_not_negative("texts_per_month", costs.texts_per_month),
        retrain_per_month=_not_negative("retrain_per_month", costs.retrain_per_month),
        cost_per_error=None if costs.cost_per_error is None else _not_negative("cost_per_error", costs.cost_per_error),
    )
    return Question(metric, None if tolerate is None else _tolerance(tolerate, METRICS[metric].unit), limits, terms)


def _with_recorded_price(asked: "Question", results: "list[Results]") -> "Question":
    """Take the price per hour that the runs recorded, where the user gives none and they agree.

    Raises:
        UsageError: a price of mistakes without a price of hours.
    """
    recorded = {one.price_per_hour for one in results}
    if asked.terms.price_per_hour is None and len(recorded) == 1:
        asked = replace(asked, terms=replace(asked.terms, price_per_hour=recorded.pop()))
    if asked.terms.price_per_hour is None and (cost := asked.terms.cost_per_error) is not None:
        raise UsageError("needs --price-per-hour, in the same currency", option="cost_per_error", value=cost)
    return asked


def _check_decidable(found: "Recommendation", tolerate: str | None) -> None:
    """Refuse a tolerance of 0 where each model was trained once.

    Raises:
        UsageError: the tolerance is 0 and each model was trained once.
    """
    from reports.analysis.estimands import Estimand

    if found.question.tolerated == 0 and found.estimand is Estimand.TRAINING and len(found.candidates) > 1:
        raise UsageError(
            "one training per model can show that one trained model is ahead of all others on these texts, never that "
            "two are equal, and nothing about the next training (choices: more than 0, or a run with --repeats 3)",
            option="tolerate",
            value=tolerate,
        )


def _tolerance(text: str, unit: str) -> float:
    found = re.fullmatch(rf"(\d+(?:\.\d+)?|\.\d+)\s*{unit}", text)
    if not found:
        example = "0.5pp for half a percentage point" if unit == "pp" else f"0.02{unit}"
        raise UsageError(
            f"not a tolerance (choices: a number with its unit, {unit}, such as {example})",
            option="tolerate",
            value=text,
        )
    return float(found[1]) / (100 if unit == "pp" else 1)


def _quantity(option: str, text: str | None, units: dict[str, float]) -> float | None:
    """Parse a number with its unit.

    Raises:
        UsageError: it is none, or not above 0.
    """
    if text is None:
        return None
    found = QUANTITY.fullmatch(text.strip())
    if not found or found[2] not in units or float(found[1]) == 0:
        detail = f"not a limit (choices: a number above 0 with its unit, one of {', '.join(units)})"
        raise UsageError(detail, option=option, value=text)
    return float(found[1]) * units[found[2]]


def _positive(option: str, value: float | None) -> float | None:
    if value is not None and not 0 < value < float("inf"):
        raise UsageError("not a limit (choices: a number above 0)", option=option, value=value)
    return value


def _not_negative(option: str, value: Any) -> float:
    if not 0 <= value < float("inf"):
        raise UsageError("must not be negative (choices: 0 or more)", option=option, value=value)
    return float(value)
