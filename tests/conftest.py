"""`FUZZ=4000 python -m pytest tests/hostile` is a campaign: so many random inputs for each property of bad input."""

import os
import signal
import sys

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


@pytest.fixture
def type_in(monkeypatch, capsys, tmp_path):
    """Type a command in an empty folder: its exit status, output and errors."""
    from benchmarks.cli import main

    monkeypatch.chdir(tmp_path)

    def type_in(*arguments):
        monkeypatch.setattr(sys, "argv", ["benchmarks", *map(str, arguments)])
        with pytest.raises(SystemExit) as caught:
            main()
        output, errors = capsys.readouterr()
        return caught.value.code or 0, output, errors

    return type_in
