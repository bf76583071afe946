import io

import pandas as pd
import pytest
from rich.console import Console

from benchmarks.store.results import StoreError
from reports.analysis.results import read_results
from reports.analysis.run_analysis import analyse
from reports.render.terminal import _folded, print_frame, print_tables


def printed(folder, width=200):
    file = io.StringIO()
    print_tables(analyse(read_results(folder)), Console(file=file, width=width, force_terminal=False))
    return file.getvalue()


def test_the_decision_and_one_table_are_printed(write_results, tmp_path):
    write_results(tmp_path, failed={("lstm", "length_weighted_ce"): ("timeout", "too long")})
    output = printed(tmp_path)
    for said in (
        "imdb-packaged; 95 % intervals",
        "84.0 (81.6–86.1)",
        "recommended",
        "tfidf_logreg, ce, fp32",
        "Warning: Audits that failed and raise an alarm: truncation in 9 of 15 cells.",
    ):
        assert said in output
    decision = "Take distilbert[minilm], ce: the cheapest of those shown to be within 1.00 points of the best "
    assert f"{decision}(for these training rows, over seeds)" in " ".join(output.split())


def test_everything_fits_80_columns(write_results, tmp_path):
    write_results(tmp_path, failed={("lstm", "length_weighted_ce"): ("timeout", "too long")})
    lines = printed(tmp_path, width=80).splitlines()
    assert max(map(len, lines)) <= 80
    (heading,) = (line for line in lines if line.startswith("candidate"))
    assert heading.split()[:4] == ["candidate", "accuracy", "%", "(points)"]
    assert sum("──" in line for line in lines) == 1


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
    output = printed(tmp_path, width=40)
    assert "…" not in output
    assert "84.0 (81.6–86.1)" in output


def test_only_names_break_and_at_their_joints():
    console = Console(file=io.StringIO(), width=40)
    table = pd.DataFrame({"model": ["distilbert_mlp[minilm]"], "figure": ["84.0 (81.6–86.1)"], "rank of all": ["1"]})
    print_frame(console, "a title", table, names=("model",))
    lines = [" ".join(line.split()) for line in console.file.getvalue().splitlines() if line.strip()]
    shown = [line for line in lines if "─" not in line]
    assert shown == ["a title", "rank", "of", "model figure all", "distilbert_mlp 84.0 (81.6–86.1) 1", "[minilm]"]


@pytest.mark.parametrize(
    ("name", "lines"),
    [
        ("nbsvm, 21,401 texts, ce", ["nbsvm,", "21,401", "texts, ce"]),
        ("nbsvm->distilbert, ce", ["nbsvm", "->distilbert,", "ce"]),
        ("length_weighted_ce", ["length_", "weighted_ce"]),
        ("lstm (epochs=2,dropout=0.6)", ["lstm", "(epochs=2,", "dropout=0.6)"]),
    ],
)
def test_a_name_breaks_between_its_parts_and_within_no_number(name, lines):
    assert _folded(name, 14 if "->" in name else 12).split("\n") == lines


def test_a_folder_without_results_is_an_error(tmp_path):
    with pytest.raises(StoreError, match="no results in"):
        printed(tmp_path)
