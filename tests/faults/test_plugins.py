"""Plug-ins that misbehave in every way: each is a row of the report, and no other cell is touched."""

import csv
import json
import os
import subprocess
import sys

import pytest

from benchmarks.hardware.origin import CHECKOUT

SECRET = "the secret opinion of a customer"

PLUGIN = '''
import os, sys, threading, time
import numpy as np
from models.model import Encoded
from models.nbsvm import NbSvm

os.chdir("/")

class Faulty(NbSvm):
    """Learns as nbsvm does."""

    def fit(self, train, *arguments):
        report = super().fit(train, *arguments)
        self.misbehave(train)
        return report

    def misbehave(self, train):
        pass

class Quoting(Faulty):
    name = "quoting"
    def misbehave(self, train):
        float(next(text for text in train.texts if "secret" in text))

class Shouting(Faulty):
    name = "shouting"
    def misbehave(self, train):
        raise RuntimeError("a" * 10_000_000 + train.texts[0])

class Exiting(Faulty):
    name = "exiting"
    def misbehave(self, train):
        os._exit(0)

class Closing(Faulty):
    name = "closing"
    def misbehave(self, train):
        print("last words")
        sys.stdout.close()
        os.close(1)
        sys.stderr = None

class Moving(Faulty):
    name = "moving"
    def misbehave(self, train):
        os.chdir("/")

class Staying(Faulty):
    name = "staying"
    def misbehave(self, train):
        threading.Thread(target=time.sleep, args=(10_000,)).start()

class Nan(Faulty):
    name = "nan"
    def score(self, encoded):
        return super().score(encoded) * np.nan

class OneColumn(Faulty):
    name = "one_column"
    def score(self, encoded):
        return super().score(encoded)[:, :1]

class Transposed(Faulty):
    name = "transposed"
    def score(self, encoded):
        return super().score(encoded).T

class Logits(Faulty):
    name = "logits"
    def score(self, encoded):
        return np.log(super().score(encoded))

class Short(Faulty):
    name = "short"
    def score(self, encoded):
        return super().score(encoded)[1:]

class Negative(Faulty):
    name = "negative"
    def encode(self, texts):
        encoded = super().encode(texts)
        return Encoded(encoded.features, -encoded.tokens, encoded.available)

class Listing(Faulty):
    name = "listing"
    def score(self, encoded):
        return super().score(encoded).tolist()
'''

ENDS = {
    "quoting": ("failed", "ValueError"),
    "shouting": ("failed", "RuntimeError"),
    "exiting": ("crashed", "ended without a result (exit status 0)"),
    "closing": ("ok", ""),
    "moving": ("ok", ""),
    "staying": ("ok", ""),
    "nan": ("failed", "ScoresError: score() returned no class probabilities: 20 of 20 rows hold NaN or infinity"),
    "one_column": ("failed", "ScoresError: score() returned no class probabilities: shape (20, 1)"),
    "transposed": ("failed", "ScoresError: score() returned no class probabilities: shape (2, 20)"),
    "logits": ("failed", "ScoresError: score() returned no class probabilities: 20 of 20 rows hold negative numbers"),
    "short": ("failed", "ScoresError: score() returned no class probabilities: shape (19, 2)"),
    "negative": ("failed", "ScoresError: encode() returned negative tokens"),
    "listing": ("failed", "ScoresError: score() returned no class probabilities: a list"),
    "nbsvm": ("ok", ""),
}
SUITE = f"""
data = {{ valid_size = 20, test_size = 40 }}
measure = {{ rows = 8, repeats = 1, single = 2, processes = 1 }}
grid = [ {{ models = {json.dumps(list(ENDS))}, losses = ["ce"], train_sizes = [40] }} ]
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A run of all of them, in a process of its own, into a folder that is named relatively."""
    place = tmp_path_factory.mktemp("plugins")
    (place / "faulty.py").write_text(PLUGIN)
    (place / "small.toml").write_text(SUITE)
    rows = (f"{SECRET} {i} is {'good' if i % 2 else 'bad'} and {'so ' * (i % 7)}on,{i % 2}\n" for i in range(200))
    (place / "reviews.csv").write_text("text,label\n" + "".join(rows))
    command = [sys.executable, "-m", "benchmarks", "run", "--suite", "small.toml", "--dataset", "reviews.csv",
               "--plugin", "faulty.py", "--device", "cpu", "--out", "out", "--timeout", "120"]  # fmt: skip
    done = subprocess.run(
        command, cwd=place, env=os.environ | {"PYTHONPATH": str(CHECKOUT)}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 3, done.stderr
    assert "Traceback" not in done.stdout + done.stderr
    assert SECRET in done.stdout  # of the exception, on the user's own terminal
    return place / "out"


@pytest.mark.parametrize("model", ENDS)
def test_each_ends_in_its_own_way(folder, model):
    (path,) = folder.glob(f"cells/{model}-*/result.json")
    result = json.loads(path.read_text())
    status, reason = ENDS[model]
    assert result["status"] == status
    assert result["reason"].startswith(reason)


def test_nothing_that_is_made_to_be_passed_on_quotes_the_data_or_is_large(folder):
    for name in ("report.md", "cells.csv", "run.json"):
        content = (folder / name).read_text()
        assert SECRET not in content, name
        assert len(content) < 500_000, name
    assert (folder / "report.html").stat().st_size < 5_000_000
    rows = {row["model"]: row for row in csv.DictReader((folder / "cells.csv").open())}
    assert rows["quoting"]["reason"] == "ValueError"
    assert SECRET in next(folder.glob("cells/quoting-*/log.txt")).read_text()


def test_what_a_plugin_printed_before_it_closed_its_output_is_in_its_log(folder):
    assert "last words" in next(folder.glob("cells/closing-*/log.txt")).read_text()
