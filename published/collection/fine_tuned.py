"""The best fine-tuned encoder beside the best other contender of each dataset: `fine_tuned.py RESULTS FILE.csv`.

Both are picked by their accuracy on test. The interval is of their difference by itself, over test rows and trainings.
"""

import csv
import sys
from pathlib import Path

from benchmarks.store.collection import gathered
from reports.analysis.contenders import Entry, contenders
from reports.analysis.estimates import Estimate, estimate
from reports.analysis.results import read_results

FINE_TUNED = ("distilbert", "distilbert_mlp", "transformer")


def lead(first: Entry, second: Entry) -> Estimate:
    """Return how far the first is ahead; trainings of different models are independent."""
    if first.figure.trainings == second.figure.trainings == 1:
        return estimate(first.figure - second.figure)
    return estimate(first.figure, minus=second.figure)


def main(results: Path, path: Path) -> None:
    """Write one row for each dataset."""
    runs = [read_results(folder) for folder in gathered([results]).folders]
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(["dataset", "fine_tuned", "other", "lead", "low", "high", "shown_over_every_other"])
        for dataset, entries in contenders(runs, "accuracy").items():
            by_accuracy = sorted(entries, key=lambda name: -estimate(entries[name].figure).value)
            tuned = [name for name in by_accuracy if name.startswith(FINE_TUNED)]
            others = [name for name in by_accuracy if name not in tuned]
            leads = [lead(entries[tuned[0]], entries[other]) for other in others]
            shown = all(one.interval.low > 0 for one in leads)
            figures = [f"{100 * value:.2f}" for value in (leads[0].value, *leads[0].interval)]
            writer.writerow([dataset, tuned[0], others[0], *figures, shown])


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
