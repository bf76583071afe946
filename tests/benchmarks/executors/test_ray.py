"""Cells on a real Ray cluster of several machines, all of them on this one."""

import socket
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import psutil
import pytest

from benchmarks.cells.run_cell import run_cell
from benchmarks.errors import UsageError
from benchmarks.executors.as_planned import run_as_planned
from benchmarks.inference.folder import Job, label_here
from benchmarks.inference.saved import find_model
from benchmarks.registry.code_version import code_version
from benchmarks.registry.libraries import libraries
from benchmarks.store.packing import pack_cell, pack_data, unpack
from benchmarks.store.results import Store, Stores
from models.model import Runtime

ray = pytest.importorskip("ray", reason="Ray is not installed: pip install -e '.[ray]'")

from ray.cluster_utils import Cluster  # noqa: E402

from benchmarks.executors.cluster import capacity, claim, connect  # noqa: E402
from benchmarks.executors.ray import RayExecutor  # noqa: E402
from benchmarks.executors.ray_predict import label_on_ray  # noqa: E402

MACHINE = {"num_cpus": 1, "num_gpus": 0, "object_store_memory": 80 * 2**20, "include_dashboard": False}


def ignore(spec, done, total):
    pass


@pytest.fixture(scope="module")
def meeting(tmp_path_factory):
    return tmp_path_factory.mktemp("meeting")


@pytest.fixture(scope="module")
def cluster(meeting):
    here = str(Path(__file__).parents[1])
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", here)  # for the processes of cells; this project's packages are sent
        patch.setenv("MEETING", str(meeting))
        patch.syspath_prepend(here)
        cluster = Cluster(initialize_head=True, head_node_args=MACHINE)
        for _ in range(2):
            cluster.add_node(**MACHINE)
        connect(cluster.address)
        yield cluster
        ray.shutdown()
        cluster.shutdown()


@pytest.fixture
def cells(cluster, meeting):
    import cells_of_tests

    for path in meeting.iterdir():
        path.unlink()
    return cells_of_tests


def test_results_are_those_of_this_machine(cluster, store, make_spec, tmp_path):
    versions = {"code_version": code_version("tfidf_logreg", "ce"), "libraries": libraries("tfidf_logreg", "ce")}
    good = make_spec().model_copy(update=versions)
    (result,) = RayExecutor(store, run_as_planned).run([good], ignore)
    assert (result.status, store.read_result(good.id)) == ("ok", result)

    here = Store(tmp_path / "here")
    unpack(here, pack_data(store, good.data_fingerprint))
    run_cell(good, here, lambda done, total: None)
    assert here.read_result(good.id).metrics == store.read_result(good.id).metrics
    assert here.read_predictions(good.id).equals(store.read_predictions(good.id))
    assert {*pack_cell(store, good.id)} == {*pack_cell(here, good.id), f"cells/{good.id}/log.txt"}


def test_cells_of_two_datasets_come_back_each_into_its_own_folder(cluster, store, dataset, make_spec, tmp_path):
    other = replace(dataset, train=dataset.train.take(np.arange(50)))
    elsewhere = Store(tmp_path / "other")
    elsewhere.create()
    elsewhere.write_data(other)
    versions = {"code_version": code_version("tfidf_logreg", "ce"), "libraries": libraries("tfidf_logreg", "ce")}
    first = make_spec().model_copy(update=versions)
    second = first.model_copy(update={"data_fingerprint": other.fingerprint})
    stores = Stores({dataset.fingerprint: store, other.fingerprint: elsewhere})
    found = {result.spec.id: result for result in RayExecutor(stores, run_as_planned).run([first, second], ignore)}
    assert {cell: result.status for cell, result in found.items()} == {first.id: "ok", second.id: "ok"}
    assert [[one.spec.id for one in each.results()] for each in (store, elsewhere)] == [[first.id], [second.id]]


def test_a_machine_with_another_version_of_the_code_leaves_no_result(cluster, store, make_spec):
    (result,) = RayExecutor(store, run_as_planned).run([make_spec()], ignore)
    assert (result.status, "has changed since this cell was planned" in result.reason) == ("failed", True)


def test_a_machine_lost_in_mid_run_loses_no_cell(cluster, cells, store, make_spec, meeting):
    lost = cluster.add_node(**MACHINE)
    specs = [make_spec(seed=seed) for seed in range(6)]
    outcomes = RayExecutor(store, cells.wait_for_go).run(specs, ignore)
    ended = []
    waiting = Background(lambda: ended.extend(outcomes))
    began = wait_until(lambda: len(pids := processes(meeting)) == 4 and pids)
    raylet = lost.all_processes["raylet"][0].process.pid
    seed, victim = next((s, pid) for s, pid in began if raylet in ancestors(pid))
    cluster.remove_node(lost, allow_graceful=False)
    wait_until(lambda: not psutil.pid_exists(victim))  # nothing is left of it that would go on writing
    (meeting / "go").touch()
    waiting.join()
    assert [result.status for result in ended] == ["ok"] * 6
    assert {result.spec.id for result in ended} == {spec.id for spec in specs}
    log = (store.cell_folder(specs[seed].id) / "log.txt").read_text()
    assert "was lost" in log
    assert log.endswith("went\n")


def test_an_exception_is_a_row_and_a_traceback_in_the_log(cluster, cells, store, make_spec):
    (result,) = RayExecutor(store, cells.fail).run([make_spec()], ignore)
    assert (result.status, result.reason, result.detail) == ("failed", "ValueError", "no such luck")
    assert "Traceback" in (store.cell_folder(result.spec.id) / "log.txt").read_text()


def test_a_cell_that_dies_is_a_row_with_its_log(cluster, cells, store, make_spec):
    (result,) = RayExecutor(store, cells.die).run([make_spec()], ignore)
    assert (result.status, result.reason) == ("crashed", "killed by SIGSEGV")
    assert "about to die" in (store.cell_folder(result.spec.id) / "log.txt").read_text()


def test_an_odd_file_name_fails_no_cell_but_its_own(cluster, cells, store, make_spec):
    specs = [make_spec(seed=seed) for seed in (1, 2, 3)]
    results = {result.spec.seed: result for result in RayExecutor(store, cells.save_odd_names).run(specs, ignore)}
    assert [results[seed].status for seed in (1, 2, 3)] == ["ok", "failed", "ok"]
    assert "not a file of a results folder" in results[2].reason
    names = {path.name for path in (store.cell_folder(specs[0].id) / "model").iterdir()}
    assert names == {"my weights (1).bin", ".hidden"}


def test_an_end_ends_the_cells_that_run(cluster, cells, store, make_spec, meeting):
    spec = make_spec()
    outcomes = RayExecutor(store, cells.wait_for_go).run(stop_after(spec, meeting), ignore)
    with pytest.raises(KeyboardInterrupt):
        next(outcomes)
    assert store.read_result(spec.id).status == "interrupted"
    ((_, pid),) = processes(meeting)
    wait_until(lambda: not psutil.pid_exists(pid))


def stop_after(spec, meeting):
    """Interrupt once the cell runs."""
    yield spec
    wait_until(lambda: processes(meeting))
    raise KeyboardInterrupt


def test_a_folder_is_labelled_as_on_this_machine(cluster, store, make_spec, tmp_path):
    spec = make_spec()
    run_cell(spec, store, lambda done, total: None)
    found = find_model(store.cell_folder(spec.id))
    source = tmp_path / "new"
    texts = [f"film {number} was {word}" for number, word in enumerate(["dull", "great", "so so"] * 8)]
    for number in range(3):
        (source / f"part={number}").mkdir(parents=True)
        pd.DataFrame({"text": texts[number::3]}).to_parquet(source / f"part={number}" / "x.parquet")
    pd.DataFrame({"body": texts}).to_parquet(source / "odd.parquet")

    here, there = (Job(source, tmp_path / name, "text") for name in ("here", "there"))
    names = here.waiting()
    expected = list(label_here(here, names, found.load()))
    outcomes = sorted(label_on_ray(there, names, found, Runtime("cpu", "fp32")), key=lambda outcome: outcome.name)
    assert outcomes == expected
    assert [outcome.rows for outcome in outcomes] == [0, 8, 8, 8]
    assert "no such column" in outcomes[0].error
    assert there.waiting() == ["odd.parquet"]
    for name in names[1:]:
        pd.testing.assert_frame_equal(pd.read_parquet(there.target / name), pd.read_parquet(here.target / name))


def test_an_address_where_nothing_answers_is_one_line():
    with pytest.raises(UsageError, match=r"ray_address='127\.0\.0\.1:1'"):
        connect("127.0.0.1:1")


def test_a_head_that_accepts_and_never_answers_is_one_line_within_seconds(monkeypatch):
    """As one that is bound to loopback, and as any other program that listens."""
    monkeypatch.setattr("benchmarks.executors.cluster.HEALTH_SECONDS", 4.0)
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = f"127.0.0.1:{server.getsockname()[1]}"
        began = time.monotonic()
        with pytest.raises(UsageError, match="no head of a Ray cluster answers there") as caught:
            connect(address)
    assert "\n" not in str(caught.value)
    assert time.monotonic() - began < 30


def test_a_cell_claims_what_every_machine_has():
    machines = [{"CPU": 64.0, "GPU": 8.0}, {"CPU": 16.0}, {"CPU": 30.0, "GPU": 2.0}, {"memory": 1e9}]
    assert claim("cpu", machines) == {"num_cpus": 16, "num_gpus": 0}
    assert capacity(claim("cpu", machines), machines) == 4 + 1 + 1
    assert claim("cuda", machines) == {"num_cpus": 8, "num_gpus": 1}
    assert capacity(claim("cuda", machines), machines) == 8 + 2
    assert claim("cpu", machines, cpus=2) == {"num_cpus": 2, "num_gpus": 0}
    assert capacity(claim("cpu", machines, cpus=2), machines) == 32 + 8 + 15
    assert claim("cpu", []) == {"num_cpus": 1, "num_gpus": 0}
    assert claim("cuda", machines, devices=4) == {"num_cpus": 32, "num_gpus": 4}
    assert capacity(claim("cuda", machines, devices=4), machines) == 2
    assert claim("cpu", machines, devices=4) == claim("cpu", machines)


class Background:
    """Something that goes on beside the test; what it raises, `join` raises."""

    def __init__(self, work):
        from concurrent.futures import ThreadPoolExecutor

        self._pool = ThreadPoolExecutor(1)
        self._future = self._pool.submit(work)

    def join(self):
        self._future.result(timeout=60)
        self._pool.shutdown()


def processes(meeting):
    """Seeds and processes of the cells that have begun."""
    return [tuple(map(int, path.name.split("."))) for path in meeting.iterdir() if path.name != "go"]


def ancestors(pid):
    return {parent.pid for parent in psutil.Process(pid).parents()}


def wait_until(condition, seconds=60):
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if found := condition():
            return found
        time.sleep(0.05)
    raise AssertionError("in vain")
