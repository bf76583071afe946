"""A model that never reads the end of long texts, and is worse on them, is not judged without a word about it."""

import pytest

from reports.analysis.results import read_results
from reports.analysis.run_analysis import analyse
from reports.analysis.unread import unread
from reports.render.html import write_html
from reports.render.markdown import write_markdown

WORSE_ON_LONG = {"ce": -1.0}


@pytest.fixture
def analysis(write_results, tmp_path):
    """The function that writes results of `lstm`, which never read 12 % of all tokens, and gives their analysis."""

    def analysis_of(accuracy=None, **options):
        write_results(tmp_path, accuracy or {("lstm", "ce"): 0.84}, test_rows=2000, **options)
        return analyse(read_results(tmp_path))

    return analysis_of


def test_it_is_said_of_a_model_that_is_worse_on_long_texts(analysis):
    (found,) = analysis(long_gain=WORSE_ON_LONG).unread
    assert found.shortest > 0.84 > found.longest
    assert found.sentence == (
        "Exploratory: lstm, 2,000 training texts, never read 12.0 % of all tokens, and is right on "
        f"{100 * found.longest:.1f} % of the longest texts, on {100 * found.shortest:.1f} % of the shortest. "
        "To read more of long texts, or other parts of them, may change its place."
    )


@pytest.mark.parametrize("gain", [0.2, 1.0])
def test_not_of_one_that_is_as_good_on_them_or_better(analysis, gain):
    assert analysis(long_gain={"ce": gain}).unread == ()


def test_not_of_one_that_read_nearly_all(analysis):
    found = analysis(long_gain=WORSE_ON_LONG)
    for cell in found.results.ok:
        cell.truncation["tokens_cut"] = 0.0999
    assert unread(found.evidence) == ()


def test_once_for_all_losses_and_with_cross_entropy(analysis):
    losses = {("lstm", "length_weighted_ce"): 0.84, ("lstm", "ce"): 0.84}
    both = dict.fromkeys(("ce", "length_weighted_ce"), -1.0)
    (found,) = analysis(losses, long_gain=both).unread
    assert found.configuration.loss == "ce"
    (other,) = analysis({("lstm", "length_weighted_ce"): 0.84}, long_gain=both).unread
    assert other.configuration.loss == "length_weighted_ce"


@pytest.mark.parametrize(
    ("parameters", "hint"),
    [
        ({"max_length": 256, "truncation": "head"}, "(--set lstm.truncation=head,head_tail runs it both ways)."),
        ({"max_length": 256, "truncation": "head_tail"}, "(--set lstm.max_length=N reads more)."),
        ({"max_length": 256}, "(--set lstm.max_length=N reads more)."),
    ],
)
def test_it_says_what_can_be_done(analysis, parameters, hint):
    (found,) = analysis(long_gain=WORSE_ON_LONG, model_params={"lstm": [parameters]}).unread
    assert found.sentence.endswith(f"may change its place {hint}")


@pytest.mark.parametrize("write", [write_markdown, write_html])
def test_it_stands_in_the_report(analysis, tmp_path, write):
    analysis(long_gain=WORSE_ON_LONG)
    assert "never read 12.0 % of all tokens" in write(tmp_path).read_text(encoding="utf-8")
