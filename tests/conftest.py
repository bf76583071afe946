"""`FUZZ=4000 python -m pytest tests/hostile` is a campaign: so many random inputs for each property of bad input."""

import os

from hypothesis import HealthCheck, settings

asked = os.environ.get("FUZZ")
settings.register_profile(
    "fuzz",
    max_examples=int(asked or 40),
    derandomize=asked is None,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
