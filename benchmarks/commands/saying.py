"""How commands say what they did."""

from rich.console import Console


def say(console: Console, line: str) -> None:
    """Print a line as it is: brackets are no markup, nothing in it is coloured, and it is not broken."""
    console.print(line, markup=False, highlight=False, soft_wrap=True)
