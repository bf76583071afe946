"""A recommendation as a table, for the terminal and as JSON."""

import math
from typing import Any

import pandas as pd
from rich.console import Console
from rich.text import Text

from reports import formats
from reports.analysis.metric_figures import METRICS
from reports.analysis.price import pays_below, pays_from
from reports.analysis.recommendation import Candidate, Recommendation
from reports.analysis.requirements import Checked
from reports.render import recommendation_words as words
from reports.render.terminal import print_frame, print_sentence


def recommendation_table(found: Recommendation) -> pd.DataFrame:
    """One row per candidate: the metric, how far behind the best it may be, its price, its verdict."""
    metric = METRICS[found.question.metric]
    hours = found.question.terms.price_per_hour is None
    rows = [
        {
            "candidate": one.name,
            metric.heading: words.figure(one, found),
            f"behind the best ({metric.difference_unit})": _behind(one, found),
            f"{'machine hours' if hours else 'price'} a month": formats.significant(one.price.total),
            "verdict": words.verdict(one, found),
        }
        for one in found.candidates
    ]
    return pd.DataFrame(rows, dtype=str)


def print_recommendation(found: Recommendation, console: Console) -> None:
    """Print the decision, the table and the reasons."""
    print_sentence(console, words.decision(found), style="bold")
    console.print(Text(""))
    print_frame(console, "Candidates; 95 % intervals", recommendation_table(found), names=("candidate", "verdict"))
    print_sentence(console, words.baselines(found))
    for one in found.candidates:
        print_sentence(console, words.reason(one, found))
    console.print(Text(""))
    for note in words.notes(found):
        print_sentence(console, note)


def recommendation_json(found: Recommendation) -> dict[str, Any]:
    """The decision as plain types; None for what is not measured, not known or infinite."""
    question, chosen, open_ = found.question, found.chosen, found.not_ruled_out
    return {
        "decision": words.decision(found),
        "recommended": chosen.name if chosen else None,
        "cheapest_not_ruled_out": open_.name if open_ else None,
        "claim": found.estimand.value,
        "metric": question.metric,
        "tolerance": question.tolerated,
        "test_rows": found.rows,
        "left_out": found.left_out,
        "notes": words.notes(found),
        "terms": {
            "price_per_hour": question.terms.price_per_hour,
            "texts_per_month": question.terms.texts_per_month,
            "retrain_per_month": question.terms.retrain_per_month,
            "cost_per_error": question.terms.cost_per_error,
        },
        "candidates": [_candidate(one, found) for one in found.candidates],
    }


def _candidate(one: Candidate, found: Recommendation) -> dict[str, Any]:
    needed, chosen = one.judged.needed, found.chosen
    configuration = one.configuration
    dearer = chosen is not None and one is not chosen
    return {
        "name": one.name,
        "model": configuration.model,
        "loss": configuration.loss,
        "train_size": configuration.train_size,
        "trainings": len(configuration.cells),
        "value": _number(-one.value if METRICS[found.question.metric].unit != "pp" else one.value),
        "interval": _interval(one, found),
        "standing": one.judged.standing.value,
        "behind": {"least": _number(-one.judged.behind.high), "most": _number(-one.judged.behind.low)},
        "decided_by": {"texts": needed.texts, "trainings": needed.trainings} if needed else None,
        "requirements": [_requirement(check) for check in one.requirements],
        "price": {
            "training": _number(one.price.training),
            "labelling_per_text": _number(one.price.labelling),
            "mistakes_per_text": _number(one.price.mistakes),
            "month": _number(one.price.total),
        },
        "pays_from_texts_per_month": _number(pays_from(chosen.price, one.price)) if chosen and dearer else None,
        "pays_below_texts_per_month": pays_below(chosen.price, one.price) or None if chosen and dearer else None,
        "verdict": words.verdict(one, found),
        "reason": words.reason(one, found),
    }


def _requirement(check: Checked) -> dict[str, Any]:
    return {
        "name": check.asked.name,
        "unit": check.asked.unit,
        "limit": check.asked.limit,
        "at_most": check.asked.at_most,
        "value": _number(check.value),
        "low": _number(check.interval.low),
        "high": _number(check.interval.high),
        "fulfilment": check.fulfilment.value,
        "lacking": check.lacking,
    }


def _interval(one: Candidate, found: Recommendation) -> dict[str, float | None]:
    low, high = one.interval
    if METRICS[found.question.metric].unit != "pp":
        low, high = -high, -low
    return {"low": _number(low), "high": _number(high)}


def _behind(one: Candidate, found: Recommendation) -> str:
    least, most = (words.amount(found, -end, unit=False) for end in (one.judged.behind.high, one.judged.behind.low))
    return least if least == most else f"{least} to {most}"


def _number(value: float) -> float | None:
    return float(value) + 0.0 if math.isfinite(value) else None  # a negative nought becomes a plain one
