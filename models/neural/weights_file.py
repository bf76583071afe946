"""The file of a network's weights: its name, and the check of its content against the network."""

from torch import Tensor

WEIGHTS_FILE = "model.safetensors"


def check_weights(expected: dict[str, Tensor], weights: dict[str, Tensor]) -> None:
    """Raise ValueError unless both have the same names, shapes and types, and every weight is finite."""
    for name in sorted(expected.keys() | weights.keys()):
        wanted, found = (_describe(tensors.get(name)) for tensors in (expected, weights))
        if wanted != found:
            raise ValueError(f"{WEIGHTS_FILE}: {name} is {found}, but the network wants {wanted}")
        if not weights[name].isfinite().all():
            raise ValueError(f"{WEIGHTS_FILE}: {name} holds NaN or infinity")


def _describe(tensor: Tensor | None) -> str:
    return "missing" if tensor is None else f"{tensor.dtype} {tuple(tensor.shape)}"
