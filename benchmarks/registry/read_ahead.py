"""Importing this module reads what every cell checks: installed distributions, and the code of the built-in models.

That takes half a second. The fork server of the cells imports it, so that their processes only compare the code with
what was read here.
"""

from benchmarks.registry.code_version import read_built_in
from benchmarks.registry.installed import distributions

distributions()
read_built_in()
