"""Log messages of this project's packages: on the terminal of a command, in the log of a cell.

Each package has one logger, by its own name.
"""

import logging
import sys

from benchmarks.hardware.origin import PACKAGES


def configure_logging(*, verbose: bool = False, quiet: bool = False) -> None:
    """Show messages of the project's loggers on stderr, and leave those of other libraries alone.

    Args:
        verbose: show messages from DEBUG on, each with the name of its logger.
        quiet: show messages from WARNING on; else from INFO on.
    """
    level = logging.DEBUG if verbose else logging.WARNING if quiet else logging.INFO
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(logging.Formatter("%(name)s: %(message)s" if verbose else "%(message)s"))
    for package in PACKAGES:
        logger = logging.getLogger(package)
        logger.handlers = [handler]
        logger.propagate = False
        logger.setLevel(level)
