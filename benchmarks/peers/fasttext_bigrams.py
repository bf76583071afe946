"""fastText with word pairs (Joulin et al. 2016, arXiv:1607.01759).

Text preparation and learning rate are those of its tutorial; writing the file that it reads is part of the work.
"""

import re
from collections.abc import Iterable
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.peers.contest import Side, class_indices, text_to_labels, whole
from data.dataset import Dataset, IntArray
from models.model import Runtime

OURS = ("nbsvm",)
SIZES = (5_000, 2_500)
WORK = "training texts → fitted model → classes of the test texts; fastText's file included"

PUNCTUATION = re.compile(r"([.!?,'/()])")


def sides(ours: str, data: Dataset, runtime: Runtime) -> tuple[Side, Side]:
    """Prepare our model and fastText, on the same number of threads."""
    import fasttext

    def peer() -> IntArray:
        with TemporaryDirectory() as folder:
            file = Path(folder) / "train.txt"
            lines = zip(data.train.labels.tolist(), prepared(data.train.texts), strict=True)
            file.write_text("".join(f"__label__{label} {text}\n" for label, text in lines), encoding="utf-8")
            model = fasttext.train_supervised(
                str(file), lr=0.5, epoch=5, wordNgrams=2, thread=runtime.threads, verbose=0, seed=runtime.seed
            )
        labels, _ = model.predict(list(prepared(data.test.texts)))
        return class_indices([label for (label,) in labels])

    return text_to_labels(ours, data, runtime), Side(whole(peer))


def prepared(texts: Iterable[str]) -> Iterable[str]:
    """Separate punctuation and lower the case, as fastText's tutorial does."""
    return (" ".join(PUNCTUATION.sub(r" \1 ", text.lower()).split()) for text in texts)
