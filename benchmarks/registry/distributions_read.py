"""Importing this module reads which distributions are installed, which takes a quarter of a second.

The fork server of the cells imports it, so that their processes, which check their code and libraries, need not.
"""

from benchmarks.registry.installed import distributions

distributions()
