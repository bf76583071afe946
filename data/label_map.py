"""Which labels of a table make which classes, as `1,2=neg;4,5=pos` says."""

from collections.abc import Mapping

from data.dataset import DataError

FORM = "LABEL[,LABEL..]=CLASS;LABEL[,LABEL..]=CLASS"


def parse_label_map(text: str) -> Mapping[str, str]:
    """Label -> class; classes in the order they are named. A class may be named in several places.

    Raises:
        DataError: not of that form, a label with two classes, or fewer than two classes.
    """
    classes: dict[str, str] = {}
    for part in filter(None, (part.strip() for part in text.split(";"))):
        labels, equals, name = (piece.strip() for piece in part.rpartition("="))
        values = [label.strip() for label in labels.split(",")]
        if not equals or not name or not all(values):
            raise DataError(f"{part!r} is not of the form {FORM}")
        for value in values:
            if classes.setdefault(value, name) != name:
                raise DataError(f"label {value!r} is given to two classes, {classes[value]!r} and {name!r}")
    if len(set(classes.values())) < 2:
        raise DataError(f"it names fewer than two classes (the form is {FORM})")
    return classes
