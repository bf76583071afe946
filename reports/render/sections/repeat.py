"""What was run, and how do I repeat it?"""

import shlex
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import pandas as pd

from benchmarks.redaction import without_folders
from reports.analysis.results import Results
from reports.analysis.run_analysis import Analysis
from reports.render.blocks import Command, Facts, Figures, Section, Table, Text, group, section
from reports.render.tuning_tables import tuning_sentence

if TYPE_CHECKING:
    from reports.figures.draw import Gallery

MOST_CLASSES = 20


def repeat(analysis: Analysis, tables: Mapping[str, pd.DataFrame], drawings: "Gallery | None") -> Section:
    """The command, every parameter of every row, the data, the machine and the code."""
    results = analysis.results
    run = results.run
    return section(
        "repeat",
        "What was run, and how do I repeat it?",
        [
            group("", [Command(shlex.join(run["command"])), Text(_whole(run["command"])), Text(run["description"])]),
            group("", [Table("Each row of this report, with every parameter", tables["settings"], above=True)]),
            group(
                "Tuning",
                [
                    Text(tuning_sentence(results)),
                    Table("Searches for settings, on validation", tables["tuning"]),
                    Figures(getattr(drawings, "tuning", ())),
                ],
            ),
            group("Data", [Facts((("Data", _data(run["dataset"])), *_provenance(run["dataset"])))]),
            group("Machine and code", [Facts(tuple(_machine(results)))]),
            group("Training, epoch by epoch", [Figures(getattr(drawings, "training", ()), everywhere=False)]),
        ],
    )


def _whole(command: Sequence[str]) -> str:
    """Name the file of the command with its full paths; "" if no path is shortened."""
    if not any("…/" in word for word in command):
        return ""
    return "With its full paths, it stands in command.sh of the results folder."


def _data(dataset: Mapping[str, Any]) -> str:
    classes = dataset["classes"]
    more = f" and {len(classes) - MOST_CLASSES:,} more" if len(classes) > MOST_CLASSES else ""
    sizes = ", ".join(
        f"{dataset[key]:,} {name}" for key, name in (("train", "training"), ("valid", "validation"), ("test", "test"))
    )
    return f"{dataset['name']}; {sizes} texts; classes {', '.join(map(str, classes[:MOST_CLASSES]))}{more}"


def _provenance(dataset: Mapping[str, Any]) -> list[tuple[str, str]]:
    known = [(str(key), str(value)) for key, value in dataset["provenance"].items()]
    return [*known, ("Fingerprint (sha256 over texts and labels)", dataset["fingerprint"])]


def _machine(results: Results) -> list[tuple[str, str]]:
    run, environment = results.run, results.run["environment"]
    shared = run["devices_per_cell"]
    devices = (
        f"; {shared} devices share a training where the model's name says so; all else is measured on one"
        if shared > 1
        else ""
    )
    accelerator = f", {environment['accelerator']}" if environment["accelerator"] else ""
    packages = ", ".join(f"{name} {version}" for name, version in environment["packages"].items())
    return [
        *((f"Weights of {model}", str(encoder)) for model, encoder in _weights(results)),
        ("Device", f"{run['device']}{devices}"),
        (
            "Machine",
            f"{environment['processor']}, {environment['cores']} cores, {environment['threads']} threads used, "
            f"{environment['memory_bytes'] / 1e9:.1f} GB memory{accelerator}; {environment['platform']}",
        ),
        ("Started", run["started"]),
        ("Code", f"version {run['code_version']}, Python {environment['python']}, {packages}"),
    ]


def _weights(results: Results) -> list[tuple[str, str]]:
    """Models that begin from pre-trained weights, and which."""
    with_encoder = [c for c in results.configurations if c.model_params.get("encoder")]
    return list(dict.fromkeys((c.model_name, without_folders(str(c.model_params["encoder"]))) for c in with_encoder))
