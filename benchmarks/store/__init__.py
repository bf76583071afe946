"""A results folder: atomic files, lock, results, timings.

Imports `schema`; imported by `config`, `cells`, `inference`, `executors`, `runs`, `commands` and `reports`.
"""
