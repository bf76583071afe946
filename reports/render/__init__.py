"""Reports as Markdown, HTML and terminal tables.

Imports `reports.figures.draw` and `reports.analysis.run_analysis`; imported by `benchmarks.commands`.
"""
