"""Refuse to run where another project's package shadows one of this project's generically named ones."""

from importlib.util import find_spec
from pathlib import Path

from benchmarks.errors import UsageError

PACKAGES = ("benchmarks", "models", "losses", "data", "reports")
CHECKOUT = Path(__file__).resolve().parents[2]


def check_origin(checkout: Path = CHECKOUT) -> None:
    """Make sure that each package resolves inside `checkout`.

    Raises:
        UsageError: one does not; the message names the intruder.
    """
    for package in PACKAGES:
        spec = find_spec(package)
        origin = Path(spec.origin).resolve() if spec and spec.origin else None
        if origin is None or not origin.is_relative_to(checkout):
            found = f"is {origin}" if origin else "cannot be imported"
            raise UsageError(f"package {package!r} {found}, not the one in {checkout}: run from the checkout's root")
