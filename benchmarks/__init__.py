"""The harness: command line, registry, suites, cells, clock, runner, store, environment, audits."""

__version__ = "0.2.0"
