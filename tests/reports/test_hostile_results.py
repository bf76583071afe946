"""Results folders from elsewhere: damaged, made up, or made to do harm."""

import json
import os

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.store.results import StoreError
from reports.analysis.mistakes import most_confident_mistakes
from reports.analysis.results import read_results
from reports.analysis.run_analysis import analyse
from reports.analysis.run_comparison import compare_runs
from reports.figures.draw import gallery, write_figures
from reports.render.compare import Limits
from reports.render.compare import render as render_comparison
from reports.render.html import render as render_html
from reports.render.html import write_html
from reports.render.markdown import render as render_markdown
from reports.render.markdown import write_cells_csv, write_markdown

ACCURACY = {(model, loss): 0.8 for model in ("tfidf_logreg", "lstm") for loss in ("ce", "length_weighted_ce")}
VALUES = (
    st.none()
    | st.booleans()
    | st.integers(-3, 3)
    | st.sampled_from(
        [10**18, 10**30, -0.0, 1e308, float("nan"), "", "x", "../x", "\ud800", "\x1b[31m", [], {}, [[]], ["a"] * 3]
    )
    | st.text(max_size=5)
)
fuzz = settings(settings.get_profile("fuzz"), max_examples=settings.get_profile("fuzz").max_examples // 10)


THOROUGH = "FUZZ" in os.environ
"""Figures and all take a second for each input."""


@pytest.fixture(scope="module")
def original(tmp_path_factory, write_results):
    folder = tmp_path_factory.mktemp("original")
    write_results(folder, ACCURACY, seeds=(1,), test_rows=40)
    return {path.relative_to(folder): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.fixture
def folder(tmp_path, original):
    restore(tmp_path, original)
    return tmp_path


def restore(folder, original):
    for name, content in original.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)


def report(folder, *, thorough=False):
    """The report of a folder, or all of its kinds, or the line that refuses it."""
    try:
        results = read_results(folder)
        analysis = analyse(results)
        written = [render_markdown(analysis)]
        if thorough:
            write_cells_csv(folder)
            drawings = gallery(analysis)
            written += [render_html(analysis, drawings, most_confident_mistakes(results)), *(d.svg for d in drawings)]
            written += [render_comparison(compare_runs(folder, folder), Limits(0.0, 0.0))]
    except StoreError as error:
        refusal = str(error)
    else:
        refusal = ""
        for text in written:
            text.encode()
    assert "\n" not in refusal
    return refusal


def places(value, path=()):
    """Every place in a JSON document, the first two of each list."""
    yield path
    items = value.items() if isinstance(value, dict) else enumerate(value[:2]) if isinstance(value, list) else ()
    for key, item in items:
        yield from places(item, (*path, key))


def changed(value, path, new):
    if not path:
        return new
    copy = dict(value) if isinstance(value, dict) else list(value)
    copy[path[0]] = changed(copy[path[0]], path[1:], new)
    return copy


def change(data, content):
    """One or two values of a JSON document replaced, or left out."""
    document = json.loads(content)
    for _ in range(data.draw(st.integers(1, 2))):
        document = changed(document, data.draw(st.sampled_from(sorted(places(document), key=repr))), data.draw(VALUES))
    if isinstance(document, dict) and data.draw(st.booleans()):
        document.pop(data.draw(st.sampled_from(sorted(document) or [""])), None)
    return json.dumps(document).encode()


@fuzz
@given(st.data())
def test_a_run_with_values_changed(tmp_path, original, data):
    restore(tmp_path, original)
    path = tmp_path / "run.json"
    path.write_bytes(change(data, path.read_bytes()))
    report(tmp_path, thorough=THOROUGH)


@fuzz
@given(st.data())
def test_results_with_values_changed(tmp_path, original, data):
    restore(tmp_path, original)
    for path in data.draw(
        st.lists(st.sampled_from(sorted(tmp_path.glob("cells/*/result.json"))), min_size=1, max_size=2)
    ):
        path.write_bytes(change(data, path.read_bytes()))
    report(tmp_path, thorough=THOROUGH)


@fuzz
@given(st.data())
def test_predictions_with_values_changed(tmp_path, original, data):
    restore(tmp_path, original)
    path = data.draw(st.sampled_from(sorted(tmp_path.glob("cells/*/predictions.parquet"))))
    frame = pd.read_parquet(path)
    column = data.draw(st.sampled_from(list(frame)))
    new = data.draw(st.sampled_from([-1, 99, 0, 1.5, float("nan"), "x", None, 2**63 - 1, True, b"x", -5.0]))
    match data.draw(st.sampled_from(["column", "rows", "cut", "empty"])):
        case "column":
            frame[column] = [new] * len(frame)
        case "rows":
            frame = frame.astype({column: object})
            frame.loc[:3, column] = new
        case "cut":
            frame = frame.drop(columns=column)
        case "empty":
            frame = frame[:0]
    try:
        frame.to_parquet(path)
    except Exception:  # noqa: BLE001  (what pyarrow cannot write need not be read)
        return
    report(tmp_path, thorough=THOROUGH)


@fuzz
@given(st.data())
def test_files_with_bytes_changed(tmp_path, original, data):
    restore(tmp_path, original)
    path = tmp_path / data.draw(st.sampled_from(sorted(original)))
    content = bytearray(path.read_bytes())
    for _ in range(data.draw(st.integers(1, 3))):
        start, new = data.draw(st.integers(0, len(content))), data.draw(st.binary(max_size=4))
        content[start : start + data.draw(st.sampled_from([0, len(new), 10**9]))] = new
    path.write_bytes(content)
    report(tmp_path, thorough=THOROUGH)


@pytest.mark.parametrize(
    "content", ["", "{", "[" * 100_000, "{}", '{"schema_version": 2}', "null", '"x"', "1e999", "9" * 5_000]
)
def test_a_run_that_is_none(folder, content):
    (folder / "run.json").write_text(content)
    assert str(folder) in report(folder)


def test_a_cell_with_damaged_predictions_loses_no_other(folder):
    path = min(folder.glob("cells/*/predictions.parquet"))
    path.write_bytes(b"garbage")
    assert report(folder, thorough=True) == ""
    results = read_results(folder)
    (failed,) = (cell for cell in results.cells if cell.status != "ok")
    assert failed.spec.id == path.parent.name
    assert "predictions.parquet" in failed.reason
    assert failed.reason in write_cells_csv(folder).read_text()


def test_a_report_never_writes_through_a_link(folder, tmp_path_factory):
    """A results folder from elsewhere may link `report.md` to a file of the reader's."""
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    (elsewhere / "precious").write_text("mine")
    (elsewhere / "drawing.svg").write_text("mine")
    for name in ("report.md", "report.html", "cells.csv"):
        (folder / name).symlink_to(elsewhere / "precious")
    for write in (write_markdown, write_cells_csv, write_html):
        write(folder)
    (folder / "figures").symlink_to(elsewhere)
    with pytest.raises(StoreError, match="figures cannot be written to: it is a link"):
        write_figures(folder)
    assert {path.read_text() for path in elsewhere.iterdir()} == {"mine"}
    assert len(list(elsewhere.iterdir())) == 2


def test_a_comparison_shows_names_as_they_are(folder, tmp_path_factory, original, hostile_text, write_results):
    other = tmp_path_factory.mktemp("other")
    write_results(
        other, ACCURACY, seeds=(1,), test_rows=40, model_params={"lstm": [{"epochs": hostile_text}, {"epochs": 2}]}
    )
    shown = render_comparison(compare_runs(folder, other), Limits())
    assert "<script" not in shown
    assert "](javascript" not in shown.replace("\\]", "")


def test_no_report_names_a_folder_of_the_reader_s(folder, write_results, tmp_path_factory):
    home = tmp_path_factory.mktemp("published")
    params = {"distilbert": [{"encoder": "/home/alice/customers/acme/encoder"}, {"encoder": "minilm"}]}
    failed = {
        ("lstm", "ce"): ("failed", "FileNotFoundError: No such file: '/home/alice/my files/x.bin' and /root/y/z.bin")
    }
    accuracy = ACCURACY | {("distilbert", "ce"): 0.9}
    write_results(home, accuracy, seeds=(1,), test_rows=40, model_params=params, failed=failed)
    assert report(home, thorough=True) == ""
    for path in (write_markdown(home), write_cells_csv(home), write_html(home), *write_figures(home)):
        text = path.read_text()
        assert "alice" not in text, path
        assert "/root" not in text, path
    assert "…/encoder" in (home / "report.md").read_text()
    assert "…/x.bin" in (home / "report.md").read_text()
