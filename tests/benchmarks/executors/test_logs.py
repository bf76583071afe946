"""Log messages on stderr, by -v and -q."""

import logging
import re

import pytest

from benchmarks.executors.logs import configure_logging
from benchmarks.hardware.origin import CHECKOUT, PACKAGES


@pytest.fixture(autouse=True)
def restored():
    loggers = [logging.getLogger(package) for package in PACKAGES]
    before = [(logger.handlers, logger.level, logger.propagate) for logger in loggers]
    yield
    for logger, (handlers, level, propagate) in zip(loggers, before, strict=True):
        logger.handlers, logger.propagate = handlers, propagate
        logger.setLevel(level)


@pytest.mark.parametrize(
    ("flags", "shown"),
    [
        ({}, ["an info", "a warning"]),
        ({"verbose": True}, ["models.x: a detail", "models.x: an info", "models.x: a warning"]),
        ({"quiet": True}, ["a warning"]),
    ],
)
def test_the_flags_choose_the_level(capsys, flags, shown):
    configure_logging(**flags)
    log = logging.getLogger("models.x")
    log.debug("a detail")
    log.info("an info")
    log.warning("a warning")
    assert capsys.readouterr().err.splitlines() == shown


def test_each_package_has_one_logger():
    sources = [path for package in PACKAGES for path in (CHECKOUT / package).rglob("*.py")]
    calls = [
        match
        for path in sources
        if path.name != "logs.py"
        for match in re.findall(r"getLogger\(.*\)", path.read_text())
    ]
    assert len(calls) >= 10
    assert set(calls) == {"getLogger(__package__)"}


def test_other_libraries_are_left_alone(capsys):
    configure_logging(verbose=True)
    logging.getLogger("somebody.else").info("hello")
    assert capsys.readouterr().err == ""
