import math

import numpy as np
import pytest

from reports import formats
from reports.formats import Interval


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.00123456, "0.00123"),
        (0.5, "0.500"),
        (12.345, "12.3"),
        (123.4, "123"),
        (12345.0, "12,300"),
        (0.0, "0"),
        (999.9, "1,000"),
        (0.09999, "0.100"),
        (-1.5, "-1.50"),
        (np.nan, "–"),
    ],
)
def test_three_significant_digits(value, text):
    assert formats.significant(value) == text


def test_shares_and_differences():
    assert formats.percent(0.8416) == "84.2 %"
    assert formats.percent_interval(0.8416, Interval(0.82, 0.861)) == "84.2 (82.0–86.1)"
    assert formats.percent_interval(0.8416, Interval(math.nan, math.nan)) == "84.2"
    assert formats.percent_interval(math.nan, Interval(math.nan, math.nan)) == "–"
    assert formats.points(0.0125) == "+1.25"
    assert formats.points(-0.0125) == "\u22121.25"
    assert formats.points(0.0125, signed=False) == "1.25"
    assert formats.between(Interval(-0.005, 0.02)) == "\u22120.50 to +2.00"
    assert formats.points_interval(0.0, Interval(-0.005, 0.005)) == "+0.00 (\u22120.50 to +0.50)"


def test_a_negative_nought_has_no_sign_of_its_own():
    assert formats.points(-1e-9) == "+0.00"


def test_p_values():
    assert [formats.p_value(p) for p in (0.0004, 0.0123, 1.0)] == ["< 0.001", "0.012", "1.000"]


@pytest.mark.parametrize(
    "written",
    [
        formats.percent(np.nan),
        formats.points(np.nan),
        formats.p_value(np.nan),
        formats.decimal(np.nan),
        formats.count(np.nan),
        formats.points_interval(np.nan, Interval(np.nan, np.nan)),
    ],
)
def test_not_measured_is_a_dash(written):
    assert written == "–"


def test_plain_text_is_one_visible_line():
    assert formats.plain(" a\r\nb\x1b[31m\u202ec\u200b\td\u2028e\x00 ") == "a b [31m c d e"
