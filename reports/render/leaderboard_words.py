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
    rank = f"mean rank {first.mean_rank.value:.2f} of {len(board.places)}"
    datasets = _datasets(len(board.boards))
    if len(board.places) == 1:
        return [f"{first.contender} is the only contender with a result on every dataset ({datasets})."]
    found = [
        f"By {METRICS[board.metric].name} over {datasets}, {first.contender} has the best {rank} "
        f"({first.mean_rank.interval.low:.2f} to {first.mean_rank.interval.high:.2f}). It is ahead of another "
        f"contender in {formats.percent(first.win_rate.value)} of the comparisons, one for each other and dataset."
    ]
    return [*found, *_tested(board)]


def limits(board: Leaderboard) -> list[str]:
    """List the claims that the data do not support, with the reasons."""
    number = len(board.boards)
    found = []
    if number == 1:
        found.append("One dataset says nothing about another: intervals are over its test rows and seeds alone.")
    elif number < FEWEST:
        found.append(
            f"{_datasets(number).capitalize()} are too few for a test over datasets: no difference between contenders "
            f"can be shown with fewer than {FEWEST}, and the intervals over datasets are too narrow."
        )
    elif number < 10:
        found.append(
            f"With {_datasets(number)} only a contender that wins nearly everywhere can be shown to be better; "
            "bootstrap intervals over so few datasets are rather too narrow."
        )
    if number < FEWEST_FOR_A_MODEL:
        found.append(
            f"Which traits of a dataset decide the winner is not modelled: that takes {FEWEST_FOR_A_MODEL} datasets."
        )
    else:
        found.append("The traits stand beside the winners for the reader; no model is fitted to them.")
    once = [name for name in _names(board) if all(b.scores[name].trainings == 1 for b in board.boards)]
    if once:
        found.append(f"{listed(once)} ran once on each dataset, so that no interval covers another training.")
    found += [
        f"{name}: trained on fewer texts than other contenders; its rank says nothing about training on all of them."
        for name in _names(board)
        if any(one.scores[name].train_size < _most(one) for one in board.boards)
    ]
    found += [
        f"{name} has no result on {listed(list(datasets))} and is not ranked."
        for name, datasets in board.partial.items()
    ]
    found += [f"{name} could not be used: {reason}." for name, reason in board.unreadable.items()]
    if board.doubts:
        found.append(f"Times do not compare: {board.doubts}.")
    return found


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
            f"(p {_p(tests.friedman_p)}); mean ranks differ from {tests.critical_difference:.2f} apart (Nemenyi)."
        )
    of_first = [pair for pair in tests.pairs if pair.first == 0]
    ahead = [names[pair.second] for pair in of_first if pair.p_adjusted <= ALPHA]
    open_ = [names[pair.second] for pair in of_first if pair.p_adjusted > ALPHA]
    if ahead:
        found.append(f"{names[0]} is shown to be ahead of {listed(ahead)} (Wilcoxon's signed-rank test, Holm).")
    if open_:
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
    tolerance = METRICS[board.metric].tolerance
    margin = f"{100 * tolerance:.0f} point" if METRICS[board.metric].unit == "pp" else f"{tolerance:g}"
    if pair.same >= CERTAIN:
        return f"{first} and {second} differ by less than {margin} with probability {pair.same:.2f}."
    ahead, behind = (first, second) if pair.better >= CERTAIN else (second, first)
    chance = max(pair.better, pair.worse)
    return f"{ahead} is better than {behind} by more than {margin} with probability {chance:.2f}."


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
