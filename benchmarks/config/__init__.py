"""What to run: suite files, the plan (suite and options to cells), datasets (a name or path to a source).

Imports `hardware`, `registry`, `store`; imported by `inference`, `peers`, `cells` and above.
"""
