"""The check that a linear model has training texts of every class."""

import numpy as np

from data.dataset import Split


def require_every_class(train: Split, model: str) -> None:
    """Check that each class has a training text: a linear model compares each with the others.

    Args:
        train: the training texts.
        model: its name, for the message.

    Raises:
        ValueError: a class has none.
    """
    missing = np.flatnonzero(np.bincount(train.labels, minlength=train.num_classes) == 0)
    if len(missing):
        raise ValueError(
            f"{len(missing)} of {train.num_classes} classes have no training text, such as "
            f"{train.class_names[missing[0]]!r}: {model} compares each class with the others (choices: a larger "
            "training size, or another model)"
        )
