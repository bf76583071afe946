"""Code that linear models share: hashed n-grams, columns, solvers.

Imported by the models.
"""
