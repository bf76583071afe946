"""Made-up texts, so that this runs as it is. Describe your texts here, and name their source."""

from typing import ClassVar

from data.source import RawDataset, RawSplit, Source, as_labels


class MyDataset(Source):
    """One thousand made-up sentences, good and bad."""

    name: ClassVar[str] = "my_dataset"

    def load(self) -> RawDataset:
        """Read everything: put your own reading here, and raise DataError where it cannot be read."""
        labels = [row % 2 for row in range(1000)]
        texts = [f"film {row} was {('dull', 'superb')[label]}" for row, label in enumerate(labels)]
        return RawDataset(
            train=RawSplit(tuple(texts), as_labels(labels)),
            test=None,  # cut from the training rows
            class_names=("negative", "positive"),
            order="random",  # "blocks" where neighbouring rows are alike
            provenance={"origin": "made up"},
        )
