"""Truncation of texts longer than a model reads (Sun et al. 2019, arXiv:1905.05583, section 5.3.1)."""

from typing import Literal

Truncation = Literal["head", "tail", "head_tail"]
"""The first tokens, the last ones, or a quarter of the first and the rest from the last."""


def truncate(tokens: list[int], length: int, truncation: Truncation) -> list[int]:
    """Return at most `length` of a text's tokens, in order."""
    if len(tokens) <= length:
        return tokens
    first = {"head": length, "tail": 0, "head_tail": length // 4}[truncation]
    return tokens[:first] + tokens[len(tokens) - (length - first) :]
