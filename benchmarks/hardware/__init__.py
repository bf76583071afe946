"""The machine: device, precision, processors a cell may use, environment.

Imports `schema`; imported by every package above it.
"""
