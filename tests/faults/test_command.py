"""Faults as the user of the command line meets them."""

import json
import os
import re
import signal
import subprocess
import sys
import threading
import time

import pytest

from benchmarks import cli
from benchmarks.config import plan
from reports.analysis.results import read_results

SUITE = """
data = { valid_size = 20, test_size = 40 }
measure = { rows = 8, repeats = 1, single = 2, processes = 1 }
grid = [ { models = ["tfidf_logreg"], losses = ["ce"], train_sizes = [40] } ]
"""


@pytest.fixture
def type_in(monkeypatch, capfd, tmp_path):
    """Type a command in a folder that holds a small suite and its data: exit status, output and errors."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "small.toml").write_text(SUITE)
    rows = (f"film {i} was {'good' if i % 2 else 'bad'} and {'so ' * (i % 7)}on,{i % 2}\n" for i in range(200))
    (tmp_path / "reviews.csv").write_text("text,label\n" + "".join(rows))

    def type_in(command, *arguments, **options):
        if command == "run":
            arguments = ("--suite", "small.toml", "--dataset", "reviews.csv", "--device", "cpu", *arguments)
        monkeypatch.setattr(sys, "argv", ["benchmarks", command, *map(str, arguments)])
        with pytest.raises(SystemExit) as caught:
            cli.main()
        return (caught.value.code or 0, *capfd.readouterr())

    return type_in


@pytest.fixture
def no_report(monkeypatch):
    """No figures and tables, which take seconds."""
    monkeypatch.setattr("benchmarks.commands.report.write_reports", lambda folder, *_: read_results(folder))


def test_an_interrupted_run_reports_what_there_is_and_says_how_to_go_on(type_in, tmp_path):
    def interrupt():
        while not list(tmp_path.glob("out/cells/*/result.json")):
            time.sleep(0.01)
        os.kill(os.getpid(), signal.SIGINT)

    thread = threading.Thread(target=interrupt)
    thread.start()
    status, output, errors = type_in("run", "--seeds", "20", "--fresh", "--out", "out")
    thread.join()
    assert status == 130
    assert "finishing the running cells; Ctrl-C again stops now" in errors
    assert errors.splitlines()[-1] == (
        "interrupted; finished cells are kept. To continue: python -m benchmarks run --suite small.toml "
        "--dataset reviews.csv --device cpu --seeds 20 --out out"
    )
    report = (tmp_path / "out" / "report.md").read_text()
    done = len(list(tmp_path.glob("out/cells/*/result.json")))
    assert 0 < done < 20
    assert f"{done} of 20 planned cells ended ok" in report
    assert report.count("the run stopped before it") == 20 - done
    assert "Traceback" not in output + errors


def test_a_run_whose_folder_is_deleted_does_not_promise_its_cells(type_in, tmp_path):
    def delete():
        while not list(tmp_path.glob("out/cells/*/result.json")):
            time.sleep(0.01)
        (tmp_path / "out").rename(tmp_path / "elsewhere")

    thread = threading.Thread(target=delete)
    thread.start()
    status, _, errors = type_in("run", "--seeds", "20", "--out", "out")
    thread.join()
    last = errors.splitlines()[-1]
    assert status == 3
    assert re.search("out (was deleted, moved or replaced during the run|is gone: it was deleted or moved)", last)
    assert last.endswith("; its finished cells went with it, and the same command starts from the beginning")


def test_damaged_files_are_named_and_made_again(type_in, tmp_path, no_report):
    assert type_in("run", "--out", "out")[0] == 0
    (data,) = tmp_path.glob("out/data/*.parquet")
    whole = data.read_bytes()
    data.write_bytes(whole[:100])
    (tmp_path / "out" / "run.json").write_text('{"schema_ver')
    status, output, _ = type_in("run", "--out", "out", "--seeds", "2")
    assert status == 0
    assert f"{data.name} is damaged" in " ".join(output.split())
    assert "run.json is damaged" in output
    assert output.count("kept as") == 2
    assert output.count("already done") == 1
    assert data.read_bytes() == whole
    assert len(json.loads((tmp_path / "out" / "run.json").read_text())["planned"]) == 2


def test_edited_code_makes_new_cells(type_in, tmp_path, no_report, monkeypatch):
    type_in("run", "--out", "out", "--seeds", "2")
    path = tmp_path / "out" / "run.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"started": "2026-01-02T03:04:05+00:00"}))
    assert "already done" in type_in("run", "--out", "out")[1]
    goes_on = json.loads(path.read_text())
    assert len(goes_on["planned"]) == 2  # what an earlier command planned stays
    assert goes_on["started"] == "2026-01-02T03:04:05+00:00"
    for module in (plan, sys.modules["benchmarks.runs.description"]):
        monkeypatch.setattr(module, "code_version", lambda model, loss: "0.1.0+edited")
    assert "already done" not in type_in("run", "--out", "out")[1]
    again = json.loads(path.read_text())
    assert len(again["planned"]) == 1
    assert not set(again["planned"]) & set(goes_on["planned"])
    assert again["started"] > goes_on["started"]  # nothing of the earlier run is left


def test_a_full_disk_is_a_line_and_exit_status_3(type_in, mounted):
    disk = mounted("disk", "-t", "tmpfs", "-o", "size=16k", "tmpfs")
    status, _, errors = type_in("run", "--out", disk / "out")
    assert (status, len(errors.splitlines())) == (3, 1)
    assert "No space left on device; finished cells are kept" in errors


def test_a_read_only_folder_is_a_line_and_exit_status_2(type_in, mounted, no_report):
    disk = mounted("disk", "-t", "tmpfs", "-o", "size=4m", "tmpfs")
    assert type_in("run", "--out", disk / "out")[0] == 0
    subprocess.run(["mount", "-o", "remount,ro", disk], check=True)
    status, _, errors = type_in("run", "--out", disk / "out")
    assert (status, len(errors.splitlines())) == (2, 1)
    assert "cannot be written to: Read-only file system" in errors


def test_a_report_that_cannot_be_written_is_a_line(type_in, mounted, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr("benchmarks.commands.report.write_reports", lambda folder, *_: read_results(folder))
        disk = mounted("disk", "-t", "tmpfs", "-o", "size=4m", "tmpfs")
        assert type_in("run", "--out", disk / "out")[0] == 0
    subprocess.run(["mount", "-o", "remount,ro", disk], check=True)
    status, _, errors = type_in("report", disk / "out")
    assert (status, len(errors.splitlines())) == (3, 1)
    assert "the report cannot be written: " in errors
    assert "Read-only file system" in errors
