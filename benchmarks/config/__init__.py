"""Configuration: suite files, the plan (suite and options -> cells), datasets (name or path -> source).

Imports `hardware`, `registry`, `store`; imported by `inference`, `peers`, `cells` and above.
"""
