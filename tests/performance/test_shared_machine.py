"""With one busy process beside it, every model trains and scores at no less than 40 % of its speed alone.

Each reading is of a new process, as a cell is, alone and beside the busy one in turns.
"""

import json
import os
import subprocess
import sys
from contextlib import contextmanager

import pytest

from benchmarks.hardware.slots import threads

pytestmark = [pytest.mark.alone, pytest.mark.skipif(threads() < 2, reason="needs two processors")]

LEAST = 0.4
TURNS = 3

ENCODER = {"epochs": 1, "max_length": 128}

SETTINGS = {
    "tfidf_logreg": {"C": 10.0},
    "nbsvm": {"C": 1.0},
    "static_embeddings": {"C": 1.0},
    "frozen_encoder": {"C": 1.0, "max_length": 128},
    "lstm": {"epochs": 1, "min_steps": 0},
    "distilbert": ENCODER,
    "distilbert_mlp": ENCODER,
    "transformer": ENCODER,
}

WORK = """
import json, sys, time
import numpy as np
from benchmarks.hardware.slots import threads
from benchmarks.hardware.thread_pools import limit_thread_pools
from benchmarks.registry.entries import loss_class, model_class
from data.dataset import Split
from models.model import Runtime

name, settings, seconds = sys.argv[1], json.loads(sys.argv[2]), float(sys.argv[3])
limit_thread_pools(threads())
generator = np.random.default_rng(0)
words = np.array([f"word{number}" for number in range(2_000)])
length = 100 if "max_length" in settings else 20
texts = tuple(" ".join(generator.choice(words, length)) for _ in range(64))
split = Split(texts, np.arange(64) % 2, np.full(64, length), np.arange(64), ("no", "yes"))
model = model_class(name)(**settings)

def rate(work):
    work()
    begin, done = time.perf_counter(), 0
    while time.perf_counter() - begin < seconds:
        work()
        done += 1
    return done / (time.perf_counter() - begin)

loss = loss_class("ce")(split.lengths, split.labels)
print(rate(lambda: model.fit(split, split, loss, Runtime(threads=threads()))))
encoded = model.encode(texts)
print(rate(lambda: model.score(encoded)))
"""

BUSY = "while True: pass"


@contextmanager
def busy():
    process = subprocess.Popen([sys.executable, "-c", BUSY])
    try:
        yield
    finally:
        process.kill()
        process.wait()


def rates(name):
    """Fits and scorings a second of a new process."""
    command = [sys.executable, "-c", WORK, name, json.dumps(SETTINGS[name]), "2"]
    environment = os.environ | ({"BENCHMARKS_CACHE": "off"} if name == "frozen_encoder" else {})  # or it encodes once
    run = subprocess.run(command, capture_output=True, text=True, check=True, timeout=300, env=environment)
    printed = run.stdout
    return [float(line) for line in printed.split()[-2:]]


@pytest.mark.parametrize("name", SETTINGS)
def test_a_busy_process_takes_no_more_than_its_share(name):
    """Another turn follows where one falls short: a third program may have run beside it."""
    found = []
    for _ in range(TURNS):
        alone = rates(name)
        with busy():
            beside = rates(name)
        found.append([one / other for one, other in zip(beside, alone, strict=True)])
        if min(found[-1]) >= LEAST:
            return
    pytest.fail(f"training and scoring of {name} beside a busy process, shares of the speed alone: {found}")
