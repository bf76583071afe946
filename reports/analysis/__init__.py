"""Results on disk to statistics.

Imports `benchmarks.schema` and `benchmarks.store.results`; imported by `reports.figures.draw` and `reports.render`.
"""
