"""Records on disk: cell, result, measurements, audits, explanations (pydantic).

Imports `benchmarks.redaction` and `benchmarks.errors` only; every other package may import it.
"""
