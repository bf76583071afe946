"""A trained model in use: load, predict, explain, export, write predictions.

Imports `measurement` and `config`; imported by `cells`, `executors`, `runs` and `commands`.
"""
