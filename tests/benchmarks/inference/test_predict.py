"""From a trained cell to labels of new texts, as a user types it."""

import errno
import io
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from benchmarks.cells.run_cell import run_cell
from benchmarks.cli import main
from benchmarks.errors import UsageError
from benchmarks.hardware.origin import CHECKOUT
from benchmarks.hardware.slots import threads
from benchmarks.inference import text_input
from benchmarks.inference.folder import Job
from benchmarks.inference.predict import predict
from benchmarks.inference.saved import Found, Scored, find_model, load_model
from benchmarks.inference.selection import best_cell
from benchmarks.inference.writers import writing_predictions
from benchmarks.registry import entries, names, plugins
from benchmarks.schema.cell import CellSpec
from benchmarks.schema.measurements import Measure
from benchmarks.store.results import Store

TEXTS = ["film 7 was great superb", "film 8 was dull awful"]
RUN = {"suite": "toy", "code_version": "0", "device": "cpu", "precision": "fp32"}
MEASURE = Measure(rows=8, repeats=1, single=1)


@pytest.fixture(scope="module")
def run(tmp_path_factory, dataset):
    """A results folder with two trained cells, the later one better on validation and worse on test."""
    store = Store(tmp_path_factory.mktemp("run"))
    store.write_data(dataset)
    common = {
        "dataset": "toy", "data_fingerprint": dataset.fingerprint, "train_size": 40, "valid_size": 20, "test_size": 40,
        "model": "tfidf_logreg", "loss": "ce", "loss_params": {}, "device": "cpu", "precision": "fp32",
        "code_version": "0", "measure": MEASURE,
    }  # fmt: skip
    specs = [CellSpec(**common, model_params={"ngrams": 1, "min_df": 1, "C": 10.0}, seed=seed) for seed in (1, 2)]
    for spec, valid, test in zip(specs, (0.8, 0.9), (0.99, 0.7), strict=True):
        run_cell(spec, store, lambda done, total: None)
        result = store.read_result(spec.id)
        result.fit["history"][0]["valid_accuracy"] = valid
        result.metrics["accuracy"] = test
        store.write_result(result)
    data = {"fingerprint": dataset.fingerprint}
    store.write_run(RUN | {"dataset": data, "planned": [spec.id for spec in specs]})
    return store


@pytest.fixture
def type_in(monkeypatch, capsysbinary, tmp_path, run):
    """Type a command in an empty folder, with something in the pipe: its exit status, output and errors."""
    monkeypatch.chdir(tmp_path)

    def type_in(*arguments, pipe=b"", command="predict"):
        monkeypatch.setattr(sys, "argv", ["benchmarks", command, *map(str, arguments)])
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BufferedReader(io.BytesIO(pipe))))
        with pytest.raises(SystemExit) as caught:
            main()
        output, errors = capsysbinary.readouterr()
        return caught.value.code or 0, output.decode(), errors.decode()

    return type_in


def test_labelling_leaves_room_for_other_processes(type_in, run, monkeypatch):
    counts = []
    monkeypatch.setattr("benchmarks.hardware.thread_pools.limit_thread_pools", counts.append)
    assert type_in(run.folder, TEXTS[0])[0] == 0
    assert counts == [threads()]


def test_the_best_cell_is_that_of_validation_not_of_test(run):
    found = find_model(run.folder)
    assert found.saved.spec.seed == 2
    assert "highest validation accuracy, 90.00%, of 2 cells" in found.reason


@pytest.mark.parametrize(("metric", "seed"), [(None, 2), ("macro_f1", 1)])
def test_cells_that_were_selected_by_another_metric_than_the_run_s_are_not_ranked_with_its_own(
    run, tmp_path, metric, seed
):
    other = Store(tmp_path)
    for result in run.results():
        spec = result.spec.model_copy(update={"metric": "macro_f1" if result.spec.seed == 1 else "accuracy"})
        other.write_result(result.model_copy(update={"spec": spec}))
    other.write_run(run.read_run() | {"planned": [result.spec.id for result in other.results()], "metric": metric})
    best, reason = best_cell(other, "*")
    assert best.spec.seed == seed
    assert f"highest validation {'macro f1' if metric else 'accuracy'}" in reason


def test_cells_deep_audits_and_failures_are_never_chosen(run, tmp_path):
    best = run.read_result(find_model(run.folder).saved.spec.id)
    other = Store(tmp_path)
    for change in ({"role": "shuffled labels"}, {"role": "repeated"}, {"seed": 5}):
        spec = best.spec.model_copy(update=change)
        other.write_result(best.model_copy(update={"spec": spec, "status": "failed" if "seed" in change else "ok"}))
    planned = [result.spec.id for result in other.results()]
    other.write_run(run.read_run() | {"planned": planned})
    with pytest.raises(UsageError, match="none ended ok"):
        find_model(tmp_path)


def test_a_glob_a_cell_and_its_model_name_one_cell(run):
    first = next(r for r in run.results() if r.spec.seed == 1).spec.id
    cell = run.cell_folder(first)
    assert {find_model(*where).saved.spec.id for where in ((run.folder, "*-s1-*"), (cell,), (cell / "model",))} == {
        first
    }


def test_a_cell_without_validation_figures_is_not_guessed_at(run, tmp_path):
    other = Store(tmp_path)
    for result in run.results():
        other.write_result(result.model_copy(update={"fit": {"history": [], "selected": 0}}))
    other.write_run(run.read_run())
    with pytest.raises(UsageError, match="has a validation accuracy to choose by"):
        find_model(tmp_path)


def test_a_program_reads_texts_as_they_come(run):
    classifier = load_model(run.folder)
    assert classifier.classes == ("negative", "positive")
    assert classifier.label(TEXTS) == ["positive", "negative"]
    raw = [f"<br />{TEXTS[0]}&nbsp;", TEXTS[1]]
    np.testing.assert_array_equal(classifier.score(raw), classifier.score(TEXTS))
    assert classifier.score([]).shape == (0, 2)
    with pytest.raises(TypeError, match="sequence"):
        classifier.score(TEXTS[0])
    for scoring in (classifier.predict, classifier.predict_proba):
        with pytest.raises(ValueError, match=r"^texts\[1\] holds half a character \(a surrogate\), 'so .*udc3c'"):
            scoring([TEXTS[0], "so \udc3c"])


def test_texts_on_the_command_line(type_in, run):
    status, output, errors = type_in(run.folder, *TEXTS)
    assert status == 0
    assert [line.split("\t")[0] for line in output.splitlines()] == ["positive", "negative"]
    assert output.splitlines()[0].endswith(TEXTS[0])
    assert "highest validation accuracy" in errors


def test_every_format_says_the_same(type_in, run, tmp_path):
    pd.DataFrame({"text": TEXTS, "stars": [1, 2]}).to_csv("in.csv", index=False)
    expected = load_model(run.folder).score(TEXTS)
    for suffix in ("csv", "parquet", "jsonl", "txt"):
        assert type_in(run.folder, "--input", "in.csv", "--output", f"out.{suffix}")[0] == 0
    for frame in (pd.read_csv("out.csv"), pd.read_parquet("out.parquet")):
        assert frame.columns.tolist() == ["row", "label", "probability_negative", "probability_positive", "text"]
        np.testing.assert_allclose(frame[["probability_negative", "probability_positive"]].to_numpy(), expected)
        assert frame["text"].tolist() == TEXTS
    rows = [json.loads(line) for line in (tmp_path / "out.jsonl").read_text().splitlines()]
    assert [row["row"] for row in rows] == [0, 1]
    assert [list(row["probabilities"].values()) for row in rows] == expected.tolist()
    assert len((tmp_path / "out.txt").read_text().splitlines()) == 2


@pytest.mark.parametrize("name", ["in.txt", "in.jsonl", "in.csv", "in.tsv", "in.parquet"])
def test_every_kind_of_input_is_read_in_blocks(tmp_path, monkeypatch, name):
    monkeypatch.setattr(text_input, "BLOCK", 3)
    texts = [f"text {i}, with a comma" for i in range(8)]
    frame, path = pd.DataFrame({"n": range(8), "body": texts}), tmp_path / name
    match path.suffix:
        case ".txt":
            path.write_text("\ufeff" + "\r\n".join(texts))
        case ".jsonl":
            frame.to_json(path, orient="records", lines=True)
        case ".parquet":
            frame.to_parquet(path)
        case suffix:
            frame.to_csv(path, index=False, sep="\t" if suffix == ".tsv" else ",")
    blocks = list(text_input.read_file(path, "body"))
    assert max(map(len, blocks)) == 3
    assert [text for block in blocks for text in block] == texts


@pytest.mark.parametrize("name", ["in.csv", "in.csv.gz", "in.jsonl.zst", "in.parquet"])
def test_the_texts_column_is_recognised_and_compressed_files_are_read(type_in, run, tmp_path, name):
    frame, path = pd.DataFrame({"n": [1, 2], "Review Text": TEXTS}), tmp_path / name
    match name.split(".")[1]:
        case "csv":
            frame.to_csv(path, index=False)
        case "jsonl":
            lines = frame.to_json(orient="records", lines=True).encode()
            path.write_bytes(pa.compress(lines, codec="zstd", asbytes=True))
        case _:
            frame.to_parquet(path)
    status, output, errors = type_in(run.folder, "--input", name, "--format", "json")
    assert status == 0, errors
    assert [json.loads(line)["label"] for line in output.splitlines()] == ["positive", "negative"]


def test_a_pipe_is_answered_as_it_flows(run):
    """The second text is not yet written when the first one's label is there."""
    reading, writing = os.pipe()
    classifier = load_model(run.folder)
    with os.fdopen(reading, "rb") as stream:
        frames = predict(classifier.score, classifier.classes, text_input.read_lines(stream, "-"))
        os.write(writing, TEXTS[0].encode() + b"\n" + TEXTS[1][:6].encode())
        assert next(frames)["label"].tolist() == ["positive"]
        os.write(writing, TEXTS[1][6:].encode())
        os.close(writing)
        second = next(frames)
        assert (second["row"].tolist(), second["text"].tolist()) == ([1], TEXTS[1:])
        assert list(frames) == []


def test_an_endless_line_is_refused_before_it_fills_the_memory(monkeypatch):
    monkeypatch.setattr(text_input, "LONGEST_LINE", 1 << 20)
    with open("/dev/zero", "rb") as stream, pytest.raises(UsageError, match="longer than 1 MiB"):  # noqa: PTH123
        list(text_input.read_lines(stream, "-"))


def test_lines_from_a_pipe(type_in, run):
    status, output, _ = type_in(run.folder, "-", "--format", "json", pipe="\n".join(TEXTS).encode())
    assert status == 0
    assert [json.loads(line)["label"] for line in output.splitlines()] == ["positive", "negative"]


def test_an_empty_pipe_is_a_table_without_rows(type_in, run):
    status, output, _ = type_in(run.folder, "-", "--format", "csv")
    assert (status, output) == (0, "row,label,probability_negative,probability_positive,text\n")
    assert type_in(run.folder, "-", "--output", "out.parquet")[0] == 0
    assert len(pd.read_parquet("out.parquet")) == 0


def test_what_a_spreadsheet_would_calculate_is_written_as_text(type_in, run):
    _, output, _ = type_in(run.folder, "=HYPERLINK(1)", "\t@SUM(1)", "a\nb\x1b[31m", "--format", "csv")
    texts = pd.read_csv(io.StringIO(output))["text"].tolist()
    assert texts == ["'=HYPERLINK(1)", "'@SUM(1)", "a b [31m"]


def test_a_terminal_is_not_told_what_to_do_by_a_text(type_in, run):
    _, output, _ = type_in(run.folder, "a\x1b[2Jb\nc")
    assert len(output.splitlines()) == 1
    assert "\x1b" not in output


def test_an_output_is_whole_or_as_it_was(type_in, run, tmp_path, monkeypatch):
    (tmp_path / "in.txt").write_text("\n".join(TEXTS * 3))
    (tmp_path / "out.csv").write_text("before")
    monkeypatch.setattr(text_input, "BLOCK", 2)
    scored = []

    def stopped(self, texts):
        scored.append(texts)
        if len(scored) == 2:
            raise KeyboardInterrupt
        nothing = np.zeros(len(texts), dtype=bool)
        return Scored(np.tile([0.5, 0.5], (len(texts), 1)), nothing, nothing)

    monkeypatch.setattr("benchmarks.inference.saved.Classifier.scored", stopped)
    assert type_in(run.folder, "--input", "in.txt", "--output", "out.csv")[0] == 130
    assert (tmp_path / "out.csv").read_text() == "before"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in.txt", "out.csv"]


def test_a_text_that_says_nothing_to_the_model_is_counted_on_stderr(type_in, run, tmp_path):
    texts = [*TEXTS, "", "<br />", "zyx", "  ", "qqq"]
    expected = load_model(run.folder).predict_proba(texts)
    pd.DataFrame({"text": texts}).to_csv(tmp_path / "in.csv", index=False)
    status, output, errors = type_in(run.folder, "--input", "in.csv", "--format", "json")
    assert status == 0
    rows = [json.loads(line) for line in output.splitlines()]
    np.testing.assert_array_equal([list(row["probabilities"].values()) for row in rows], expected)
    said = errors.splitlines()
    assert said[0].endswith("texts are in the column 'text' of in.csv, by its name")
    assert "3 of 7 texts are empty (number 3, 4, 6); their labels are the model's answer to no text" in said[-2]
    assert "2 of 7 texts are without any word that the model knows (number 5, 7); their labels" in said[-1]
    assert "1 of 1 texts is empty (number 1); its label" in type_in(run.folder, "")[2]
    assert "of 2 texts" not in type_in(run.folder, *TEXTS)[2]


def test_numbers_of_such_texts_go_on_from_block_to_block(type_in, run, tmp_path, monkeypatch):
    monkeypatch.setattr(text_input, "BLOCK", 2)
    (tmp_path / "in.txt").write_text("\n".join([*TEXTS, "", TEXTS[0], "zyx", *[""] * 5]))
    errors = type_in(run.folder, "--input", "in.txt")[2]
    assert "5 of 9 texts are empty (number 3, 6, 7, 8, 9)" in errors
    assert "1 of 9 texts is without any word that the model knows (number 5)" in errors


def test_a_classifier_is_shown_in_a_line(run):
    shown = repr(load_model(run.folder))
    assert len(shown) < 120
    assert "tfidf_logreg-ce-n40" in shown
    assert "negative" in shown


FILES = {
    "in.csv": b"text,n\ngood,1\n",
    "wide.csv": b"text,n\ngood,1\nbad,0,\nvery, very bad,0\n",
    "latin.txt": b"good\ncaf\xe9\n",
    "latin.csv": b"text\ncaf\xe9\n",
    "null.jsonl": b'{"text": "good"}\n{"text": null}\n',
    "broken.jsonl": b'{"text": "good"}\n{"text"\n',
    "garbage.parquet": b"\0\1\2",
    "empty.csv": b"",
    "notes.docx": b"",
}

BAD_INPUT = {
    "no text": ([], ["TEXT..", "--input FILE"]),
    "texts from two places": (["a text", "--input", "in.csv"], ["one place"]),
    "a pipe and a text": (["-", "a text"], ["one or the other"]),
    "no such file": (["--input", "no.csv"], ["--input 'no.csv'", "No such file"]),
    "another column": (["--input", "in.csv", "--text-column", "body"], ["--text-column 'body'", "choices: text, n"]),
    "a row that does not fit": (["--input", "wide.csv"], ["wide.csv", "line 4 (3)"]),
    "lines that are not UTF-8": (["--input", "latin.txt"], ["latin.txt is not UTF-8 (line 2"]),
    "a table that is not UTF-8": (["--input", "latin.csv"], ["latin.csv", "line 2", "iconv -f cp1252 -t utf-8"]),
    "a text that is null": (["--input", "null.jsonl"], ["line 2 has no text"]),
    "a line that is not JSON": (["--input", "broken.jsonl"], ["line 2 is no JSON"]),
    "a file that is not Parquet": (["--input", "garbage.parquet"], ["not a readable parquet"]),
    "an empty table": (["--input", "empty.csv"], ["empty.csv"]),
    "another type": (["--input", "notes.docx"], ["its type is not known", ".parquet"]),
    "a folder": (["--input", "."], ["--input '.'"]),
    "an output without a format": (["good", "--output", "out"], ["--output 'out'", "explicit format"]),
    "Parquet to a terminal": (["good", "--format", "parquet"], ["--format 'parquet'", "output file"]),
    "an output in no folder": (["good", "--output", "no/out.csv"], ["does not exist"]),
    "the input as output": (["--input", "in.csv", "--output", "in.csv"], ["--output 'in.csv'", "it is the input"]),
    "an unknown cell": (["good", "--cell", "bert-*"], ["--cell 'bert-*'", "tfidf_logreg-ce-n40-s1"]),
    "a folder into another format": (
        ["--input", ".", "--output", "out", "--format", "csv"],
        ["--format 'csv'", "choices: parquet"],
    ),
    "an unknown format": (["good", "--format", "xml"], ["xml", "parquet"]),
}


@pytest.mark.parametrize("case", BAD_INPUT)
def test_bad_input_is_one_line_and_nothing_is_written(type_in, run, tmp_path, case):
    for name, content in FILES.items():
        (tmp_path / name).write_bytes(content)
    arguments, expected = BAD_INPUT[case]
    status, output, errors = type_in(run.folder, *arguments)
    assert (status, output, len(errors.splitlines())) == (2, "", 1), errors
    for part in expected:
        assert part in errors
    assert {path.name for path in tmp_path.iterdir()} == set(FILES)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "not a results folder, a cell or a saved model"),
        (b"{}", "damaged"),
        (b"\x80\x04cos\nsystem\n", "damaged"),
    ],
)
def test_a_folder_without_a_model_is_refused(type_in, tmp_path, content, message):
    (tmp_path / "model").mkdir()
    if content is not None:
        (tmp_path / "model" / "saved.json").write_bytes(content)
    status, _, errors = type_in("model", "a text")
    assert (status, len(errors.splitlines())) == (2, 1)
    assert message in errors


def test_a_model_that_is_damaged_is_refused(type_in, run, tmp_path):
    shutil.copytree(run.cell_folder(find_model(run.folder).saved.spec.id) / "model", "copy")
    assert type_in("copy", "a text")[0] == 0
    (tmp_path / "copy" / "classifier.skops").write_bytes(b"")
    status, _, errors = type_in("copy", "a text")
    assert (status, "holds no saved tfidf_logreg model" in errors) == (2, True)


@pytest.mark.parametrize("change", [{"planned": 5}, {"dataset": "films"}, {"costs": 7}])
def test_a_folder_whose_record_is_malformed_is_one_line(type_in, run, tmp_path, change):
    shutil.copytree(run.folder, tmp_path / "copy")
    record = json.loads((tmp_path / "copy" / "run.json").read_text())
    (tmp_path / "copy" / "run.json").write_text(json.dumps(record | change))
    status, _, errors = type_in("copy", "a text")
    assert (status, errors.count("\n"), "run.json is damaged" in errors) == (2, 1, True)


@pytest.mark.parametrize(
    ("name", "content", "place"),
    [
        ("in.jsonl", '{"text": "fine"}\n{"text": "half \\ud83d"}\n', "line 2"),
        ("in.json", '[{"text": "half \\ud83d"}]', "0"),
    ],
)
def test_half_a_character_in_a_file_is_one_line_before_anything_is_labelled(
    type_in, run, tmp_path, name, content, place
):
    (tmp_path / name).write_text(content)
    status, output, errors = type_in(run.folder, "--input", name, "--text-column", "text", "--output", "labels.csv")
    assert (status, output, errors.count("\n")) == (2, "", 1)
    assert re.search(rf"{place} holds half a character \(a surrogate\)", errors)
    assert not (tmp_path / "labels.csv").exists()


def test_a_folder_is_labelled_file_by_file_and_a_finished_file_stays(type_in, run, tmp_path):
    source, target = tmp_path / "new", tmp_path / "labels"
    (source / "deep").mkdir(parents=True)
    for name in ("a.parquet", "deep/b.parquet"):
        pd.DataFrame({"text": TEXTS}).to_parquet(source / name)
    assert type_in(run.folder, "--input", source, "--output", target)[0] == 0
    expected = load_model(run.folder).label(TEXTS)
    assert [pd.read_parquet(target / name)["label"].tolist() for name in ("a.parquet", "deep/b.parquet")] == [
        expected
    ] * 2

    (target / "deep" / "b.parquet").unlink()
    kept = (target / "a.parquet").stat().st_mtime_ns
    status, _, errors = type_in(run.folder, "--input", source, "--output", target)
    assert (status, "1 file to label" in errors, (target / "a.parquet").stat().st_mtime_ns) == (0, True, kept)
    assert (target / "deep" / "b.parquet").exists()

    os.utime(source / "a.parquet")
    assert (
        "1 file to label" in type_in(run.folder, "--input", source, "--output", target)[2]
    )  # its time is another one now
    status, _, errors = type_in(run.folder, "--cell", "*-s1-*", "--input", source, "--output", target)
    assert (status, "of another model" in errors) == (2, True)


@pytest.mark.parametrize("when", ["before", "meanwhile"])
def test_a_file_that_was_replaced_is_labelled_again_however_old_it_is(run, tmp_path, when):
    """By a copy that keeps its time of change, or while its earlier texts were labelled."""
    classifier = load_model(run.folder)
    job = Job(tmp_path / "new", tmp_path / "labels", "text")
    job.source.mkdir()
    path = job.source / "a.parquet"
    pd.DataFrame({"text": TEXTS}).to_parquet(path)

    def replace():
        pd.DataFrame({"text": ["another film"]}).to_parquet(path)
        os.utime(path, (1, 1))

    class Replacing:
        classes = classifier.classes

        def predict_proba(self, texts):
            if when == "meanwhile":
                replace()
            return classifier.predict_proba(texts)

    assert job.label("a.parquet", Replacing()).error == ""
    if when == "before":
        assert job.waiting() == []
        replace()
    assert job.waiting() == ["a.parquet"]
    assert job.label("a.parquet", classifier).rows == 1
    assert job.waiting() == []


def test_an_output_that_is_no_table_is_made_anew(run, tmp_path):
    job = Job(tmp_path / "new", tmp_path / "labels", "text")
    for folder in (job.source, job.target):
        folder.mkdir()
    pd.DataFrame({"text": TEXTS}).to_parquet(job.source / "a.parquet")
    (job.target / "a.parquet").write_bytes(b"PAR1 it is not")
    assert job.waiting() == ["a.parquet"]


@pytest.mark.parametrize("target", ["new", "new/labels", "link/labels"])
def test_an_output_folder_in_the_input_folder_is_refused(type_in, run, tmp_path, target):
    (tmp_path / "new").mkdir()
    (tmp_path / "link").symlink_to("new")
    pd.DataFrame({"text": TEXTS}).to_parquet(tmp_path / "new" / "a.parquet")
    status, _, errors = type_in(run.folder, "--input", "new", "--output", target)
    assert (status, "--output" in errors, "lies in the folder of the texts" in errors) == (2, True, True)
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["a.parquet"]


def test_a_bad_file_of_a_folder_stops_no_other(type_in, run, tmp_path):
    source, target = tmp_path / "new", tmp_path / "labels"
    source.mkdir()
    (source / "a.parquet").write_bytes(b"PAR1 it is not")
    pd.DataFrame({"text": TEXTS}).to_parquet(source / "b.parquet")
    status, _, errors = type_in(run.folder, "--input", source, "--output", target)
    assert (status, "a.parquet" in errors) == (3, True)
    assert sorted(path.name for path in target.iterdir()) == ["b.parquet", "model.json"]


@pytest.mark.parametrize("arguments", [("--input", "."), ("a text", "--executor", "ray")])
def test_what_a_folder_needs_is_one_line(type_in, run, arguments):
    status, _, errors = type_in(run.folder, *arguments)
    assert (status, errors.count("\n")) == (2, 1)


def test_a_label_is_written_as_it_is_and_a_formula_as_text(tmp_path):
    """A signed number is calculated by no spreadsheet, and a label is joined on."""
    frame = pd.DataFrame(
        {
            "row": range(4),
            "label": ["-1", "+1.5e3", "=cmd()", "a  b"],
            "probability_-1": 0.5,
            "text": ["-1", "-1+1", "@x", "fine"],
        }
    )
    with writing_predictions(tmp_path / "out.csv", "csv", list(frame.columns)) as writer:
        writer.write(frame)
    read = pd.read_csv(tmp_path / "out.csv", dtype=str)
    assert read["label"].tolist() == ["-1", "+1.5e3", "'=cmd()", "a  b"]
    assert read["text"].tolist() == ["-1", "'-1+1", "'@x", "fine"]
    assert "probability_-1" in read.columns
    assert writer.quoted == 3


def test_verbose_names_the_candidates(type_in, run):
    errors = type_in(run.folder, "a text", "--verbose")[2]
    assert [line.rpartition(" ")[2] for line in errors.splitlines() if "validation accuracy" in line][:2] == [
        "80.00%",
        "90.00%",
    ]


def test_quoted_formulas_are_counted_on_stderr(type_in, run):
    _, _, errors = type_in(run.folder, "=1+1", "fine", "--format", "csv")
    assert "wrote an apostrophe before 1 value" in errors
    _, _, errors = type_in(run.folder, "fine", "--format", "csv", "--quiet")
    assert errors == ""


def test_a_full_disk_is_one_line_and_status_3(type_in, run, tmp_path, monkeypatch):
    def full(self, content):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr("benchmarks.inference.writers.CsvWriter.write", full)
    status, _, errors = type_in(run.folder, *TEXTS, "--quiet", "--output", "out.csv")
    assert (status, len(errors.splitlines()), "No space left" in errors) == (3, 1, True)
    assert list(tmp_path.iterdir()) == []


def test_a_full_output_is_one_line_and_status_3(run):
    command = [sys.executable, "-m", "benchmarks", "predict", "--quiet", str(run.folder), "a text"]
    with Path("/dev/full").open("wb") as full:
        ended = subprocess.run(
            command, stdout=full, stderr=subprocess.PIPE, cwd=CHECKOUT, check=False, timeout=60, text=True
        )
    assert (ended.returncode, ended.stderr) == (3, "error: the output cannot be written: No space left on device\n")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_signal_leaves_no_temporary_file(run, tmp_path, number):
    command = [sys.executable, "-m", "benchmarks", "predict", str(run.folder), "-", "--output", "out.csv"]
    environment = {**os.environ, "PYTHONPATH": str(CHECKOUT)}
    pipes = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.PIPE)
    process = subprocess.Popen(command, cwd=tmp_path, env=environment, **pipes)
    process.stdin.write(b"a text\n")
    process.stdin.flush()
    deadline = time.monotonic() + 60
    while not list(tmp_path.iterdir()) and time.monotonic() < deadline:
        time.sleep(0.05)
    process.send_signal(number)
    _, errors = process.communicate(timeout=30)
    assert (process.returncode, errors.decode().splitlines()[1:]) == (130, ["interrupted"])
    assert list(tmp_path.iterdir()) == []


def test_what_a_killed_predict_left_is_removed(type_in, run, tmp_path):
    (tmp_path / f".out.csv.{16 * 'a'}.tmp").write_text("half")
    assert type_in(run.folder, *TEXTS, "--output", "out.csv")[0] == 0
    assert [path.name for path in tmp_path.iterdir()] == ["out.csv"]


@pytest.mark.parametrize("command", ["predict", "explain"])
@pytest.mark.parametrize("classes", [["a", "b", "c"], ["a"], ["a", "a"]])
def test_a_wrong_number_of_classes_is_one_line(type_in, run, command, classes):
    shutil.copytree(find_model(run.folder).folder, "copy")
    content = json.loads(Path("copy/saved.json").read_text())
    Path("copy/saved.json").write_text(json.dumps(content | {"classes": classes}))
    status, output, errors = type_in("copy", "a text", "--quiet", command=command)
    assert (status, output, len(errors.splitlines())) == (2, "", 1)
    assert "damaged" in errors


def test_cells_of_other_data_are_not_chosen(run, tmp_path):
    """As after a label map was put right: the older cells have the classes the other way round."""
    other = Store(tmp_path)
    results = list(run.results())
    for result in results:
        other.write_result(result)
    record = run.read_run()
    other.write_run(record | {"dataset": {"fingerprint": "1" * 64}})
    with pytest.raises(UsageError, match="none ended ok"):
        find_model(tmp_path)


PLUGIN = Path(__file__).parents[1] / "word_counts.py"


@pytest.fixture
def plugged_run(forgetful, monkeypatch, tmp_path_factory, dataset):
    """A results folder whose only model is a plug-in's; the registry has forgotten the plug-in."""
    store = Store(tmp_path_factory.mktemp("plugged"))
    store.write_data(dataset)
    plugin = entries.add_plugin(PLUGIN)
    store.write_plugin(plugin.sha256, plugin.source)
    spec = CellSpec(
        dataset="toy", data_fingerprint=dataset.fingerprint, train_size=40, valid_size=20, test_size=40,
        model="word_counts", model_params={"smoothing": 1.0}, model_plugin=plugin.sha256, loss="ce", loss_params={},
        seed=1, device="cpu", precision="fp32", code_version="0", measure=MEASURE,
    )  # fmt: skip
    run_cell(spec, store, lambda done, total: None)
    store.write_run(RUN | {"dataset": {"fingerprint": dataset.fingerprint}, "planned": [spec.id]})
    monkeypatch.setattr(names, "_added", {"models": {}, "losses": {}, "datasets": {}})
    monkeypatch.setattr(plugins, "_loaded", {})
    names.targets.cache_clear()
    return store


def test_a_run_s_copy_of_a_plug_in_is_used_when_it_is_trusted(type_in, plugged_run):
    status, output, errors = type_in(plugged_run.folder, TEXTS[0])
    assert (status, output, len(errors.splitlines())) == (2, "", 1)
    assert "--trust-plugins" in errors
    status, output, _ = type_in(plugged_run.folder, TEXTS[0], "--trust-plugins")
    assert (status, output.partition("\t")[0]) == (0, "positive")


def test_a_copy_of_a_plug_in_that_was_changed_is_not_run(type_in, plugged_run, tmp_path):
    (copy,) = (plugged_run.folder / "plugins").iterdir()
    copy.write_text(f"open({str(tmp_path / 'ran')!r}, 'w')\n" + copy.read_text())
    status, _, errors = type_in(plugged_run.folder, TEXTS[0], "--trust-plugins")
    assert (status, "damaged" in errors, (tmp_path / "ran").exists()) == (2, True, False)
    with pytest.raises(UsageError, match="damaged"):
        load_model(plugged_run.folder, trust_plugins=True)


def test_a_model_near_the_root_has_no_plug_ins_of_a_run(run):
    saved = find_model(run.folder).saved
    assert Found(Path("/model"), saved, "").plugin_copies == {}
