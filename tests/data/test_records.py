"""One reader of rows: training and prediction see the same rows of the same file, or the same error."""

import gzip
import json
import shutil
import subprocess
import time

import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.inference.text_input import read_file
from data.column_texts import column_texts
from data.errors import DataError
from data.files import open_path
from data.tables import read_table

ROWS = [(f"text number {row}", "ab"[row % 2]) for row in range(40)]


def both(path, column="text"):
    """The texts as prediction reads them; training's must be the same."""
    texts = list(column_texts(path, column))
    assert texts == read_table(path).frame[column].tolist()
    return texts


def write(path, rows, separator=",", header=("text", "label"), end="\n"):
    lines = [separator.join(header), *(separator.join(row) for row in rows)]
    path.write_text(end.join(lines) + end, encoding="utf-8", newline="")
    return path


@pytest.mark.parametrize(("name", "separator"), [("a.tsv", "\t"), ("a.csv", ",")])
@pytest.mark.parametrize("stray", [[7], [3, 20], range(40)], ids=["one", "two", "all"])
def test_a_quotation_mark_that_is_never_closed_swallows_no_row(tmp_path, name, separator, stray):
    rows = [('"' * (row in stray) + text, label) for row, (text, label) in enumerate(ROWS)]
    path = write(tmp_path / name, rows, separator)
    assert both(path) == [text for text, _ in rows]
    assert read_table(path).notes == (
        f"{name}: in {len(stray)} row{'s' * (len(stray) > 1)} a quotation mark encloses no field; it is read as text",
    )


@pytest.mark.parametrize("separator", [";", "\t", ",", "^"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_a_first_line_may_name_the_separator_as_for_excel(tmp_path, separator, end):
    path = write(tmp_path / "a.csv", [("good, so far", "a"), ("dull | poor", "b")], separator, end=end)
    if separator == ",":
        path = write(path, [('"good, so far"', "a"), ("dull | poor", "b")], end=end)
    path.write_text(f"sep={separator}{end}{path.read_text()}", encoding="utf-8-sig", newline="")
    assert both(path) == ["good, so far", "dull | poor"]
    table = read_table(path)
    assert list(table.frame.columns) == ["text", "label"]
    assert table.places.tolist() == [3, 4]
    path.write_text(f"sep={separator}{end}")
    with pytest.raises(DataError, match=r"a\.csv is empty"):
        read_table(path)


def test_fields_in_quotation_marks_may_hold_anything(tmp_path):
    texts = ['he said "no", twice', "two\nlines, a comma", 'ends in "quotes"', '"', "", "tab\tand\r\nmore"]
    frame = pd.DataFrame({"text": texts, "label": list("ababab")})
    frame.to_csv(tmp_path / "a.csv", index=False)
    assert both(tmp_path / "a.csv") == texts
    assert read_table(tmp_path / "a.csv").places.tolist() == [2, 3, 5, 6, 7, 8]
    frame.to_csv(tmp_path / "a.tsv", index=False, sep="\t")
    assert both(tmp_path / "a.tsv") == texts


def test_a_mark_within_a_field_is_a_character(tmp_path):
    assert both(write(tmp_path / "a.csv", [('said "wow" and left', "a"), ('5" x 7"', "b")])) == [
        'said "wow" and left',
        '5" x 7"',
    ]


def test_a_separator_at_the_end_of_each_line_shifts_nothing(tmp_path):
    rows = [(text, label, "") for text, label in ROWS]
    assert both(write(tmp_path / "a.csv", rows)) == [text for text, _ in ROWS]
    rows = [(str(number), text, "", "") for number, (text, _) in enumerate(ROWS)]
    assert both(write(tmp_path / "b.csv", rows, header=("id", "text"))) == [text for text, _ in ROWS]


@pytest.mark.parametrize(
    ("row", "finding"),
    [
        (("a text", "b", "x"), r"a\.csv: 1 row with another number of fields than the 2 of the header: line 3 \(3\)"),
        (("a text",), r"line 3 \(1\)"),
        (('"a" text', "b", "x"), r"line 3 has a quotation mark that neither begins and ends a field"),
    ],
)
def test_a_row_that_does_not_fit_is_refused_by_both(tmp_path, row, finding):
    path = write(tmp_path / "a.csv", [ROWS[0], row, *ROWS[1:]])
    for reads in (lambda: list(column_texts(path, "text")), lambda: open_path(path).load()):
        with pytest.raises(DataError, match=finding):
            reads()


def test_all_rows_that_do_not_fit_are_named_at_once(tmp_path):
    rows = [(text, label, "x") if row % 5 == 0 else (text, label) for row, (text, label) in enumerate(ROWS)]
    with pytest.raises(DataError, match=r"8 rows with .*: line 2 \(3\), line 7 \(3\), .* and 3 more"):
        open_path(write(tmp_path / "a.csv", rows)).load()


def test_blank_lines_are_rows_where_there_is_one_column_only(tmp_path):
    (tmp_path / "one.csv").write_text("text\na\n\nb\n   \nc\n\n")
    assert both(tmp_path / "one.csv") == ["a", "", "b", "   ", "c", ""]
    (tmp_path / "quoted.csv").write_text('text\na\n""\nb\n')
    assert both(tmp_path / "quoted.csv") == ["a", "", "b"]
    path = write(tmp_path / "two.csv", [ROWS[0], (" ",), ROWS[1]], end="\n\n")
    assert both(path) == [ROWS[0][0], ROWS[1][0]]


@pytest.mark.parametrize("separator", [";", "\t", ","])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_separators_encodings_and_line_ends_are_recognised(tmp_path, separator, encoding, end):
    rows = [(f"café number {row}", label) for row, (_, label) in enumerate(ROWS)]
    lines = end.join(separator.join(row) for row in [("text", "label"), *rows])
    (tmp_path / "a.csv").write_bytes(lines.encode(encoding))
    assert both(tmp_path / "a.csv") == [text for text, _ in rows]


@pytest.mark.parametrize(
    ("name", "cure"),
    [
        ("my a.csv", "iconv -f cp1252 -t utf-8 '{folder}/my a.csv' > '{folder}/my a-utf8.csv'"),
        ("a.csv.gz", "gzip -dc {folder}/a.csv.gz | iconv -f cp1252 -t utf-8 > {folder}/a-utf8.csv"),
    ],
)
def test_another_encoding_is_refused_with_the_command_that_cures_it(tmp_path, name, cure):
    path, content = tmp_path / name, "text,label\nplain,a\ncafé,b\n"
    path.write_bytes(gzip.compress(content.encode("cp1252")) if name.endswith("gz") else content.encode("cp1252"))
    for reads in (lambda: list(column_texts(path, "text")), lambda: read_table(path)):
        with pytest.raises(DataError, match=r"is not UTF-8 \(line 3: ") as caught:
            reads()
    command = str(caught.value).partition("wrote it: ")[2]
    assert command == cure.format(folder=tmp_path)
    if shutil.which("iconv"):
        subprocess.run(["bash", "-c", command], check=True)
        (converted,) = tmp_path.glob("*-utf8.csv")
        assert list(column_texts(converted, "text")) == ["plain", "café"]


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
def test_a_separator_within_a_column_name_is_none(tmp_path, separator):
    names = ['"text, free; long"', '"a|label"', "other"]
    (tmp_path / "a.csv").write_text(f"{separator.join(names)}\n{separator.join(['x', 'y', 'z'])}\n")
    assert read_table(tmp_path / "a.csv").frame.columns.tolist() == ["text, free; long", "a|label", "other"]


def test_a_text_file_is_read_in_utf16_as_tables_are(tmp_path):
    (tmp_path / "a.txt").write_bytes("café\r\n\r\ntwo".encode("utf-16"))
    assert list(read_file(tmp_path / "a.txt", None)) == [["café", "", "two"]]


OBJECTS = [{"id": 2**70 + row, "text": text, "label": label} for row, (text, label) in enumerate(ROWS)]


@pytest.mark.parametrize(
    "content",
    [
        "\n".join(map(json.dumps, OBJECTS)),
        "\ufeff" + "\r\n".join(map(json.dumps, OBJECTS)) + "\r\n",
        "\n\n".join(map(json.dumps, OBJECTS)) + "\n  \n\n",
    ],
    ids=["plain", "bom and crlf", "blank lines"],
)
@pytest.mark.parametrize("name", ["a.jsonl", "a.json"])
def test_lines_of_json(tmp_path, name, content):
    (tmp_path / name).write_text(content, encoding="utf-8", newline="")
    assert both(tmp_path / name) == [text for text, _ in ROWS]


def test_an_array_of_json(tmp_path):
    (tmp_path / "a.json").write_text(json.dumps(OBJECTS, indent=1))
    assert both(tmp_path / "a.json") == [text for text, _ in ROWS]


def test_line_ends_of_unicode_are_part_of_a_text(tmp_path):
    texts = ["one\u2028two", "three\x85four", "five\x0bsix"]
    (tmp_path / "a.jsonl").write_text("\n".join(json.dumps({"text": t}, ensure_ascii=False) for t in texts), "utf-8")
    assert both(tmp_path / "a.jsonl") == texts


@pytest.mark.parametrize("kind", ["csv", "tsv", "jsonl", "json", "parquet"])
@pytest.mark.parametrize("ending", ["", ".gz", ".zst", ".GZ"])
def test_every_kind_plain_or_compressed_in_any_case(tmp_path, kind, ending):
    frame, plain = pd.DataFrame(ROWS, columns=["text", "label"]), tmp_path / f"plain.{kind}"
    match kind:
        case "parquet":
            frame.to_parquet(plain)
        case "jsonl" | "json":
            frame.to_json(plain, orient="records", lines=kind == "jsonl")
        case _:
            frame.to_csv(plain, index=False, sep="\t" if kind == "tsv" else ",")
    content = plain.read_bytes()
    if ending:
        content = pa.compress(content, codec="zstd", asbytes=True) if ending == ".zst" else gzip.compress(content)
    path = tmp_path / f"DATA.{kind.upper() if ending == '.GZ' else kind}{ending}"
    path.write_bytes(content)
    assert both(path) == [text for text, _ in ROWS]


def test_what_pandas_keeps_as_an_index_is_a_column(tmp_path):
    frame = pd.DataFrame(ROWS, columns=["text", "label"])
    frame.set_index("text").to_parquet(tmp_path / "a.parquet")
    assert both(tmp_path / "a.parquet") == [text for text, _ in ROWS]


def test_numbers_are_texts_and_other_values_are_not(tmp_path):
    (tmp_path / "a.jsonl").write_text('{"text": 404}\n{"text": "x"}\n{"text": 1.5}\n')
    assert list(column_texts(tmp_path / "a.jsonl", "text")) == ["404", "x", "1.5"]
    for value, finding in {"null": "line 2 has no text", "[1]": "line 2: a text is expected, not list"}.items():
        (tmp_path / "a.jsonl").write_text(f'{{"text": "x"}}\n{{"text": {value}}}\n')
        with pytest.raises(DataError, match=finding):
            list(column_texts(tmp_path / "a.jsonl", "text"))


@pytest.mark.parametrize("header", ["text,text", "a,b"])
def test_a_column_that_cannot_be_recognised_is_refused(tmp_path, header):
    (tmp_path / "a.csv").write_text(f"{header}\nx,y\n")
    with pytest.raises(DataError, match="2 columns 'text'" if "text" in header else "no text column"):
        list(column_texts(tmp_path / "a.csv", None))


@pytest.mark.parametrize("kind", ["csv", "jsonl", "json", "parquet"])
@pytest.mark.parametrize(("name", "how"), [("Review Text", "name"), ("what", "content")])
def test_a_column_is_recognised_by_its_name_or_its_content_and_named(tmp_path, kind, name, how):
    texts = [f"some words and number {row}" for row in range(3_000)]
    frame = pd.DataFrame({"id": range(3_000), name: texts})
    path = tmp_path / f"a.{kind}"
    match kind:
        case "csv":
            frame.to_csv(path, index=False)
        case "parquet":
            frame.to_parquet(path)
        case _:
            frame.to_json(path, orient="records", lines=kind == "jsonl")
    said = []
    assert list(column_texts(path, None, said.append)) == texts
    assert said == [f"texts are in the column {name!r} of a.{kind}, by its {how}"]
    assert list(column_texts(path, name, pytest.fail)) == texts


def test_a_file_without_a_header_loses_no_row_in_silence(tmp_path):
    texts = [f"this line is a text with words, number {row}" for row in range(40)]
    rows = [f'"{text}",{("good", "bad")[row % 2]}' for row, text in enumerate(texts)]
    (tmp_path / "a.csv").write_text("\n".join(rows))
    with pytest.raises(DataError, match=r"the first line names no columns, it is a row .'this line is a text"):
        list(column_texts(tmp_path / "a.csv", None))
    with pytest.raises(DataError, match=r"it is a row .'this line.*it is a row .'good' stands there"):
        open_path(tmp_path / "a.csv").load()


def test_many_open_quotation_marks_take_time_in_proportion_to_the_file(tmp_path):
    lines = [f'"a{"b" * 50},x' if row % 2 else f'c""d{"e" * 50},y' for row in range(60_000)]
    (tmp_path / "a.csv").write_text(
        "text,label\n" + "\n".join(lines) + '\n"never closed,x\n' + "\n".join(["plain,y"] * 60_000)
    )
    began = time.process_time()
    assert len(read_table(tmp_path / "a.csv").frame) == 120_001
    assert time.process_time() - began < 6


@given(
    st.lists(st.tuples(st.text("ab\",;\t \n'", max_size=12), st.sampled_from("xy")), min_size=1, max_size=12),
    st.sampled_from([",", ";", "\t"]),
)
def test_whatever_pandas_writes_is_read_as_it_was(tmp_path_factory, rows, separator):
    path = tmp_path_factory.mktemp("any") / "a.csv"
    frame = pd.DataFrame(rows, columns=["text", "label"])
    frame.to_csv(path, index=False, sep=separator, lineterminator="\n")
    assert both(path) == frame["text"].tolist()


@given(st.text('"\n,ab', max_size=60))
def test_no_line_is_lost_whatever_the_quotation_marks(tmp_path_factory, content):
    """Rows that are read cover every line that is not blank, or the file is refused."""
    path = tmp_path_factory.mktemp("any") / "a.csv"
    path.write_text(f"text,label\n{content}\n")
    try:
        table = read_table(path)
    except DataError:
        return
    if table.problems:
        return
    letters = "".join(sorted(filter(str.isalpha, content)))
    assert "".join(sorted(filter(str.isalpha, "".join(map("".join, table.frame.to_numpy().tolist()))))) == letters
