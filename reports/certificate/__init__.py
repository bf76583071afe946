"""Simulations that check the size, coverage and power of every verdict: `python -m reports.certificate`.

Imports `reports.analysis`; imported by tests alone.
"""
