import pytest

from reports.analysis.estimates import Interval
from reports.analysis.verdicts import Verdict, above_baseline, decide, reverse


@pytest.mark.parametrize(
    ("value", "interval", "p", "margin", "expected"),
    [
        (0.02, (0.01, 0.03), 0.001, None, Verdict.BETTER),
        (-0.02, (-0.03, -0.01), 0.001, None, Verdict.WORSE),
        (0.001, (-0.001, 0.003), 0.3, None, Verdict.UNSETTLED),  # however narrow, not equal without a margin
        (0.001, (-0.001, 0.003), 0.3, 0.005, Verdict.EQUAL),
        (0.001, (-0.001, 0.006), 0.3, 0.005, Verdict.UNSETTLED),
        (0.002, (0.001, 0.003), 0.001, 0.005, Verdict.EQUAL),  # shown to differ by less than matters
        (0.0, (0.0, 0.0), 1.0, None, Verdict.UNSETTLED),
    ],
)
def test_verdict(value, interval, p, margin, expected):
    assert decide(value, Interval(*interval), p, margin=margin).verdict is expected


def test_test_and_interval_never_contradict_each_other():
    shown = decide(0.02, Interval(-0.001, 0.04), 0.04)
    assert shown.verdict is Verdict.BETTER
    assert shown.interval == (0.0, 0.04)
    not_shown = decide(0.02, Interval(0.001, 0.04), 0.06)
    assert not_shown.verdict is Verdict.UNSETTLED
    assert not_shown.interval == (0.0, 0.04)


def test_models_that_learnt_nothing_are_not_compared():
    assert decide(0.1, Interval(0.05, 0.15), 0.001, void=True).verdict is Verdict.VOID
    assert not above_baseline(0.5, 0.5)
    assert not above_baseline(float("nan"), 0.5)
    assert above_baseline(0.51, 0.5)


def test_the_other_way_round():
    found = reverse(decide(0.02, Interval(0.01, 0.03), 0.001))
    assert found.verdict is Verdict.WORSE
    assert found.value == -0.02
    assert found.interval == (-0.03, -0.01)
    assert reverse(decide(0.0, Interval(-0.01, 0.01), 1.0)).verdict is Verdict.UNSETTLED
