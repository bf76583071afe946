import io

import pytest
from rich.console import Console

from benchmarks.store.results import StoreError
from reports.analysis.results import read_results
from reports.analysis.run_analysis import analyse
from reports.render.terminal import print_tables


def printed(folder, width=200):
    file = io.StringIO()
    print_tables(analyse(read_results(folder)), Console(file=file, width=width, force_terminal=False))
    return file.getvalue()


def test_accuracy_throughput_and_cost_are_printed(write_results, tmp_path):
    write_results(tmp_path, failed={("lstm", "length_weighted_ce"): ("timeout", "too long")})
    output = printed(tmp_path)
    for said in (
        "Accuracy on imdb-packaged",
        "84.0 (81.6–86.1)",
        "Throughput on cpu, bf16",
        "1,020",
        "With 2,000 training reviews: distilbert[minilm] is better than",
        "times (range of 3 and 3 fits) the training time of tfidf_logreg",
        "distilbert[minilm] is better than tfidf_logreg for these training rows, over seeds: between +",
        "Warning: Audits that failed: truncation in 9 of 15 cells.",
    ):
        assert said in output


def test_hostile_texts_reach_no_terminal(write_results, tmp_path):
    write_results(tmp_path, hostile=True)
    output = printed(tmp_path)
    assert "\x1b" not in output
    assert "[red]" in output  # shown, not obeyed


def test_nothing_that_ended_ok(write_results, tmp_path):
    write_results(tmp_path, {("lstm", "ce"): 0.8}, missing=[("lstm", "ce")])
    assert printed(tmp_path).strip() == ""


def test_a_narrow_terminal_loses_no_figure(write_results, tmp_path):
    write_results(tmp_path, {("tfidf_logreg", "ce"): 0.84})
    assert "…" not in printed(tmp_path, width=60)


def test_a_folder_without_results_is_an_error(tmp_path):
    with pytest.raises(StoreError, match="no results in"):
        printed(tmp_path)
