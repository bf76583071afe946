"""Sentences on the findings of a leaderboard and on its limits."""

from reports import formats
from reports.analysis.estimates import ALPHA
from reports.analysis.leaderboard import Board, Leaderboard
from reports.analysis.metric_figures import METRICS
from reports.analysis.rank_tests import CERTAIN, FEWEST, Pair
from reports.analysis.traits import FEWEST_FOR_A_MODEL
from reports.render.headline import listed


def value(metric: str, number: float) -> str:
    """A figure of the metric: percent, or log loss and cost with their own sign."""
    return formats.decimal(100 * number, 1) if METRICS[metric].unit == "pp" else formats.decimal(-number, 3)


def difference(metric: str, number: float) -> str:
    """A difference of two figures: points, or nats and costs; higher is better."""
    return formats.points(number) if METRICS[metric].unit == "pp" else formats.signed(number)


def verdicts(board: Leaderboard) -> list[str]:
    """The answer: who leads, and whether the datasets show it."""
    first = board.places[0]
    own = first.standing
    rank = f"mean rank {own.rank.value:.2f} of {len(board.places)}"
    datasets = _datasets(len(board.boards))
    if len(board.places) == 1:
        return [f"{first.contender} is the only contender with a result on every dataset ({datasets})."]
    found = [
        f"By {METRICS[board.metric].name} over {datasets}, {first.contender} has the best {rank} "
        f"({own.rank.interval.low:.2f} to {own.rank.interval.high:.2f}). It is ahead of another "
        f"contender in {formats.percent(own.win_rate.value)} of the comparisons, one for each other and dataset."
    ]
    return [*found, *_tested(board)]


def limits(board: Leaderboard) -> list[str]:
    """List the claims that the data do not support, with the reasons."""
    number = len(board.boards)
    found = _of_tests(board)
    if number < FEWEST_FOR_A_MODEL:
        found.append(
            f"With {_datasets(number)} no trait can be related to the winners: {FEWEST_FOR_A_MODEL} are the fewest."
        )
    else:
        found.append("The traits stand beside the winners for the reader; no model is fitted to them.")
    once = [name for name in _names(board) if all(b.scores[name].trainings == 1 for b in board.boards)]
    if once:
        found.append(f"{listed(once)} ran once on each dataset, so that no interval covers another training.")
    fewer = [name for name in _names(board) if any(one.scores[name].train_size < _most(one) for one in board.boards)]
    if fewer:
        found.append(
            f"Trained on fewer texts than other contenders: {listed(fewer)}. Neither their ranks nor their training "
            "times say anything about training on all texts."
        )
    found += [
        f"{name} has no result on {listed(list(datasets))} and is not ranked."
        for name, datasets in board.partial.items()
    ]
    found += [f"{name} could not be used: {reason}." for name, reason in board.unreadable.items()]
    if board.libraries:
        versions = listed([f"{library} ({listed(found)})" for library, found in board.libraries.items()])
        found.append(f"Contenders computed with several versions of {versions}.")
    found += _failed_audits(board)
    if board.doubts:
        found.append(f"Times do not compare: {board.doubts}.")
    if busy := [f"{listed(one.busy)} on {one.name}" for one in board.boards if one.busy]:
        found.append(f"Times in doubt, as the machine was busy with something else, or held back: {'; '.join(busy)}.")
    return found


def _of_tests(board: Leaderboard) -> list[str]:
    """Limits of tests and intervals over so few datasets."""
    number, tests = len(board.boards), board.tests
    if number == 1:
        return ["One dataset says nothing about another: intervals are over its test rows and seeds alone."]
    if number < FEWEST:
        return [
            f"{_datasets(number).capitalize()} are too few for a test over datasets: no difference between contenders "
            f"can be shown with fewer than {FEWEST}, and the intervals over datasets are too narrow."
        ]
    found = []
    if len(board.places) > 1 and not tests.decides_pairs:
        found.append(
            f"{_datasets(number).capitalize()} cannot show a difference in any of {len(tests.pairs)} pairs: corrected "
            "for their number (Holm), the p-value of a contender that is ahead of another on every dataset is "
            f"{tests.smallest_p:.3f}."
        )
    if number < 10:
        narrow = "bootstrap intervals over so few datasets are rather too narrow."
        found.append(
            f"With {_datasets(number)} only a contender that wins nearly everywhere can be shown to be better; {narrow}"
            if tests.decides_pairs
            else narrow.capitalize()
        )
    return found


def _failed_audits(board: Leaderboard) -> list[str]:
    """Audits that failed and that nobody acknowledged: where, and of whom if not of every contender."""
    where: dict[str, list[str]] = {}
    for one in board.boards:
        for audit, names in one.failed_audits.items():
            whose = "" if len(names) == len(one.scores) else f" ({listed(names)})"
            where.setdefault(audit, []).append(f"{one.name}{whose}")
    if not where:
        return []
    failed = "; ".join(f"{audit} on {listed(found)}" for audit, found in where.items())
    return [f"Failed audits, explained in the report of each dataset: {failed}."]


def practical(board: Leaderboard) -> str:
    """The meaning of the posterior probabilities of pairs."""
    return (
        "The three probabilities are posterior: that this outcome is the likeliest one on a further dataset. First or "
        f"second better: by more than {_margin(board)}; practically equal: by less (Benavoli et al. 2017). They are "
        "not corrected for the number of pairs."
    )


def cautions(board: Leaderboard) -> list[str]:
    """Datasets on which accuracy misleads."""
    names = [f"{one.name} ({one.misleads})" for one in board.boards if one.misleads]
    if not names or board.metric != "accuracy":
        return []
    return [f"Accuracy misleads on {listed(names)}: rank by --metric macro_f1 as well."]


def _tested(board: Leaderboard) -> list[str]:
    tests = board.tests
    if not tests.enough:
        return []
    names = _names(board)
    found = []
    if len(names) > 2:
        shown = tests.friedman_p <= ALPHA
        found.append(
            f"Friedman's test {'shows' if shown else 'does not show'} that the contenders differ "
            f"(p {_p(tests.friedman_p)}); two mean ranks are shown to differ if they are "
            f"{tests.critical_difference:.2f} or more apart (Nemenyi)."
        )
    of_first = [pair for pair in tests.pairs if pair.first == 0]
    shown_of_first = [pair for pair in of_first if pair.p_adjusted <= ALPHA]
    open_ = [names[pair.second] for pair in of_first if pair.p_adjusted > ALPHA]
    for is_ahead, direction in ((True, "ahead of"), (False, "behind, in spite of its mean rank,")):
        others = [names[pair.second] for pair in shown_of_first if pair.ahead is is_ahead]
        if others:
            found.append(f"{names[0]} is shown to be {direction} {listed(others)} (Wilcoxon's signed-rank test, Holm).")
    if open_ and tests.decides_pairs:
        found.append(f"{names[0]} is not shown to differ from {listed(open_)}.")
    return [*found, *(sentence for pair in of_first if (sentence := _practical(board, pair)))]


def _practical(board: Leaderboard, pair: Pair) -> str:
    """The posterior of practical equivalence, where it is nearly certain.

    It knows nothing of the number of pairs, so that it alone shows no contender to be better.
    """
    shown = pair.same if pair.p_adjusted > ALPHA else max(pair.better, pair.same, pair.worse)
    if shown < CERTAIN:
        return ""
    first, second = _names(board)[pair.first], _names(board)[pair.second]
    margin, tolerance = _margin(board), METRICS[board.metric].tolerance
    ahead = [one.scores[first].value - one.scores[second].value for one in board.boards]
    if pair.same >= CERTAIN:
        outcome = f"{first} and {second} differ by less than {margin}"
        times = sum(abs(difference) < tolerance for difference in ahead)
    else:
        better, worse = (first, second) if pair.better >= CERTAIN else (second, first)
        outcome = f"{better} is better than {worse} by more than {margin}"
        times = sum((1 if better == first else -1) * difference > tolerance for difference in ahead)
    return (
        f"That {outcome} is the likeliest outcome on a further dataset (posterior probability of this: "
        f"{max(pair.better, pair.same, pair.worse):.2f}); it is so on {times} of these {len(ahead)}."
    )


def _margin(board: Leaderboard) -> str:
    """What counts as a practical difference: "1 point", "0.02 nats"."""
    metric = METRICS[board.metric]
    return f"{100 * metric.tolerance:.0f} point" if metric.is_share else f"{metric.tolerance:g} {metric.unit}"


def _most(one: Board) -> int:
    """The most training texts of a contender on a dataset."""
    return max(score.train_size for score in one.scores.values())


def _names(board: Leaderboard) -> list[str]:
    return [place.contender for place in board.places]


def _p(p: float) -> str:
    text = formats.p_value(p)
    return text if text.startswith("<") else f"= {text}"


def _datasets(number: int) -> str:
    return "one dataset" if number == 1 else f"{number} datasets"
