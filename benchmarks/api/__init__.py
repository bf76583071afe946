"""The Python interface: `run` and its result, loaded when `benchmarks.run` is first used.

Imports `commands`; imported by `benchmarks/__init__.py` alone.
"""
