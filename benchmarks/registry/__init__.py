"""Names to classes: entries, plug-ins, contract, scaffolding, code version.

Imports `schema`, `models`, `losses`, `data`; imported by every package above it.
"""

from benchmarks.registry.registration import add_plugin

__all__ = ["add_plugin"]
