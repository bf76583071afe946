"""Data files from anybody: each is read, or refused in one line with exit status 2; never a traceback, a hang."""

import gzip
import io
import resource
import time

import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from benchmarks.config.datasets import load_dataset
from benchmarks.config.suite import Data
from benchmarks.errors import UsageError
from data.column_texts import column_texts
from data.errors import DataError
from data.records import column_text
from data.tables import read_table

ROWS = b"text,label\n" + b"".join(b"a film number %d,%s\n" % (n, (b"bad", b"good")[n % 2]) for n in range(40))
LINE_BYTES = 100 * 2**20


def parquet():
    buffer = io.BytesIO()
    pd.read_csv(io.BytesIO(ROWS)).to_parquet(buffer)
    return buffer.getvalue()


def reading(path):
    """The dataset in a file, or the line that refuses it, as it is before the command makes it printable."""
    try:
        return load_dataset(Data(name=str(path), valid_size=4, test_size=8))
    except UsageError as error:
        line = str(error)
        assert "\n" not in line
        return line


REFUSED = {
    "empty.csv": b"",
    "header.csv": b"text,label\n",
    "utf8.csv": ROWS + b"\xff\xfe\xfa,bad\n",
    "ragged.csv": ROWS + b"one,bad,and,more\n",
    "twice.csv": ROWS.replace(b"text,label", b"text,text"),
    "half.parquet": parquet()[: len(parquet()) // 2],
    "half.csv.gz": gzip.compress(ROWS * 50, mtime=0)[:100],
    "half.csv.zst": pa.compress(ROWS * 50, codec="zstd", asbytes=True)[:60],
    "none.csv.gz": b"",
    "plain.csv.gz": ROWS,
    "brackets.jsonl": b"[" * 100_000 + b"\n",
}
READ = {
    "mixed.csv": ROWS.replace(b"0,bad\n", b"0,bad\r\n"),
    "formula.csv": ROWS.replace(b"a film number 1,", b"=cmd|' /C calc'!A0 1,"),
    "huge.csv": ROWS.replace(b",bad", b",1e308").replace(b",good", b"," + b"1" + b"0" * 40),
    "bom.csv": b"\xef\xbb\xbf" + ROWS,
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_read_is_refused_by_the_command(outcome, capsys, tmp_path, name):
    (tmp_path / name).write_bytes(REFUSED[name])
    status, _, errors = outcome("run", "--dataset", tmp_path / name, capture=capsys)
    assert status == 2, errors
    assert name in errors


def test_a_folder_that_is_named_as_a_file_is_refused(outcome, capsys, tmp_path):
    (tmp_path / "x.csv").mkdir()
    assert outcome("run", "--dataset", tmp_path / "x.csv", capture=capsys)[0] == 2


@pytest.mark.parametrize("name", READ)
def test_what_is_odd_is_read_all_the_same(tmp_path, name):
    (tmp_path / name).write_bytes(READ[name])
    found = reading(tmp_path / name)
    assert not isinstance(found, str), found
    assert len(found.train) + len(found.valid) + len(found.test) == 40
    assert found.train.num_classes == 2


def test_a_line_of_100_megabytes_takes_neither_long_nor_much(tmp_path):
    path = tmp_path / "long.csv"
    path.write_bytes(ROWS + b"a" * LINE_BYTES + b",bad\n")
    before, began = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.perf_counter()
    found = reading(path)
    assert time.perf_counter() - began < 30
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 12 * LINE_BYTES / 1024
    assert not isinstance(found, str), found
    splits = (found.train, found.valid, found.test)
    assert max(len(text) for split in splits for text in split.texts) == LINE_BYTES


@given(
    st.sampled_from(["a.csv", "a.tsv", "a.jsonl", "a.parquet", "a.csv.gz", "a.csv.zst"]),
    st.binary(max_size=60) | st.text(alphabet='",\n\r\t\0=;ab1é\ufeff{}[]:', max_size=60).map(str.encode),
    st.integers(0, len(ROWS)),
)
@example("a.csv", b'"', 30)
@example("a.csv", b"\r", 11)
def test_bytes_of_any_kind_anywhere(tmp_path_factory, name, content, place):
    path = tmp_path_factory.mktemp("any") / name
    path.write_bytes(ROWS[:place] + content + ROWS[place:])
    reading(path)


@given(
    st.sampled_from(["a.csv", "a.tsv", "a.jsonl", "a.json", "a.csv.gz", "a.csv.zst"]),
    st.binary(max_size=60) | st.text(alphabet='",\n\r\t\0=;ab1é\ufeff{}[]:', max_size=60).map(str.encode),
    st.integers(0, len(ROWS)),
)
def test_prediction_reads_the_rows_that_training_reads_or_both_refuse(tmp_path_factory, name, content, place):
    path = tmp_path_factory.mktemp("any") / name
    rows = ROWS
    if ".json" in name:
        rows = b"".join(b'{"text": "a film number %d", "label": %d}\n' % (n, n % 2) for n in range(40))
    packed = rows[:place] + content + rows[place:]
    codec = {".gz": "gzip", ".zst": "zstd"}.get(path.suffix)
    path.write_bytes(pa.compress(packed, codec=codec, asbytes=True) if codec else packed)
    outcomes = []
    for read in (lambda: list(column_texts(path, "text")), lambda: _cells(read_table(path))):
        try:
            outcomes.append(read())
        except DataError:
            outcomes.append("refused")
    assert outcomes[0] == outcomes[1]


def _cells(table):
    """The texts of a table, if each row has one."""
    frame = table.frame
    if table.problems:  # training refuses such a table once it has found everything else that is wrong
        raise DataError(table.problems[0])
    if list(frame.columns).count("text") != 1:
        raise DataError("no such column")
    texts = [column_text(cell) for cell in frame["text"]]
    if None in texts:
        raise DataError("a text is missing")
    return texts
