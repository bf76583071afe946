"""The command line: what users type, right and wrong."""

import io
import json
from pathlib import Path
from types import SimpleNamespace

import pytest
from rich.console import Console

from benchmarks import cli
from benchmarks.commands.run_view import warn_of_other_data
from benchmarks.errors import UsageError
from benchmarks.hardware import device
from benchmarks.store.files import StoreError, WriteError
from benchmarks.store.lock import hold
from benchmarks.store.results import RUN_KEYS, Store
from tests.reports.conftest import write_results


def written(folder):
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))


HEADER = "text,label\n"
ROWS = "".join(f"film number {i} was {'good' if i % 2 else 'bad'},{i % 2}\n" for i in range(400))

FILES = {
    "good.csv": HEADER + ROWS,
    "empty.csv": "",
    "header_only.csv": HEADER,
    "no_label.csv": "text,shade\na film,1\n",
    "twice.csv": "text,label,label\na film,1,1\n",
    "one_class.csv": HEADER + "a film,1\nanother film,1\n",
    "empty_text.csv": HEADER + "a film,1\n  ,0\n",
    "stars.csv": HEADER + "a film,5\nanother,1\none more,3\n",
    "few.csv": HEADER + "a film,1\nanother,0\n",
    "latin.csv": b"text,label\ncaf\xe9,1\n",
    "garbage.parquet": b"\x00\x01\x02",
    "notes.docx": "text",
    "bad.toml": "[[grid]\n",
    "odd.toml": "[[grid]]\nmodel = ['lstm']\n",
    "range.toml": "[[grid]]\ntrain_sizes = [0]\n",
}

BAD_INPUT = {
    "unknown model": (["--models", "lstn"], ["unknown model 'lstn'", "did you mean 'lstm'", "tfidf_logreg"]),
    "glob without a match": (["--models", "gpt*"], ["unknown model 'gpt*'", "choices"]),
    "unknown loss": (["--losses", "cee"], ["unknown loss 'cee'", "did you mean 'ce'"]),
    "unknown suite": (["--suite", "quik"], ["unknown suite 'quik'", "did you mean 'quick'"]),
    "missing suite file": (["--suite", "x.toml"], ["--suite 'x.toml'", "No such file"]),
    "suite file that is no TOML": (["--suite", "bad.toml"], ["--suite 'bad.toml': it is not TOML"]),
    "unknown key in a suite file": (["--suite", "odd.toml"], ["grid.0.model"]),
    "value out of range in a suite file": (["--suite", "range.toml"], ["train_sizes", "=0"]),
    "unknown setting": (["--set", "lstm.epoch=3"], ["'epoch'", "did you mean 'epochs'"]),
    "setting of an unknown model": (["--set", "lstn.epochs=3"], ["'lstn'", "did you mean 'lstm'"]),
    "setting of the wrong type": (["--set", "lstm.epochs=many"], ["lstm.epochs='many'", "PositiveInt"]),
    "setting out of range": (["--set", "lstm.epochs=0"], ["lstm.epochs='0'", "greater than 0"]),
    "setting without a value": (["--set", "lstm.epochs"], ["--set 'lstm.epochs'", "NAME.PARAMETER=VALUE"]),
    "setting of what does not run": (
        ["--models", "lstm", "--set", "distilbert.epochs=1"],
        ["'distilbert.epochs'", "no cell of it"],
    ),
    "bad seeds": (["--seeds", "one"], ["--seeds 'one'"]),
    "no seed": (["--seeds", "0"], ["--seeds '0'"]),
    "bad training size": (["--train-size", "-5"], ["--train-size '-5'"]),
    "no device": (["--devices-per-cell", "0"], ["--devices-per-cell '0'", "1 to 1024"]),
    "a word for a number of devices": (["--devices-per-cell", "all"], ["--devices-per-cell 'all'", "1 to 1024"]),
    "more devices than there are": (
        ["--device", "cpu", "--devices-per-cell", "1000"],
        ["--devices-per-cell 1000", "processors", "choices: 1"],
    ),
    "bad precision": (["--precision", "int3"], ["int3", "bf16"]),
    "precision that the device lacks": (["--precision", "fp16", "--device", "cpu"], ["--precision 'fp16'", "fp32"]),
    "bad timeout": (["--timeout", "0"], ["--timeout", "0"]),
    "bad price": (["--price-per-hour", "-1"], ["--price-per-hour -1.0", "a number above 0"]),
    "margin without a unit": (["--margin", "0.5"], ["--margin '0.5'", "such as 0.5pp"]),
    "price that is no number": (["--price-per-hour", "nan"], ["--price-per-hour nan", "a number above 0"]),
    "unknown option": (["--sede", "3"], ["--sede"]),
    "unknown encoder": (
        ["--models", "distilbert", "--set", "distilbert.encoder=bert-huge"],
        ["encoder 'bert-huge'", "minilm"],
    ),
    "--all with --models": (["--all", "--models", "lstm"], ["--all", "--models"]),
    "unknown dataset": (["--dataset", "imbd"], ["unknown dataset 'imbd'", "did you mean 'imdb'"]),
    "missing dataset file": (["--dataset", "no.csv"], ["--dataset 'no.csv'", "no such file"]),
    "empty dataset": (["--dataset", "empty.csv"], ["empty.csv is empty"]),
    "dataset without rows": (["--dataset", "header_only.csv"], ["has no rows"]),
    "dataset without its column": (["--dataset", "no_label.csv"], ["no label column", "shade", "--label-column"]),
    "dataset with a column twice": (["--dataset", "twice.csv"], ["2 columns 'label'"]),
    "dataset of one class": (["--dataset", "one_class.csv"], ["one class only"]),
    "dataset with an empty text": (["--dataset", "empty_text.csv"], ["1 training texts", "too few"]),
    "dataset with a label in each row": (["--dataset", "stars.csv"], ["3 different labels in 3 rows", "'label'"]),
    "dataset with too few rows": (["--dataset", "few.csv"], ["no test rows can be cut from 2 training rows"]),
    "unknown text column": (
        ["--dataset", "good.csv", "--text-column", "body"],
        ["'body'", "no such column", "text, label"],
    ),
    "unknown label column": (
        ["--dataset", "good.csv", "--label-column", "x"],
        ["'x'", "no such column", "text, label"],
    ),
    "unknown group column": (
        ["--dataset", "good.csv", "--group-column", "x"],
        ["'x'", "no such column", "text, label"],
    ),
    "label map of another form": (["--label-map", "1,2"], ["--label-map '1,2'", "LABEL[,LABEL..]=CLASS", "'1,2'"]),
    "label map of one class": (["--label-map", "1,2=neg"], ["--label-map '1,2=neg'", "fewer than two classes"]),
    "label map without rows": (
        ["--dataset", "good.csv", "--label-map", "0=neg;5=pos"],
        ["no row is of class 'pos'", "0 (200 rows), 1 (200 rows)"],
    ),
    "splits of another form": (["--splits", "test=x"], ["--splits 'test=x'", "no split to train on"]),
    "splits that are not there": (
        ["--dataset", "good.csv", "--splits", "train=x"],
        ["--splits train=x", "choices: train"],
    ),
    "columns of a dataset that has its own": (
        ["--label-column", "stars"],
        ["'imdb-packaged'", "its own", "--label-column"],
    ),
    "Hub dataset without a revision": (["--dataset", "hf:a/b"], ["no revision", "hf:a/b@COMMIT"]),
    "Hub dataset of another form": (["--dataset", "hf:a/b/c/d@main"], ["hf:OWNER/NAME[/CONFIG]@REVISION"]),
    "dataset that is not UTF-8": (["--dataset", "latin.csv"], ["latin.csv is not UTF-8"]),
    "dataset that is not Parquet": (["--dataset", "garbage.parquet"], ["garbage.parquet is not a readable parquet"]),
    "dataset of another type": (["--dataset", "notes.docx"], ["'.docx'", ".parquet"]),
    "folder that is no dataset": (["--dataset", "."], ["no train file"]),
    "more rows than there are": (
        ["--dataset", "good.csv", "--suite", "smoke", "--train-size", "5000"],
        ["--train-size 5000", "only"],
    ),
}


@pytest.mark.parametrize("dry", [[], ["--dry-run"]], ids=["run", "dry run"])
@pytest.mark.parametrize("case", BAD_INPUT)
def test_bad_input_is_one_line_and_nothing_is_written(type_in, tmp_path, case, dry):
    for name, content in FILES.items():
        (tmp_path / name).write_bytes(content if isinstance(content, bytes) else content.encode())
    before = written(tmp_path)
    arguments, expected = BAD_INPUT[case]
    status, _, errors = type_in("run", *arguments, *dry)
    assert status == 2
    assert len(errors.splitlines()) == 1
    assert errors.startswith("error: ")
    for part in expected:
        assert part in errors
    assert written(tmp_path) == before


def test_cuda_where_there_is_none(type_in, tmp_path, monkeypatch):
    monkeypatch.setattr(device.torch.cuda, "is_available", lambda: False)
    status, _, errors = type_in("run", "--device", "cuda")
    assert (status, len(errors.splitlines())) == (2, 1)
    assert "--device 'cuda'" in errors
    assert "choices: auto, cpu" in errors
    assert written(tmp_path) == []


def test_an_output_folder_of_another_suite(type_in, tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "run.json").write_text(
        json.dumps({"schema_version": 2, **dict.fromkeys(RUN_KEYS, "full"), "planned": [], "dataset": {}})
    )
    status, _, errors = type_in("run", "--suite", "smoke", "--out", "out")
    assert status == 2
    assert "holds results of suite 'full', not 'smoke'" in errors


def test_an_output_folder_with_something_else_in_it(type_in, tmp_path):
    (tmp_path / "diary.txt").write_text("")
    status, _, errors = type_in("run", "--suite", "smoke", "--out", tmp_path)
    assert status == 2
    assert "not a results folder" in errors


def test_an_output_folder_that_cannot_be_written_to(type_in):
    status, _, errors = type_in("run", "--suite", "smoke", "--out", "/proc/results")
    assert status == 2
    assert "cannot be written to" in errors


def test_an_unreachable_hub(type_in, monkeypatch, tmp_path):
    from huggingface_hub import HfApi, constants

    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr("huggingface_hub.HfApi", lambda: HfApi(endpoint="http://127.0.0.1:9"))
    status, _, errors = type_in("run", "--dataset", "imdb")
    assert status == 2
    assert "the Hub cannot be reached" in errors
    assert "use the dataset imdb-packaged" in errors
    assert written(tmp_path) == []


def test_a_dry_run_prints_the_plan_and_writes_nothing(type_in, tmp_path):
    status, output, _ = type_in("run", "--models", "lstm", "tfidf*", "--seeds", "2", "--dry-run")
    assert status == 0
    assert "10 cells" in output
    assert "detect a difference of" in output
    assert written(tmp_path) == []


def test_a_dry_run_shows_equal_cells_once_and_the_folder_of_the_data(type_in, tmp_path):
    """Both sizes are more than there are, and mean all rows."""
    (tmp_path / "good.csv").write_text(FILES["good.csv"])
    (tmp_path / "sizes.toml").write_text("[[grid]]\nmodels = ['nbsvm']\nlosses = ['ce']\ntrain_sizes = [5000, 6000]\n")
    status, output, _ = type_in("run", "--suite", "sizes.toml", "--dataset", "good.csv", "--dry-run")
    assert status == 0
    assert [line.split()[:2] for line in output.splitlines()].count(["nbsvm", "ce"]) == 1
    assert "1 cell\n" in output
    assert f"results folder: {Path('results/sizes-good')}" in output
    assert max(map(len, output.splitlines())) <= 80


@pytest.mark.parametrize(("fingerprint", "said"), [("0" * 64, True), ("1" * 64, False)])
def test_a_report_on_other_data_is_announced(tmp_path, fingerprint, said):
    store = Store(tmp_path)
    record = dict.fromkeys(RUN_KEYS, "toy") | {"planned": [], "dataset": {"name": "old.csv", "fingerprint": "1" * 64}}
    store.write_run(record)
    prepared = SimpleNamespace(store=store, dataset=SimpleNamespace(fingerprint=fingerprint, name="new.csv"))
    console = Console(file=io.StringIO())
    warn_of_other_data(prepared, console)
    output = " ".join(console.file.getvalue().split())
    assert ("holds results on other data (old.csv); its report will be replaced" in output) == said
    warn_of_other_data(SimpleNamespace(store=Store(tmp_path / "new"), dataset=prepared.dataset), console)


def test_exploring_data_writes_what_it_finds(type_in, tmp_path):
    (tmp_path / "good.csv").write_text(FILES["good.csv"])
    status, output, errors = type_in("explore", "--dataset", "good.csv", "--no-near-duplicates", "--out", "seen")
    assert status == 0, errors
    assert "most telling of 1: good" in output
    assert written(tmp_path / "seen") == ["exploration.html", "exploration.json", "exploration.md"]


def test_exploring_a_wrong_column_is_one_line_with_the_columns_there_are(type_in, tmp_path):
    (tmp_path / "good.csv").write_text(FILES["good.csv"])
    status, _, errors = type_in("explore", "--dataset", "good.csv", "--text-column", "body")
    assert (status, len(errors.splitlines())) == (2, 1)
    assert "choices: text, label" in errors
    assert written(tmp_path) == ["good.csv"]


@pytest.mark.parametrize("what", ["models", "losses", "datasets", "suites"])
def test_list_names_everything(type_in, what):
    status, output, _ = type_in("list", what, "--json")
    assert status == 0
    (rows,) = json.loads(output).values()
    assert all(row["name"] and row["summary"] for row in rows)


def test_list_of_something_unknown(type_in):
    status, _, errors = type_in("list", "modells")
    assert status == 2
    assert "did you mean 'models'" in errors


def test_a_price_given_to_a_report_is_kept_with_the_run(type_in, tmp_path, monkeypatch):
    monkeypatch.setattr("benchmarks.commands.report.write_reports", lambda *_: None)
    monkeypatch.setattr("benchmarks.commands.summary.print_summary", lambda *_: None)
    store = Store(tmp_path)
    store.write_run(dict.fromkeys(RUN_KEYS, "toy") | {"planned": [], "dataset": {}})
    assert type_in("report", tmp_path, "--price-per-hour", "0.4")[0] == 0
    assert store.read_run()["price_per_hour"] == 0.4
    assert type_in("report", tmp_path, "--price-per-hour", "0")[0] == 2
    assert store.read_run()["price_per_hour"] == 0.4


def test_a_margin_given_to_a_report_is_kept_and_lets_it_say_equal(type_in, tmp_path):
    write_results(tmp_path, {("lstm", "ce"): 0.84, ("distilbert", "ce"): 0.84}, test_rows=4000)
    page = tmp_path / "report.md"
    assert type_in("report", tmp_path)[0] == 0
    assert "equal within 3.00 points" not in page.read_text(encoding="utf-8")
    assert type_in("report", tmp_path, "--margin", "3pp")[0] == 0
    assert "equal within 3.00 points" in page.read_text(encoding="utf-8")
    assert Store(tmp_path).read_run()["margin_points"] == 3.0
    for bad in ("3", "0pp", "-1pp", "nan"):
        status, _, errors = type_in("report", tmp_path, "--margin", bad)
        assert (status, "such as 0.5pp" in errors) == (2, True)
    assert Store(tmp_path).read_run()["margin_points"] == 3.0


def test_a_price_waits_for_no_run_and_changes_nothing_beside_one(type_in, tmp_path):
    store = Store(tmp_path)
    store.write_run(dict.fromkeys(RUN_KEYS, "toy") | {"planned": [], "dataset": {}})
    with hold(tmp_path):
        status, _, errors = type_in("report", tmp_path, "--price-per-hour", "0.4")
    assert (status, "in use by" in errors) == (2, True)
    assert "price_per_hour" not in store.read_run()


def test_report_of_a_folder_without_results(type_in):
    status, _, errors = type_in("report", "nowhere")
    assert status == 2
    assert "no results in nowhere" in errors


def test_version(type_in):
    assert type_in("--version")[0] == 0


@pytest.mark.parametrize("arguments", [[], ["-h"], ["--help"]])
def test_help_without_a_command_is_help(type_in, arguments):
    status, output, errors = type_in(*arguments)
    assert (status, errors) == (0, "")
    assert all(command in output for command in ("run", "list", "predict", "doctor"))


def test_an_unknown_command_is_one_line(type_in):
    status, _, errors = type_in("rum")
    assert (status, len(errors.splitlines())) == (2, 1)
    assert "rum" in errors


@pytest.mark.parametrize(
    ("arguments", "hint"),
    [
        (["run", "--epochs", "3"], "--set lstm.epochs=VALUE"),
        (["run", "--alpha", "3"], "--set length_weighted_ce.alpha=VALUE"),
        (["predict", "results", "-bad"], "a text that begins with - goes after --"),
        (["run", "--sede", "3"], "--seeds"),
    ],
)
def test_an_unknown_option_comes_with_a_hint(type_in, arguments, hint):
    status, _, errors = type_in(*arguments)
    assert (status, len(errors.splitlines())) == (2, 1)
    assert hint in errors


def test_a_message_of_a_library_names_the_flag(type_in, monkeypatch):
    def refuse(arguments):
        raise UsageError("no trained cell matches", option="cells", value="x*")

    monkeypatch.setattr(cli, "_invoke", refuse)
    assert type_in("list")[2] == "error: --cell 'x*': no trained cell matches\n"


@pytest.mark.parametrize(
    ("error", "status"), [(StoreError("a damaged file"), 2), (WriteError("x cannot be written: disk full"), 3)]
)
def test_errors_of_a_results_folder_are_one_line(type_in, monkeypatch, error, status):
    def refuse(arguments):
        raise error

    monkeypatch.setattr(cli, "_invoke", refuse)
    assert type_in("list")[::2] == (status, f"error: {error}\n")


@pytest.mark.parametrize("command", ["run", "list", "predict", "check", "peers"])
def test_h_is_help(type_in, command):
    assert type_in(command, "-h")[:2] == type_in(command, "--help")[:2]


@pytest.mark.parametrize(
    "command", ["run", "list", "report", "compare", "explore", "predict", "explain", "export", "new", "check", "doctor"]
)
def test_help_shows_examples(type_in, command):
    status, output, _ = type_in(command, "--help")
    assert status == 0
    assert " ".join(output.split()).count("python -m benchmarks") >= 2


def test_the_doctor_finds_this_machine_able(type_in):
    status, output, _ = type_in("doctor")
    assert status == 0, output
    assert "FAIL" not in output


@pytest.mark.parametrize("limit", ["accuracy:1%", "throughput:1pp", "speed:1%", "accuracy"])
def test_a_limit_of_the_wrong_form(type_in, limit):
    status, _, errors = type_in("compare", "a", "b", "--fail-on", limit)
    assert status == 2
    assert f"--fail-on {limit!r}" in errors
    assert "accuracy:POINTSpp" in errors


def test_comparing_a_folder_without_results(type_in):
    assert type_in("compare", "a", "b")[0] == 2


def test_a_folder_of_a_run_that_was_killed_at_its_start_is_taken_over(type_in, tmp_path):
    (tmp_path / "out" / "data").mkdir(parents=True)
    for name in ("run.lock", ".run.json.1.tmp"):
        (tmp_path / "out" / name).write_text("")
    status, _, errors = type_in("run", "--suite", "smoke", "--out", "out", "--dataset", "no.csv")
    assert (status, "not a results folder" in errors) == (2, False)
