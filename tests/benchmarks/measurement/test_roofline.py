"""The ceiling: found in the time there is, on any device."""

import pytest
import torch

from benchmarks.measurement import roofline
from benchmarks.measurement.clock import Clock, synchronizer
from benchmarks.measurement.roofline import LARGEST, SECONDS, SMALLEST, ceiling, product_ceiling


@pytest.fixture
def device(monkeypatch):
    """A function: operations a second, seconds to start -> the clock of such a device, and the products asked for."""

    def make(speed, start=0.0):
        time, asked = [0.0], []

        def product(size, device, precision):
            def call():
                time[0] += 0.0 if asked else start
                asked.append(size)
                time[0] += 2 * size**3 / speed(size)

            return call

        monkeypatch.setattr(roofline, "_product", product)
        return Clock(lambda: None, lambda: time[0]), asked

    return make


@pytest.mark.parametrize("speed", [1e7, 1e9, 1e11, 1e13, 1e15])
def test_any_device_s_speed_is_found_in_about_the_time_given(device, speed):
    clock, asked = device(lambda size: speed)
    rate, size = product_ceiling("cpu", "bf16", clock)
    assert rate == pytest.approx(speed)
    assert size in asked
    slowest = 3 * 2 * SMALLEST**3 / speed  # three products of the smallest size have to be
    assert clock.read() < 2 * SECONDS + 2 * slowest


def test_an_emulated_precision_is_not_asked_for_large_products(device):
    clock, asked = device(lambda size: 2e7)
    product_ceiling("cpu", "bf16", clock)
    assert set(asked) == {SMALLEST}


def test_the_start_of_a_library_takes_none_of_the_time(device):
    clock, asked = device(lambda size: 1e14, start=10.0)
    assert product_ceiling("cuda", "bf16", clock)[0] == pytest.approx(1e14)
    assert max(asked) == LARGEST


def test_the_best_size_counts_not_the_largest(device):
    clock, asked = device(lambda size: 5e14 if size == 2048 else 1e14)
    assert product_ceiling("cuda", "fp32", clock) == (pytest.approx(5e14), 2048)
    assert max(asked) == LARGEST


def test_this_machine_s_ceiling_is_what_its_products_reach(monkeypatch):
    monkeypatch.setitem(roofline.COPIED, "cpu", 2**24)
    found = ceiling("cpu", "fp32")
    assert (found.device, found.precision) == ("cpu", "fp32")
    a = torch.randn(256, 256)
    clock = Clock(synchronizer("cpu"))
    fastest = min(clock.time(lambda: a @ a)[1] for _ in range(20))
    assert found.flop_per_second > 0.3 * 2 * 256**3 / fastest
    assert 1e8 < found.bytes_per_second < 1e13
