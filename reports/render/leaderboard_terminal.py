"""A leaderboard in the terminal."""

from rich.console import Console

from reports.analysis.leaderboard import Leaderboard
from reports.render.leaderboard import tables
from reports.render.leaderboard_words import cautions, limits, verdicts
from reports.render.terminal import print_frame


def print_leaderboard(board: Leaderboard, console: Console) -> None:
    """The verdict, the overall table, each dataset, and what cannot be said."""
    shown = tables(board)
    print_frame(console, f"Over {len(board.boards)} datasets", shown["overall"])
    print_frame(console, "Each dataset", shown["datasets"])
    for sentence in [*cautions(board), *verdicts(board), *limits(board)]:
        console.print(sentence, markup=False, highlight=False)
