import importlib.util
import json

import pytest

from benchmarks.errors import UsageError
from benchmarks.runs.tracking import OPEN, check_tracker, track
from benchmarks.schema.measurements import Measurement
from benchmarks.schema.result import CellResult


@pytest.fixture
def finished(store, make_spec):
    """A results folder with one good cell and one that failed."""
    history = [{"epoch": 1, "valid_accuracy": 0.75}, {"epoch": 2, "valid_accuracy": 0.875}]
    store.write_result(
        CellResult(
            spec=make_spec(seed=1),
            status="ok",
            metrics={"accuracy": 0.8125},
            fit={"history": history},
            measurements=[Measurement(phase="fit", examples=[40], tokens=[], seconds=[1.5])],
        )
    )
    store.write_result(CellResult(spec=make_spec(seed=2), status="failed", reason="ValueError: no"))
    return store


@pytest.fixture(params=OPEN)
def tracker(request):
    if importlib.util.find_spec(request.param) is None:
        pytest.skip(f"{request.param} is not installed (extra tracking)")
    return request.param


def test_every_good_cell_becomes_a_run(finished, tracker, make_spec):
    folder = track(finished.folder, tracker)
    assert folder == finished.folder / "tracking" / tracker
    written = "\n".join(str(path) for path in folder.rglob("*"))
    if tracker != "mlflow":
        assert written
    content = b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())
    assert make_spec(seed=1).id.encode() in content + written.encode()
    assert make_spec(seed=2).id.encode() not in content + written.encode()


def test_curves_and_figures_can_be_read_back(finished, make_spec):
    pytest.importorskip("tensorboard", reason="tensorboard is not installed (extra tracking)")
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    events = EventAccumulator(str(track(finished.folder, "tensorboard") / make_spec(seed=1).id)).Reload()
    curve = events.Scalars("epoch/valid_accuracy")
    assert [(event.step, event.value) for event in curve] == [(1, 0.75), (2, 0.875)]
    assert events.Scalars("test/accuracy")[0].value == 0.8125
    assert events.Scalars("seconds/fit")[0].value == 1.5


def test_writing_again_replaces_what_was_there(finished):
    pytest.importorskip("tensorboard", reason="tensorboard is not installed (extra tracking)")
    count = [len(list(track(finished.folder, "tensorboard").rglob("events.*"))) for _ in range(2)]
    assert count[0] == count[1] > 0


def test_a_tracker_that_is_not_installed_is_named_before_anything_runs(monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(UsageError, match=r"^track='mlflow': it is not installed: pip install -e '.\[tracking\]'"):
        check_tracker("mlflow")


def test_results_stay_as_they_are(finished, make_spec, tracker):
    path = finished.cell_folder(make_spec(seed=1).id) / "result.json"
    before = path.read_bytes()
    track(finished.folder, tracker)
    assert path.read_bytes() == before
    assert json.loads(before)["status"] == "ok"
