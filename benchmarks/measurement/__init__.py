"""Instruments: clock, energy, load, memory, roofline.

Imports `hardware`, `registry`, `store`; imported by `inference`, `peers`, `cells` and above.
"""
