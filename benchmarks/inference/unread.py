"""Texts that a model labels without having read anything it knows: their labels say nothing about them."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from benchmarks.inference.saved import Scored
from data.arrays import FloatArray

SHOWN = 5
"""Texts that a warning names at most."""


@dataclass
class Unread:
    """Numbers of such texts, from 1, as they are scored."""

    empty: list[int] = field(default_factory=list)
    unknown: list[int] = field(default_factory=list)
    scored: int = 0

    def counting(self, score: Callable[[Sequence[str]], Scored]) -> Callable[[Sequence[str]], FloatArray]:
        """Return `score` reduced to probabilities; the texts it cannot read are counted."""

        def counted(texts: Sequence[str]) -> FloatArray:
            found = score(texts)
            self.empty += (self.scored + 1 + found.empty.nonzero()[0]).tolist()
            self.unknown += (self.scored + 1 + found.unknown.nonzero()[0]).tolist()
            self.scored += len(texts)
            return found.probabilities

        return counted

    @property
    def warnings(self) -> Iterator[str]:
        """Sentences about them."""
        for numbers, what in ((self.empty, "empty"), (self.unknown, "without any word that the model knows")):
            if numbers:
                named = ", ".join(f"{number:,}" for number in numbers[:SHOWN])
                more = f" and {len(numbers) - SHOWN:,} more" if len(numbers) > SHOWN else ""
                are, their = ("is", "its label is") if len(numbers) == 1 else ("are", "their labels are")
                yield (
                    f"{len(numbers):,} of {self.scored:,} texts {are} {what} (number {named}{more}); {their} the "
                    "model's answer to no text at all"
                )
