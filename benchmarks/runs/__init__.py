"""A run: checked, described, swept; its display, event log, trackers and interrupts.

Imports `executors`; imported by `commands`.
"""
