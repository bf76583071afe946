"""Executors: run cells in processes on this machine or on a Ray cluster.

Imports `cells`; imported by `runs` and `commands`.
"""
