"""The answer, and what limits it: single trainings, leaked rows, groups, failed audits."""

import io

import pytest
from rich.console import Console

from benchmarks.store.results import Store
from reports.analysis.results import read_results
from reports.analysis.run_analysis import analyse
from reports.render.headline import alarms, clustered, headlines, leaks, one_training, title
from reports.render.html import write_html
from reports.render.markdown import write_markdown
from reports.render.terminal import print_tables


@pytest.fixture
def written(write_results, tmp_path):
    """The function that writes results and gives their analysis."""

    def analysis_of(accuracy=None, **options):
        write_results(tmp_path, accuracy, **options)
        return analyse(read_results(tmp_path))

    return analysis_of


def ce(**shares):
    return {(model, "ce"): share for model, share in shares.items()}


@pytest.mark.parametrize(
    ("shares", "said"),
    [
        (ce(lstm=0.8), "With 2,000 training texts and ce, lstm is the only model: lstm 80.0 ("),
        (
            ce(lstm=0.8, tfidf_logreg=0.9),
            "tfidf_logreg is the best of the 2 models for these training rows, over seeds: tfidf_logreg 90.0 (",
        ),
        (ce(lstm=0.8, tfidf_logreg=0.9, other=0.7), "tfidf_logreg is the best of the 3 models"),
        (
            ce(lstm=0.9, tfidf_logreg=0.9, other=0.7),
            "is the most accurate of the 3 models, and not shown to be better than",
        ),
        (ce(lstm=0.3, tfidf_logreg=0.45), "no model is shown to beat the majority class (52.3 %)"),
    ],
)
def test_the_headline_claims_no_more_than_the_family(written, shares, said):
    (headline,) = headlines(written(shares))
    assert said in headline.sentence
    assert "tied" not in headline.sentence


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("reviews.csv (text body, label stars, map 1=a (b);2=c)", "reviews.csv"),
        ("reviews (1).csv", "reviews (1).csv"),
        ("hf:owner/name (groups film)", "hf:owner/name"),
        ("…/reviews.csv (text body)", "reviews.csv"),
    ],
)
def test_the_title_is_the_data_s_name_alone(written, tmp_path, name, shown):
    written(ce(lstm=0.8))
    store = Store(tmp_path)
    run = store.read_run()
    store.write_run(run | {"dataset": run["dataset"] | {"name": name}})
    assert title(analyse(read_results(tmp_path))) == shown


def test_of_several_seeds_nothing_is_said(written):
    assert one_training(written(seeds=(1, 2))) == ""


def test_one_training_of_every_model(written):
    assert one_training(written(seeds=(1,))).startswith("Every model ran once: ")


def test_models_with_one_training_are_named_once(written, tmp_path):
    analysis = written(seeds=(1, 2))
    for cell in analysis.results.cells:
        if cell.spec.model == "lstm" and cell.spec.seed == 2:
            (tmp_path / "cells" / cell.spec.id / "result.json").unlink()
    assert one_training(analyse(read_results(tmp_path))).startswith("lstm ran once: ")


def test_a_model_with_one_training_at_one_size_is_named_with_that_size(written, tmp_path):
    written(ce(lstm=0.8, tfidf_logreg=0.84), train_sizes=(500, 2000), seeds=(1, 2))
    store = Store(tmp_path)
    gone = [
        cell.spec.id
        for cell in store.results()
        if (cell.spec.model, cell.spec.train_size, cell.spec.seed) == ("lstm", 2000, 2)
    ]
    run = store.read_run()
    store.write_run(run | {"planned": [cell for cell in run["planned"] if cell not in gone]})
    assert one_training(analyse(read_results(tmp_path))).startswith("lstm on 2,000 texts ran once: ")


@pytest.mark.parametrize("write", [write_markdown, write_html])
def test_it_stands_in_short(written, tmp_path, write):
    written(seeds=(1,))
    assert "Another training may come out better" in write(tmp_path).read_text(encoding="utf-8")
    written(seeds=(1, 2))
    assert "Another training may come out" not in write(tmp_path).read_text(encoding="utf-8")


def everywhere(folder):
    """The terminal, the Markdown and the HTML report of a folder."""
    screen = io.StringIO()
    print_tables(analyse(read_results(folder)), Console(file=screen, width=500))
    return [screen.getvalue(), *(write(folder).read_text(encoding="utf-8") for write in (write_markdown, write_html))]


def test_more_than_a_trace_of_leaked_rows_is_announced_everywhere(written, tmp_path):
    said = "500 of 1,000 test rows (50.0 %) also occur in training or validation."
    assert leaks(written(ce(lstm=0.84), leaked=500)).startswith(said)
    assert all(said in text for text in everywhere(tmp_path))
    assert leaks(written(ce(lstm=0.84), leaked=5)) == ""


def test_rows_in_groups_are_announced_in_the_reports(written, tmp_path):
    said = "Test rows are clustered by group (100 groups, as informative as 100 equally large ones)"
    assert clustered(written(ce(lstm=0.84), group_size=10)).startswith(said)
    assert clustered(written(ce(lstm=0.84), group_size=10)).endswith("assume groups of the same size.")
    assert all(said in text for text in everywhere(tmp_path)[1:])
    assert clustered(written(ce(lstm=0.84))) == ""


def test_few_groups_are_said_to_be_too_few(written, tmp_path):
    said = "(7 groups, as informative as 7 equally large ones), too few to measure how alike the rows of a group are"
    assert said in clustered(written(ce(lstm=0.84), group_size=143))
    assert all("the intervals are not cluster-robust" in text for text in everywhere(tmp_path))


def test_a_failed_audit_is_announced_everywhere_until_it_is_acknowledged(written, tmp_path):
    said = "Audits that failed and raise an alarm: truncation in 3 of 3 cells."
    assert alarms(written(ce(lstm=0.84))) == said
    assert all(said in text for text in everywhere(tmp_path))
    store = Store(tmp_path)
    store.write_run(store.read_run() | {"acknowledged": {"truncation": "long reviews are rare"}})
    assert not any(said in text for text in everywhere(tmp_path))
    assert "long reviews are rare" in write_markdown(tmp_path).read_text(encoding="utf-8")
