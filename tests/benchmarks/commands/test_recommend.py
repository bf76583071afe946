"""`recommend`: its options, its exit statuses and its errors."""

import json
import sys
from pathlib import Path

import pytest

from benchmarks import cli
from tests.reports.conftest import write_results

CE = {("tfidf_logreg", "ce"): 0.895, ("lstm", "ce"): 0.8, ("distilbert", "ce"): 0.9}


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("run")
    write_results(folder, CE, test_rows=4_000, model_noise=0.2)
    return folder


@pytest.fixture
def call(monkeypatch, capsys, folder):
    """A function: arguments -> exit status, stdout, stderr."""

    def call(*arguments, run=folder):
        monkeypatch.setattr(sys, "argv", ["benchmarks", "recommend", str(run), *arguments])
        status = cli._run(sys.argv)
        said = capsys.readouterr()
        return status, said.out, said.err

    return call


def test_a_recommendation_exits_with_0(call):
    status, out, _ = call("--tolerate", "2pp")
    assert status == 0
    assert out.startswith("Take tfidf_logreg: ")


def test_no_recommendation_exits_with_1(call):
    assert call("--tolerate", "2pp", "--max-fit", "0.01s")[0] == 1


def test_json_is_one_document(call):
    options = "--tolerate 2pp --price-per-hour 0.5 --texts-per-month 1e5 --retrain-per-month 4 --cost-per-error 0.01"
    status, out, _ = call(*options.split(), "--json")
    content = json.loads(out)
    assert status == 0
    assert content["terms"] == {
        "price_per_hour": 0.5, "texts_per_month": 1e5, "retrain_per_month": 4, "cost_per_error": 0.01,
    }  # fmt: skip


def test_limits_have_units(call):
    options = (
        "--tolerate 2pp --max-p99-ms 20 --min-throughput 10 --max-memory 1GiB --max-fit 2min --max-size 3MB --json"
    )
    content = json.loads(call(*options.split())[1])
    limits = {one["name"]: one["limit"] for one in content["candidates"][0]["requirements"]}
    assert limits == {
        "p99 latency": 20, "throughput": 10, "memory": 2**30, "training time": 120, "model size": 3e6,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ("--metric f2", "unknown metric 'f2'"),
        ("--metric accuracyy", "did you mean 'accuracy'?"),
        ("--tolerate 0.5", "--tolerate '0.5': not a tolerance (choices: a number with its unit, pp"),
        ("--tolerate 1%", "--tolerate '1%': not a tolerance"),
        ("--tolerate -1pp", "--tolerate '-1pp': not a tolerance"),
        ("--tolerate 1pp --metric log_loss", "its unit, nats"),
        ("--max-p99-ms -3", "--max-p99-ms -3.0: not a limit"),
        ("--max-p99-ms nan", "--max-p99-ms nan: not a limit"),
        ("--min-throughput 0", "--min-throughput 0.0: not a limit"),
        ("--max-memory 3", "--max-memory '3': not a limit (choices: a number above 0 with its unit, one of kB, MB"),
        ("--max-memory 3mb", "--max-memory '3mb': not a limit"),
        ("--max-size -3MB", "--max-size '-3MB': not a limit"),
        ("--max-fit 0s", "--max-fit '0s': not a limit (choices: a number above 0 with its unit, one of s, min, h)"),
        ("--texts-per-month -1", "--texts-per-month -1.0: must not be negative"),
        ("--retrain-per-month -1", "--retrain-per-month -1.0: must not be negative"),
        ("--price-per-hour -1", "--price-per-hour -1.0"),
        ("--price-per-hour 1 --cost-per-error -1", "--cost-per-error -1.0: must not be negative"),
        ("--cost-per-error 1", "--cost-per-error 1.0: needs --price-per-hour"),
    ],
)
def test_bad_options_are_one_line(call, options, message):
    status, out, err = call(*options.split())
    assert (status, out, err.count("\n")) == (2, "", 1)
    assert message in err


def test_a_tolerance_of_zero_with_one_training_says_what_it_can_decide(call, tmp_path):
    write_results(tmp_path, CE, seeds=(1,))
    status, out, err = call("--tolerate", "0pp", run=tmp_path)
    assert (status, out, err.count("\n")) == (2, "", 1)
    assert "ahead of all others" in err
    assert "--repeats 3" in err


def test_a_tolerance_of_zero_with_several_trainings_is_decided(call):
    assert call("--tolerate", "0pp")[0] in {0, 1}


def test_runs_on_other_rows_are_one_line(call, tmp_path):
    write_results(tmp_path, CE, test_rows=500)
    status, out, err = call(str(tmp_path))
    assert (status, out, err.count("\n")) == (2, "", 1)
    assert "not scored on the same test rows" in err


def test_a_run_without_calibration_says_what_to_do(call, tmp_path):
    write_results(tmp_path, CE, calibrated=False)
    status, _, err = call("--metric", "log_loss", run=tmp_path)
    assert (status, err.count("\n")) == (2, 1)
    assert "run the suite again" in err


def test_the_price_that_a_run_recorded_counts(call, tmp_path):
    store = write_results(tmp_path, CE)
    store.write_run(store.read_run() | {"price_per_hour": 0.25})
    assert json.loads(call("--json", run=tmp_path)[1])["terms"]["price_per_hour"] == 0.25


def test_a_folder_without_a_run_is_one_line(call, tmp_path):
    status, _, err = call(run=tmp_path / "none")
    assert (status, err.count("\n")) == (2, 1)
