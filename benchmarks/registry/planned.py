"""Whether the code and the libraries of this process are those that a cell was planned with."""

from collections.abc import Mapping

from benchmarks.errors import UsageError
from benchmarks.registry.code_version import code_version, forget_edited_sources
from benchmarks.registry.libraries import libraries


def check_planned(model: str, loss: str, code: str, planned: Mapping[str, str]) -> None:
    """Make sure that a cell would be filed under what computes it.

    Args:
        model: registry name.
        loss: registry name.
        code: version of their code, see `code_version`.
        planned: versions of their libraries, see `libraries`.

    Raises:
        UsageError: one of them is another one here and now.
    """
    forget_edited_sources()
    if code_version(model, loss) != code:
        raise UsageError(f"the code of {model} with {loss} has changed since this cell was planned: run again")
    found = libraries(model, loss)
    for name in sorted(planned.keys() | found.keys()):
        if planned.get(name) != found.get(name):
            raise UsageError(
                f"{name} is {found.get(name, 'not used')} here, and was {planned.get(name, 'not used')} where this "
                "cell was planned: install that version, or run again"
            )
