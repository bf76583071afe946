"""fastText with its own search for settings (`autotune`) on our validation texts; the search is part of the work."""

from collections.abc import Iterable
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.peers.contest import Side, class_indices, text_to_labels, whole
from benchmarks.peers.fasttext_bigrams import prepared
from data.dataset import Dataset, IntArray, Split
from models.model import Runtime

OURS = ("nbsvm",)
SIZES = (5_000, 2_500)
SECONDS = 60
WORK = f"training texts → fitted model → classes of the test texts; a search of {SECONDS} s included"


def sides(ours: str, data: Dataset, runtime: Runtime) -> tuple[Side, Side]:
    """Prepare our model, which chooses on the same validation texts, and fastText, on the same number of threads."""
    import fasttext

    def peer() -> IntArray:
        with TemporaryDirectory() as folder:
            train, valid = (Path(folder) / name for name in ("train.txt", "valid.txt"))
            for file, split in ((train, data.train), (valid, data.valid)):
                file.write_text("".join(_lines(split)), encoding="utf-8")
            model = fasttext.train_supervised(
                str(train),
                autotuneValidationFile=str(valid),
                autotuneDuration=SECONDS,
                thread=runtime.threads,
                verbose=0,
                seed=runtime.seed,
            )
        labels, _ = model.predict(list(prepared(data.test.texts)))
        return class_indices([label for (label,) in labels])

    return text_to_labels(ours, data, runtime), Side(whole(peer))


def _lines(split: Split) -> Iterable[str]:
    pairs = zip(split.labels.tolist(), prepared(split.texts), strict=True)
    return (f"__label__{label} {text}\n" for label, text in pairs)
