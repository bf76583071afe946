"""Outputs of commands on a full disk, or killed in the middle: whole or absent, and nothing is left behind."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pandas as pd
import pytest

from benchmarks import cli
from benchmarks.hardware.origin import CHECKOUT

SUITE = """
data = { valid_size = 20, test_size = 40 }
measure = { rows = 8, repeats = 1, single = 2, processes = 1 }
grid = [ { models = ["nbsvm"], losses = ["ce"], train_sizes = [40] } ]
"""


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A folder with a small run in it, and its data."""
    place = tmp_path_factory.mktemp("place")
    (place / "small.toml").write_text(SUITE)
    rows = (f"film {i} was {'good' if i % 2 else 'bad'} and {'so ' * (i % 7)}on,{i % 2}\n" for i in range(200))
    (place / "reviews.csv").write_text("text,label\n" + "".join(rows))
    command = ["run", "--suite", "small.toml", "--dataset", "reviews.csv", "--device", "cpu", "--out", "out"]
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks", *command], cwd=place, env=os.environ | {"PYTHONPATH": str(CHECKOUT)},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return place


@pytest.fixture
def type_in(monkeypatch, capfd, place):
    """Type a command there: exit status, output and errors."""
    monkeypatch.chdir(place)

    def type_in(*arguments):
        monkeypatch.setattr(sys, "argv", ["benchmarks", *map(str, arguments)])
        with pytest.raises(SystemExit) as caught:
            cli.main()
        return (caught.value.code or 0, *capfd.readouterr())

    return type_in


@pytest.mark.parametrize(
    "command",
    [
        ("predict", "out", "--quiet", "--input", "reviews.csv", "--output", "{disk}/labels.csv"),
        ("predict", "out", "--quiet", "--input", "reviews.csv", "--output", "{disk}/labels.parquet"),
        ("explore", "--dataset", "reviews.csv", "--out", "{disk}/explored"),
        ("report", "out", "--out", "{disk}/report"),
    ],
    ids=lambda command: " ".join(command[:1] + command[-1:]),
)
def test_a_full_disk_is_one_line_and_leaves_nothing_half(type_in, mounted, command):
    disk = mounted("disk", "-t", "tmpfs", "-o", "size=4k", "tmpfs")
    status, _, errors = type_in(*(word.format(disk=disk) for word in command))
    assert status == 3, errors
    assert len(errors.strip().splitlines()) == 1, errors
    assert "No space left on device" in errors
    assert not [path for path in disk.rglob("*") if path.name.startswith(".") or not path.stat().st_size]


def started(place, *arguments):
    environment = os.environ | {"PYTHONPATH": str(CHECKOUT)}
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    return subprocess.Popen([sys.executable, "-m", "benchmarks", *arguments], cwd=place, env=environment, **pipes)


def wait_until(condition, seconds=90.0):
    deadline = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < deadline, "in vain"
        time.sleep(0.02)
    return found


def test_a_killed_predict_leaves_no_output_and_the_next_one_no_trace_of_it(type_in, place, tmp_path):
    target = tmp_path / "labels.csv"
    process = started(place, "predict", "out", "-", "--output", str(target))
    process.stdin.write(b"a good film\n")
    process.stdin.flush()
    wait_until(lambda: list(tmp_path.iterdir()))
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert not target.exists()
    assert len(list(tmp_path.iterdir())) == 1
    assert type_in("predict", "out", "a bad film", "--quiet", "--output", target)[0] == 0
    assert [path.name for path in tmp_path.iterdir()] == ["labels.csv"]


def test_a_killed_predict_of_a_folder_goes_on_where_it_stopped(type_in, tmp_path):
    (tmp_path / "texts").mkdir()
    for name in ("a", "b"):
        pd.DataFrame({"text": ["a good film", "a bad film"]}).to_parquet(tmp_path / "texts" / f"{name}.parquet")
    target = tmp_path / "labels"
    # as a kill leaves it: the note written and not yet renamed, the first file under its temporary name
    for name in (".model.json.0123456789abcdef.tmp", ".a.parquet.0123456789abcdef.tmp"):
        (target / name).parent.mkdir(exist_ok=True)
        (target / name).write_bytes(b"half")
    for files in (2, 0):
        status, output, errors = type_in("predict", "out", "--input", tmp_path / "texts", "--output", target)
        assert status == 0, errors
        assert (output + errors).count("2 texts") == files
    assert sorted(path.name for path in target.iterdir()) == ["a.parquet", "b.parquet", "model.json"]


def test_an_output_is_never_a_device(type_in):
    status, _, errors = type_in("predict", "out", "a film", "--format", "text", "--output", "/dev/null")
    assert (status, len(errors.strip().splitlines())) == (2, 1)
    assert Path("/dev/null").is_char_device()
