"""`doctor`: has this machine what a run needs?"""

from rich.console import Console

from benchmarks.commands import exit_codes


def doctor() -> int:
    """Check that this machine has what a run needs.

    Examples: `python -m benchmarks doctor` · `python -m benchmarks doctor --help`
    """
    from benchmarks.runs.doctor import checks

    console = Console()
    failed = False
    for check in checks():
        console.print(f"{'ok  ' if check.ok else 'FAIL'} {check.name}: {check.finding}", markup=False, soft_wrap=True)
        failed |= not check.ok
    return exit_codes.USAGE if failed else exit_codes.OK
