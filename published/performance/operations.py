"""The share of each kind of operation in the time of distilbert: `python operations.py FILE.csv`."""

import csv
import sys
from collections import Counter
from pathlib import Path

from torch.profiler import ProfilerActivity, profile

from benchmarks.config.datasets import load_dataset
from benchmarks.config.suite import Data
from benchmarks.hardware.device import resolve_runtime
from benchmarks.hardware.processor import processor
from benchmarks.hardware.thread_pools import limit_thread_pools
from losses.ce import CrossEntropy
from models.distilbert import DistilBert

TRAIN, VALID, SCORED = 320, 50, 512

KINDS = {
    "matrix products": ("mm", "linear", "matmul"),
    "softmax": ("softmax",),
    "GELU": ("gelu",),
    "layer norm": ("layer_norm",),
    "optimizer": ("adamw", "norm"),
    "copies": ("copy", "cat", "clone", "index", "embedding", "gather", "fill", "zero"),
}
"""Kind -> parts of the names of its operations; the first kind that fits counts."""


def kind_of(operation: str) -> str:
    """Return the kind of an operation such as `aten::addmm`."""
    return next((kind for kind, parts in KINDS.items() if any(part in operation for part in parts)), "other")


def shares(profiled: profile) -> Counter[str]:
    """Seconds of each kind, without what the operations call."""
    found: Counter[str] = Counter()
    for event in profiled.key_averages():
        found[kind_of(event.key)] += event.self_cpu_time_total / 1e6
    return found


def main(path: Path) -> None:
    """Train and score once each under the profiler, and write the shares."""
    data = load_dataset(Data(name="imdb-packaged"))
    runtime = resolve_runtime("cpu", "auto")
    limit_thread_pools(runtime.threads)
    train, valid, test = (
        split.sample(size, 0)
        for split, size in zip((data.train, data.valid, data.test), (TRAIN, VALID, SCORED), strict=True)
    )
    model = DistilBert(epochs=1)
    loss = CrossEntropy(train.lengths, train.labels)
    with profile(activities=[ProfilerActivity.CPU]) as training:
        model.fit(train, valid, loss, runtime)
    encoded = model.encode(test.texts)
    with profile(activities=[ProfilerActivity.CPU]) as scoring:
        model.score(encoded)
    with path.open("w", encoding="utf-8", newline="") as stream:
        rows = csv.writer(stream)
        rows.writerow(["work", "kind", "share", "precision", "processor"])
        for work, profiled in (("training", training), ("scoring", scoring)):
            seconds = shares(profiled)
            for kind in (*KINDS, "other"):
                rows.writerow([work, kind, round(seconds[kind] / seconds.total(), 3), runtime.precision, processor()])


if __name__ == "__main__":
    main(Path(sys.argv[1]))
