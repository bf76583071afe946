"""Figures as SVG.

Imports `reports.analysis.run_analysis`; imported by `reports.render`.
"""
