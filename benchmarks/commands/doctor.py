"""`doctor`: check this machine."""

from benchmarks.commands.exit_status import ExitStatus
from benchmarks.commands.printing import PipeConsole, print_wrapped


def doctor() -> int:
    """Check that this machine can run a suite.

    Packages, libraries, device, packaged data and weights, disk space.

    Examples: `python -m benchmarks doctor` · `python -m benchmarks doctor --help`
    """
    from benchmarks.runs.doctor import checks

    console = PipeConsole()
    failed = False
    for check in checks():
        print_wrapped(console, f"{'ok  ' if check.ok else 'FAIL'} {check.name}: {check.finding}")
        failed |= not check.ok
    return ExitStatus.USAGE if failed else ExitStatus.OK
