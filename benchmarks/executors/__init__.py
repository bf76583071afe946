"""Where cells run: processes on this machine, or a Ray cluster.

Imports `cells`; imported by `runs` and `commands`.
"""
