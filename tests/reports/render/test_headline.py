"""What is said of models that were trained once."""

import io

import pytest
from rich.console import Console

from reports.analysis.results import read_results
from reports.analysis.run_analysis import analyse
from reports.render.headline import one_training
from reports.render.html import write_html
from reports.render.markdown import write_markdown
from reports.render.terminal import print_tables


@pytest.fixture
def written(write_results, tmp_path):
    """The function that writes results and gives their analysis."""

    def analysis_of(**options):
        write_results(tmp_path, **options)
        return analyse(read_results(tmp_path))

    return analysis_of


def test_of_several_seeds_nothing_is_said(written):
    assert one_training(written(seeds=(1, 2))) == ""


def test_one_seed_of_every_model(written):
    assert one_training(written(seeds=(1,))).startswith("Every model ran with one seed: ")


def test_models_with_one_seed_are_named_once(written, tmp_path):
    analysis = written(seeds=(1, 2))
    for cell in analysis.results.cells:
        if cell.spec.model == "lstm" and cell.spec.seed == 2:
            (tmp_path / "cells" / cell.spec.id / "result.json").unlink()
    assert one_training(analyse(read_results(tmp_path))).startswith("lstm ran with one seed: ")


@pytest.mark.parametrize("write", [write_markdown, write_html])
def test_it_stands_in_short(written, tmp_path, write):
    written(seeds=(1,))
    assert "the next may come out better or worse" in write(tmp_path).read_text(encoding="utf-8")
    written(seeds=(1, 2))
    assert "the next may come out" not in write(tmp_path).read_text(encoding="utf-8")


def test_it_is_printed(written):
    screen = io.StringIO()
    print_tables(written(seeds=(1,)), Console(file=screen))
    assert "Every model ran with one seed" in screen.getvalue()
