"""What a candidate costs in a month, and from when another one pays."""

import pytest

from reports.analysis.price import Terms, error_cost_to_pay, pays_below, pays_from, price


def test_a_month_is_training_and_labelling():
    found = price(3600, 100, 0.1, Terms(price_per_hour=2, texts_per_month=360_000, retrain_per_month=3))
    assert (found.training, found.labelling * found.texts, found.total) == pytest.approx((6.0, 2.0, 8.0))


def test_without_a_price_machine_hours_are_counted():
    assert price(3600, 100, 0.1, Terms(texts_per_month=360_000)).total == pytest.approx(2.0)


def test_mistakes_have_a_price():
    terms = Terms(price_per_hour=1, texts_per_month=1_000, cost_per_error=0.5)
    found = price(0, 1e12, 0.1, terms)
    assert found.total == pytest.approx(50)
    assert found.machine == pytest.approx(0, abs=1e-6)


def test_a_costlier_one_pays_from_the_volume_where_fewer_mistakes_cover_its_training():
    terms = Terms(price_per_hour=1, texts_per_month=1_000, cost_per_error=1)
    cheap, costly = price(0, 1e12, 0.10, terms), price(36_000, 1e12, 0.05, terms)
    assert pays_from(cheap, costly) == pytest.approx(10 / 0.05, rel=1e-6)
    at = Terms(price_per_hour=1, texts_per_month=200, cost_per_error=1)
    assert price(0, 1e12, 0.10, at).total == pytest.approx(price(36_000, 1e12, 0.05, at).total)


def test_one_that_saves_nothing_never_pays():
    terms = Terms(price_per_hour=1)
    assert pays_from(price(1, 100, 0.1, terms), price(10, 50, 0.05, terms)) == float("inf")


def test_one_that_trains_cheaper_and_labels_dearer_pays_below_a_volume():
    terms = Terms(price_per_hour=1)
    chosen, other = price(36_000, 100, 0.1, terms), price(18_000, 50, 0.1, terms)
    assert pays_from(chosen, other) == float("inf")
    assert pays_below(chosen, other) == pytest.approx(5 * 3_600 * 100)
    at = Terms(price_per_hour=1, texts_per_month=5 * 3_600 * 100)
    assert price(36_000, 100, 0.1, at).total == pytest.approx(price(18_000, 50, 0.1, at).total)
    assert pays_below(other, chosen) == 0
    assert pays_below(chosen, price(float("nan"), 50, 0.1, terms)) == 0


def test_what_was_not_measured_has_no_volume():
    terms = Terms(price_per_hour=1)
    assert pays_from(price(1, 100, 0.1, terms), price(float("nan"), 50, 0.05, terms)) != pays_from(
        price(1, 100, 0.1, terms), price(1, 50, 0.05, terms)
    )


def test_the_price_of_a_mistake_from_which_a_costlier_one_pays():
    terms = Terms(price_per_hour=1, texts_per_month=1_000)
    cheap, costly = price(0, 1e12, 0.10, terms), price(36_000, 1e12, 0.05, terms)
    found = error_cost_to_pay(cheap, costly, 0.05)
    assert found == pytest.approx(10 / 50)
    assert error_cost_to_pay(cheap, costly, -0.01) == float("inf")
    assert error_cost_to_pay(costly, cheap, -0.01) == 0
