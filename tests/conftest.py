"""`FUZZ=4000 python -m pytest tests/hostile` is a campaign: so many random inputs for each property of bad input."""

import os
import signal

import pytest
from hypothesis import HealthCheck, settings

asked = os.environ.get("FUZZ")
settings.register_profile(
    "fuzz",
    max_examples=int(asked or 40),
    derandomize=asked is None,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)


@pytest.fixture(scope="session", autouse=True)
def own_cache(pytestconfig, tmp_path_factory):
    """Keep the user's cache of vectors out of the tests, and the tests out of it."""
    kept = pytestconfig.pluginmanager.hasplugin("cacheprovider")
    folder = pytestconfig.cache.mkdir("vectors") if kept else tmp_path_factory.mktemp("cache")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("BENCHMARKS_CACHE", str(folder))  # to distil once
        yield


@pytest.fixture(autouse=True)
def no_timer():
    """End the timer by which `limit_thread_pools` looks at the load: no test leaves one to the next."""
    yield
    signal.setitimer(signal.ITIMER_REAL, 0)
