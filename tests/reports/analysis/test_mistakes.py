"""The most confident mistakes, and the words that drove them: escaped, only where texts are shown, never missed."""

import re

import numpy as np
import pytest

from benchmarks.schema.explanations import MISTAKES, ExplainedMistake, Explanations
from benchmarks.store.results import Store
from data.dataset import Dataset, Split
from reports.analysis.mistakes import most_confident_mistakes
from reports.analysis.results import read_results
from reports.render.html import write_html
from reports.render.markdown import write_cells_csv, write_markdown

ACCURACY = {("lstm", "ce"): 0.8}


@pytest.fixture
def folder(tmp_path, write_results, hostile_text):
    """Results with their texts, and explanations with a hostile word."""
    store = write_results(tmp_path, ACCURACY, seeds=(1,), test_rows=40)
    rows = np.arange(40) + 500
    texts = tuple(f"text of row {row}" for row in rows)
    test = Split(texts, np.zeros(40, dtype=np.int64), np.ones(40, dtype=np.int64), rows, ("negative", "positive"))
    data = Dataset("synthetic", test, test, test, {"origin": "made up"})
    store.write_data(data)
    fingerprint = store.read_run()["dataset"]["fingerprint"]
    for suffix in (".json", ".parquet"):
        path = store.data_path(data.fingerprint).with_suffix(suffix)
        path.rename(path.with_stem(fingerprint))
    explain(store, lambda row, predicted: {"method": "gradients", "words": ((hostile_text[:90], 1.254), ("dull", -3))})
    return tmp_path


def explain(store, how):
    """Store explanations of the mistakes of the only cell."""
    results = read_results(store.folder)
    (cell,) = results.cells
    predictions = results.predictions(cell)
    wrong = np.flatnonzero(~predictions.correct)
    facts = ((int(predictions.rows[i]), int(predictions.predicted[i])) for i in wrong)
    mistakes = tuple(ExplainedMistake(row=row, predicted=p, **how(row, p)) for row, p in facts)
    store.write_result(cell, explanations=Explanations(mistakes=mistakes))


def shown(folder):
    (mistakes,) = most_confident_mistakes(read_results(folder))
    return mistakes.mistakes


def explanations(folder):
    (path,) = folder.glob("cells/*/explanations.json")
    return path


def test_the_words_stand_below_the_text_they_drove(folder):
    assert len(shown(folder)) == MISTAKES
    for mistake in shown(folder):
        assert mistake.text == f"text of row {mistake.row}"
        assert (mistake.method, mistake.drivers[1]) == ("gradients", ("dull", -3))
    page = write_html(folder).read_text()
    assert page.count(", by gradients: ") == MISTAKES
    assert re.search(r"Towards <strong>\w+</strong>, by gradients: =cmd.* \+1\.25, dull \u22123\.00\.</p>", page)


def test_words_are_escaped(folder):
    page = write_html(folder).read_text()
    assert page.count("<script>") == 1
    assert "&lt;script&gt;alert(1)" in page
    assert "\x1b" not in page


def test_what_is_published_holds_no_word(folder):
    for path in (write_markdown(folder), write_cells_csv(folder)):
        assert "gradients" not in path.read_text()
        assert "dull" not in path.read_text()


def test_without_texts_no_word_is_shown(folder):
    next(folder.glob("data/*.parquet")).unlink()
    page = write_html(folder).read_text()
    assert "dull" not in page
    assert "The texts of this run are not in its folder." in page


def test_the_same_results_give_the_same_bytes(folder):
    assert write_html(folder).read_bytes() == write_html(folder).read_bytes()


def test_an_older_result_says_that_it_has_none(folder):
    explanations(folder).unlink()
    assert {mistake.not_computed for mistake in shown(folder)} == {"this result was made without explanations"}
    assert "were not computed: this result was made without explanations." in write_html(folder).read_text()


def test_a_damaged_file_is_named_without_its_folder_and_loses_no_mistake(folder):
    explanations(folder).write_text("{")
    assert len(shown(folder)) == MISTAKES
    page = write_html(folder).read_text()
    assert "explanations.json is damaged" in page
    assert str(folder) not in page


def test_what_was_not_computed_says_why(folder, hostile_text):
    explain(Store(folder), lambda row, predicted: {"not_computed": f"captum is not installed {hostile_text}"})
    page = write_html(folder).read_text()
    assert "were not computed: captum is not installed =cmd" in page
    assert page.count("<script>") == 1


def test_words_of_another_prediction_are_not_shown(folder):
    explain(Store(folder), lambda row, predicted: {"method": "weights"})
    content = explanations(folder).read_text()
    explanations(folder).write_text(re.sub(r'"predicted": (\d)', r'"predicted": 1\1', content))
    assert {(mistake.method, mistake.not_computed) for mistake in shown(folder)} == {
        (None, "not among those that the cell explained")
    }
