"""A recommendation in sentences: the decision, why each other candidate lost, and what would change it."""

from dataclasses import dataclass

import numpy as np

from reports import formats
from reports.analysis.decision import Needed, Standing
from reports.analysis.estimands import Estimand
from reports.analysis.estimates import POWER
from reports.analysis.metric_figures import METRICS
from reports.analysis.noise import fit_timing
from reports.analysis.price import Terms, error_cost_to_pay, pays_below, pays_from
from reports.analysis.recommendation import Candidate, Recommendation
from reports.analysis.requirements import UNREPEATED, Checked, Fulfilment
from reports.analysis.verdicts import NOT_LEARNT, Verdict

BYTES = ((1e9, "GB"), (1e6, "MB"), (1e3, "kB"))
MOST_TEXTS = 100_000_000
"""Test texts beyond which no number is named: the difference is as good as the tolerance."""


@dataclass(frozen=True)
class Phrases:
    """The sentences of a decision, in which `{name}`, `{tolerance}` and `{price}` are filled in.

    The page that decides anew fills in the same ones.

    Attributes:
        take: a candidate is chosen.
        undecided: none is, and this one is the cheapest that is not ruled out.
        none: none is, and all are ruled out.
        not_learnt: no candidate is shown to beat the baselines that learn nothing.
        unlearnt: the verdict on a candidate that is not.
    """

    take: str
    undecided: str
    none: str
    not_learnt: str
    unlearnt: str


def phrases(found: Recommendation) -> Phrases:
    """The sentences, limited to what the decision speaks of."""
    claim = found.estimand.claim if found.estimand is not Estimand.TRAINING else "for this training"
    within = f"within {{tolerance}} of the best ({claim})"
    asked = any(one.requirements for one in found.candidates)
    meets = " and to meet every requirement" * asked
    why = f"the cheapest of those shown to be {within}{meets}"
    if len(found.candidates) == 1:
        why = f"the only candidate ({claim}){', shown to meet every requirement' * asked}"
    return Phrases(
        take=f"Take {{name}}: {why}, at {{price}}.",
        undecided=f"Undecided: no candidate is shown to be {within}{meets}. "
        "{name} is the cheapest of those not ruled out, at {price}.",
        none=f"Take none: no candidate is {within}{' and meets every requirement' * asked}.",
        not_learnt=f"Take none: no candidate is {unlearnt(found).removeprefix('not ')}.",
        unlearnt=unlearnt(found),
    )


def unlearnt(found: Recommendation) -> str:
    """The verdict on a candidate that is not shown to have learnt anything."""
    return NOT_LEARNT if found.question.metric == "accuracy" else "not shown to beat the baselines that learn nothing"


def decision(found: Recommendation) -> str:
    """The decision in one sentence, limited to what it speaks of."""
    said, tolerance = phrases(found), amount(found, found.question.tolerated)
    if (chosen := found.chosen) is not None:
        return said.take.format(name=chosen.name, tolerance=tolerance, price=monthly(chosen, found))
    if not any(one.learnt for one in found.candidates):
        return said.not_learnt
    if (open_ := found.not_ruled_out) is not None:
        return said.undecided.format(name=open_.name, tolerance=tolerance, price=monthly(open_, found))
    return said.none.format(tolerance=tolerance)


def verdict(one: Candidate, found: Recommendation) -> str:
    """The verdict on a candidate in a few words."""
    if one is found.chosen:
        return "recommended"
    if not one.learnt:
        return unlearnt(found)
    if one.judged.standing is not Standing.GOOD_ENOUGH:
        return str(one.judged.standing.value)
    worst = [check for check in one.requirements if check.fulfilment is not Fulfilment.MET]
    if worst:
        return f"{worst[0].asked.name} {worst[0].fulfilment.value}"
    return f"good enough, {_dearer(one, found)}"


def reason(one: Candidate, found: Recommendation) -> str:
    """Why a candidate lost, or won, in one or two sentences."""
    parts = []
    if not one.learnt:
        parts.append(f"is {unlearnt(found)}")
    if one.judged.standing is not Standing.GOOD_ENOUGH:
        parts.append(f"is {one.judged.standing.value}: {behind(one, found)}{_more_data(one, found)}")
    lost = one.judged.standing is Standing.NOT_GOOD_ENOUGH or not one.learnt
    unmet = {Fulfilment.NOT_MET} if lost else {Fulfilment.NOT_MET, Fulfilment.UNDECIDED, Fulfilment.NOT_MEASURED}
    parts += [_unmet(check) for check in one.requirements if check.fulfilment in unmet]
    if parts:
        return f"{one.name} {'; '.join(parts)}."
    if one is found.chosen:
        return f"{one.name} is good enough: {behind(one, found)}."
    return f"{one.name} is good enough, and {_dearer(one, found)}: {monthly(one, found)}. {pays(one, found)}".strip()


def pays(one: Candidate, found: Recommendation) -> str:
    """From which volume or price of a mistake a candidate costs less than the chosen one; "" for itself."""
    chosen = found.chosen
    if chosen is None or one is chosen or np.isnan(one.price.total):
        return ""
    if np.isfinite(least := pays_from(chosen.price, one.price)):
        return f"It would pay from {formats.significant(least)} texts a month."
    if (most := pays_below(chosen.price, one.price)) > 0:
        return f"It would pay below {formats.significant(most)} texts a month."
    return _dearer_at_any_volume(one, chosen, found.question.terms)


def _dearer_at_any_volume(one: Candidate, chosen: Candidate, terms: Terms) -> str:
    if terms.cost_per_error is not None:
        return "It costs more at any volume, mistakes included."
    if terms.price_per_hour is None:
        return "It costs more at any volume, unless mistakes have a price (--cost-per-error)."
    cost = error_cost_to_pay(chosen.price, one.price, chosen.error_rate - one.error_rate)
    if np.isfinite(cost):
        return f"It would pay if a mistake cost {formats.significant(cost)} or more."
    return "It costs more at any volume, and makes no fewer mistakes."


def behind(one: Candidate, found: Recommendation) -> str:
    """State the range behind the best: "between 0.20 and 1.40 points behind the best"."""
    low, high = one.judged.behind
    if low == high == 0:
        return "shown to be the best" if len(found.candidates) > 1 else "the only candidate"
    if high == 0:
        return f"at most {amount(found, -low)} behind the best"
    return f"between {amount(found, -high, unit=False)} and {amount(found, -low)} behind the best"


def figure(one: Candidate, found: Recommendation) -> str:
    """The metric of a candidate with its interval: "84.2 (82.0–86.1)", "0.312 (0.290–0.334)"."""
    metric = METRICS[found.question.metric]
    if metric.is_share:
        return formats.percent_interval(one.value, one.interval)
    low, high = metric.shown_interval(one.interval)
    return f"{formats.decimal(metric.shown(one.value))} ({formats.decimal(low)}–{formats.decimal(high)})"


def baselines(found: Recommendation) -> str:
    """What learns nothing has: "Without learning: 50.8 (majority class), 50.0 (stratified random)."."""
    metric = METRICS[found.question.metric]
    named = {
        "majority class": found.baselines.majority,
        "stratified random": found.baselines.stratified,
        "cheapest class": found.baselines.constant,
    }
    figures = (
        f"{formats.decimal(100 * value, 1) if metric.is_share else formats.decimal(metric.shown(value))} ({name})"
        for name, value in named.items()
        if not np.isnan(value)
    )
    return f"Without learning: {', '.join(figures)}."


def amount(found: Recommendation, difference: float, *, unit: bool = True) -> str:
    """A difference of the metric: "0.50 points", "0.020 nats"."""
    metric = METRICS[found.question.metric]
    number = formats.points(difference, signed=False) if metric.is_share else f"{difference:.3f}"
    return f"{number}{f' {metric.difference_unit}' if unit else ''}"


def monthly(one: Candidate, found: Recommendation) -> str:
    """The price of a month: "12.3 a month", "0.31 machine hours a month"."""
    if np.isnan(one.price.total):
        return "a price that was not measured"
    hours = " machine hours" if found.question.terms.price_per_hour is None else ""
    return f"{formats.significant(one.price.total)}{hours} a month"


def quantity(value: float, unit: str, written: str = "") -> str:
    """A quantity with its unit: "12.3 ms", "418 MB"; `written` is the format of an exact one, a limit."""
    if np.isnan(value):
        return formats.NOT_MEASURED
    if np.isinf(value):
        return "any number of " + unit
    if unit == "bytes":
        size, unit = next(((size, name) for size, name in BYTES if value >= size), (1.0, "bytes"))
        value /= size
    return f"{format(value, written) if written else formats.significant(value)} {unit}"


def notes(found: Recommendation) -> list[str]:
    """State the basis of the decision."""
    terms, metric = found.question.terms, METRICS[found.question.metric]
    mistakes = "" if terms.cost_per_error is None else f", {terms.cost_per_error:g} a mistake"
    price = (
        "machine hours, as no price is given" if terms.price_per_hour is None else f"{terms.price_per_hour:g} an hour"
    )
    said = [
        f"{metric.title} on {formats.count(found.rows)} test texts; intervals hold together with "
        f"95 % (multiple comparisons with the best). A month: {formats.significant(terms.texts_per_month)} texts, "
        f"{terms.retrain_per_month:g} training{'' if terms.retrain_per_month == 1 else 's'}, {price}{mistakes}.",
    ]
    if found.estimand is Estimand.TRAINING:
        alone = all(len(one.configuration.cells) == 1 for one in found.candidates)
        said.append(
            f"{'One training of each' if alone else 'Some candidates were trained once'}: the decision is for this "
            "training and may differ for the next (--repeats 3)."
        )
    said += [f"{' and '.join(group)} make the {Verdict.SAME.value}." for group in found.alike]
    once = [one.name for one in found.candidates if fit_timing(one.configuration.cells).processes == 1]
    if once:
        who = "every candidate" if len(once) == len(found.candidates) else ", ".join(once)
        said.append(f"Training was timed once for {who}: its price may be off by a factor of {UNREPEATED:g}.")
    if found.left_out:
        who = "1 configuration is" if found.left_out == 1 else f"{found.left_out} configurations are"
        said.append(f"{who} left out: the model also ran with more training texts.")
    if found.doubts:
        said.append(f"The prices do not compare: {found.doubts}.")
    return said


def _dearer(one: Candidate, found: Recommendation) -> str:
    same = found.chosen is not None and one.price.total == found.chosen.price.total
    return "no cheaper" if same else "dearer"


def _unmet(check: Checked) -> str:
    asked = check.asked
    limit = f"{'at most' if asked.at_most else 'at least'} {quantity(asked.limit or 0.0, asked.unit, 'g')}"
    if check.fulfilment is Fulfilment.NOT_MEASURED:
        return f"{asked.name} was not measured (wanted: {limit})"
    low, high = check.interval
    shown = quantity(check.value, asked.unit)
    if low < high < np.inf:
        shown += f" ({quantity(low, asked.unit)} to {quantity(high, asked.unit)})"
    lacking = f", {check.lacking}" if check.lacking else ""
    verb = "misses" if check.fulfilment is Fulfilment.NOT_MET else "may miss"
    return f"{verb} the {asked.name} of {limit}: {shown}{lacking}"


def _more_data(one: Candidate, found: Recommendation) -> str:
    """Data that would decide: "; about 12,000 test texts would decide with 80 % power, ..."."""
    if one.judged.standing is not Standing.UNDECIDED:
        return ""
    needed = one.judged.needed or Needed(None, None)
    ways = []
    if needed.texts is not None and needed.texts <= MOST_TEXTS:
        more = formats.significant(needed.texts)
        few = more == formats.significant(found.rows)
        ways.append("slightly more test texts" if few else f"about {more} test texts (now {formats.count(found.rows)})")
    if needed.trainings is not None:
        ways.append(f"{formats.count(needed.trainings)} trainings of each")
    if not ways:
        if found.estimand is Estimand.TRAINING or needed.texts is not None or one.judged.needed is None:
            return "; the difference is too near the tolerance for more test texts to decide"
        return "; neither more test texts alone nor more trainings alone would decide"
    return f"; {' or '.join(ways)} would decide with {100 * POWER:g} % power, if the difference is as measured"
