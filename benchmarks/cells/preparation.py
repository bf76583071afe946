"""Build data, loss, model and runtime of a cell from its specification."""

import dataclasses
from dataclasses import dataclass
from typing import cast

import numpy as np

from benchmarks.hardware.sharing import keep_threads
from benchmarks.hardware.slots import threads
from benchmarks.hardware.thread_pools import limit_thread_pools
from benchmarks.registry.entries import add_plugin, is_sha256, loss_class, model_class, require
from benchmarks.schema.cell import SAMPLE_SEED, CellSpec
from benchmarks.store.results import Store
from data.dataset import Dataset, Split
from losses.loss import Loss
from models.external_files import require_files
from models.model import Device, Model, Precision, Runtime
from models.selection import Criterion


@dataclass(frozen=True)
class Prepared:
    """The objects of a cell, ready to be trained.

    Attributes:
        data: the training rows are those of the cell's size; shuffled labels are shuffled.
        loss: built on the training rows.
        model: not fitted.
        runtime: of this process.
    """

    data: Dataset
    loss: Loss
    model: Model
    runtime: Runtime


def prepare(spec: CellSpec, store: Store) -> Prepared:
    """Load the data, build loss and model, and limit the process to its threads.

    Raises:
        UsageError: a plug-in is missing in the version that the cell was planned with.
        ValueError: the model's external files are others than the cell was planned with.
    """
    runtime = runtime_of(spec)
    limit_thread_pools(runtime.threads)
    adopt_plugins(spec, store)
    data = dataset_of(spec, store)
    loss = loss_class(spec.loss)(data.train.lengths, data.train.labels, **spec.loss_params)
    model = on_steady_threads(model_class(spec.model)(**spec.model_params))
    require_files(model, spec.model_files)
    return Prepared(data, loss, model, runtime)


def runtime_of(spec: CellSpec) -> Runtime:
    """Return the runtime of one of the cell's processes: they share the threads of the slot."""
    return Runtime(
        device=cast(Device, spec.device),
        precision=cast(Precision, spec.precision),
        seed=spec.seed,
        devices=spec.devices,
        threads=max(1, threads() // spec.devices),
        criterion=Criterion(spec.metric, spec.costs),
    )


def on_steady_threads(model: Model) -> Model:
    """Return a model; if it compiles its network, the process keeps all of its threads from now on."""
    if getattr(model, "compile", False):
        keep_threads()
    return model


def dataset_of(spec: CellSpec, store: Store) -> Dataset:
    """Read the cell's data: redrawn by its repeat, sampled to its size, with shuffled labels if its role says so."""
    whole = store.read_data(spec.data_fingerprint).redrawn(spec.repeat)
    data = dataclasses.replace(whole, train=training_sample(whole.train, spec))
    if spec.role != "shuffled labels":
        return data
    return dataclasses.replace(data, train=with_shuffled_labels(data.train), valid=with_shuffled_labels(data.valid))


def training_sample(train: Split, spec: CellSpec) -> Split:
    """Draw the cell's training rows."""
    if spec.per_class is not None:
        return train.sample_each(spec.per_class, seed=SAMPLE_SEED)
    return train.sample(min(spec.train_size, len(train)), seed=SAMPLE_SEED)  # a repeat may have a few rows fewer


def adopt_plugins(spec: CellSpec, store: Store) -> None:
    """Register the plug-ins of a cell's model and loss, in the version that it was planned with.

    Raises:
        UsageError: that version is missing.
    """
    for plugin in {spec.model_plugin, spec.loss_plugin}:
        if is_sha256(plugin):
            add_plugin(store.plugin_path(plugin))
    require("models", spec.model, spec.model_plugin)
    require("losses", spec.loss, spec.loss_plugin)


def with_shuffled_labels(split: Split) -> Split:
    """Return the texts with uninformative labels: within each class, all labels in the proportions of the whole.

    Each class takes those at the same places of the sorted labels, so its texts say nothing of them. Classes of fewer
    texts than there are labels would all leave out the same ones: there, the classes' texts take turns at their common
    places, and every label is given as often as before.
    """
    generator = np.random.default_rng(SAMPLE_SEED)
    places, in_order = np.empty(len(split)), np.sort(split.labels)
    for label in range(split.num_classes):
        members = generator.permutation(np.flatnonzero(split.labels == label))
        places[members] = (np.arange(len(members)) + 0.5) / len(members)
    labels = in_order[(places * len(split)).astype(np.int64)]
    if len(np.unique(labels)) < len(np.unique(in_order)):
        labels[np.lexsort((generator.random(len(split)), places))] = in_order
    return dataclasses.replace(split, labels=labels)
