"""What a command's exit status says."""

OK, WORSE, USAGE, CELLS_FAILED, INTERRUPTED = 0, 1, 2, 3, 130
"""Done; `compare` or `check` found something worse; wrong usage or bad input; some cells failed; Ctrl-C."""
