"""A results folder with two or three trained cells, whose costs a test sets."""

import numpy as np

from benchmarks.cells.run_cell import run_cell
from benchmarks.registry.entries import entry
from benchmarks.schema.cell import CellSpec
from benchmarks.schema.measurements import Measure
from benchmarks.store.results import Store
from data.dataset import Dataset, Split

WORDS = (["dull", "poor", "awful", "flat", "weak"], ["great", "superb", "moving", "fine", "rich"])
RUN = {"suite": "toy", "code_version": "0", "device": "cpu", "precision": "fp32"}
MEASURE = Measure(rows=40, repeats=2, single=10)


def hard_split(size, first_row, seed):
    """Texts whose words speak for their class three times out of four, so that models err and differ."""
    generator = np.random.default_rng(seed)
    labels = np.arange(size) % 2
    texts = tuple(
        f"film {first_row + n} was "
        + " ".join(generator.choice(WORDS[label if generator.uniform() < 0.75 else 1 - label]) for _ in range(3))
        for n, label in enumerate(labels)
    )
    return Split(texts, labels, np.full(size, 6), first_row + np.arange(size), ("negative", "positive"))


DATA = Dataset("hard", hard_split(120, 0, 0), hard_split(200, 1000, 1), hard_split(240, 2000, 2), {"origin": "made up"})


def spec_of(model, seed=1, train_size=100, **params):
    """A cell of the dataset."""
    return CellSpec(
        dataset=DATA.name, data_fingerprint=DATA.fingerprint, train_size=train_size, valid_size=200, test_size=240,
        model=model, model_params=entry("models", model).settings(params), loss="ce", loss_params={}, seed=seed,
        device="cpu", precision="fp32", code_version="an earlier one", measure=MEASURE,
    )  # fmt: skip


def trained(folder, *specs):
    """A results folder in which the cells have run."""
    store = Store(folder)
    store.create()
    store.write_data(DATA)
    for spec in specs:
        run_cell(spec, store, lambda done, total: None)
    store.write_run(RUN | {"dataset": {"fingerprint": DATA.fingerprint}, "planned": [spec.id for spec in specs]})
    return store


def set_cost(store, spec, milliseconds):
    """Have a cell take so long for a text."""
    result = store.read_result(spec.id)
    timed = result.measurement("text_to_label")
    timed.seconds[:] = [count * milliseconds / 1000 for count in timed.examples]
    store.write_result(result)


def set_validation(store, spec, accuracy, seed=0):
    """Have a cell predict the validation texts with that accuracy, surer where it is right."""
    generator = np.random.default_rng(seed)
    frame = store.read_validation(spec.id)
    labels = frame["label"].to_numpy()
    right = generator.permutation(len(labels)) < accuracy * len(labels)
    sure = np.where(right, generator.uniform(0.6, 1.0, len(labels)), generator.uniform(0.5, 0.8, len(labels)))
    predicted = np.where(right, labels, 1 - labels)
    frame["probability_1"] = np.where(predicted == 1, sure, 1 - sure)
    frame["probability_0"] = 1 - frame["probability_1"]
    store.write_validation(spec.id, frame)


def permute_test_labels(store):
    """Give the test texts each other's labels, in the data and in all predictions."""
    generator = np.random.default_rng(0)
    for path in store.folder.glob("cells/*/predictions.parquet"):
        frame = store.read_predictions(path.parent.name)
        frame["label"] = generator.permutation(frame["label"].to_numpy())
        frame.to_parquet(path, index=False, write_page_checksum=True)
        result = store.read_result(path.parent.name)
        store.write_result(result.model_copy(update={"metrics": dict.fromkeys(result.metrics, 0.5)}))
