"""`python -m benchmarks`, and the command `benchmarks`."""

import sys

INTERRUPTED = 130


def main() -> None:
    """Run the command line; Ctrl-C while it is being imported ends without a traceback."""
    try:
        from benchmarks.cli import main as run_command_line
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        sys.exit(INTERRUPTED)
    run_command_line()


if __name__ == "__main__":
    main()
