"""Facts that results must share to be compared; a report refuses results that differ in them."""

from collections.abc import Iterable, Sequence

from benchmarks.schema.cell import CellSpec
from benchmarks.schema.result import CellResult

CODE = ("code_version", "libraries", "model_plugin", "loss_plugin", "model_files")
"""Fields that must be equal in all trainings of a configuration: seeds and repeats of one code."""

MACHINE = ("processor", "accelerator", "threads")
"""Keys of a result's environment that decide its speed."""


def why_not_comparable(specs: Iterable[CellSpec]) -> str:
    """Why the cells' accuracies may not stand in one comparison, in one line; "" if they may.

    All must predict the same test rows of the same data, and the trainings of one configuration must be of the same
    code, libraries, plug-ins and external files: else a difference between seeds is one between programs. Cells of
    another code are no hindrance where they are the two sides that are compared; ask for each side alone.
    """
    cells = list(specs)
    if len({spec.data_fingerprint for spec in cells}) > 1:
        shown = dict.fromkeys(f"{spec.dataset} ({spec.data_fingerprint[:12]})" for spec in cells)
        return f"cells of different data cannot be compared: {', '.join(shown)}"
    for trainings in _by_settings(cells):
        first = trainings[0]
        for other in trainings:
            for field in CODE:
                ours, theirs = getattr(first, field), getattr(other, field)
                if ours != theirs:
                    return (
                        f"cells of {first.model} x {first.loss} cannot be compared: {first.id} and {other.id} differ "
                        f"in {field} ({_difference(ours, theirs)}); run the older one again"
                    )
    return ""


def why_rates_not_comparable(results: Iterable[CellResult]) -> str:
    """Why the results' times may not stand in one comparison, in one line; "" if they may.

    All must come from one kind of machine with the same number of threads, and be measured in the same way.
    """
    cells = [result for result in results if result.measurements]
    for key in MACHINE:
        found = dict.fromkeys(str(cell.environment.get(key)) for cell in cells)
        if len(found) > 1:
            return f"times cannot be compared: {key} is {' and '.join(found)}"
    if len({tuple(cell.measure.settings.items()) for cell in cells if cell.measure}) > 1:
        return "times cannot be compared: cells were measured with different [measure] settings; run the suite again"
    return ""


def _by_settings(specs: Sequence[CellSpec]) -> Iterable[list[CellSpec]]:
    """The cells that would be one configuration if their code were the same."""
    groups: dict[str, list[CellSpec]] = {}
    for spec in specs:
        blank = {field: type(getattr(spec, field))() for field in CODE}
        groups.setdefault(spec.model_copy(update=blank).configuration, []).append(spec)
    return groups.values()


def _difference(ours: object, theirs: object) -> str:
    """Two values of a field, in a message; of dictionaries, the items that differ."""
    if isinstance(ours, dict) and isinstance(theirs, dict):
        keys = sorted(key for key in ours.keys() | theirs.keys() if ours.get(key) != theirs.get(key))
        return ", ".join(f"{key} {_shown(ours.get(key))} and {_shown(theirs.get(key))}" for key in keys)
    return f"{_shown(ours)} and {_shown(theirs)}"


def _shown(value: object) -> str:
    return str(value or "none")[:24]
