"""The commands, one file each. Each imports what it needs when it runs, so that `list` and `--help` answer at once."""
