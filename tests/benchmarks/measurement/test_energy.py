"""Energy: from counters as the system offers them, and never made up."""

import sys
from types import SimpleNamespace

import pytest

from benchmarks.measurement import energy
from benchmarks.measurement.energy import Counter, Meter, meter, nvml_counter, rapl_counters


@pytest.fixture
def powercap(tmp_path):
    """Two packages, a part of one, and a domain that is no package."""
    zones = {"intel-rapl:0": "package-0", "intel-rapl:1": "package-1", "intel-rapl:0:0": "core", "intel-rapl:2": "psys"}
    for zone, name in zones.items():
        (tmp_path / zone).mkdir()
        (tmp_path / zone / "name").write_text(f"{name}\n")
        (tmp_path / zone / "energy_uj").write_text("1000000\n")
        (tmp_path / zone / "max_energy_range_uj").write_text("5000000\n")
    return tmp_path


def measured(meter, work=lambda: None):
    """The joules of some work."""
    with meter.measuring() as joules:
        work()
    return joules


def test_packages_are_counted_once(powercap):
    assert [counter.name for counter in rapl_counters(powercap)] == ["RAPL package-0", "RAPL package-1"]


def test_joules_are_what_all_counters_moved(powercap):
    def work():
        (powercap / "intel-rapl:0" / "energy_uj").write_text("3500000")
        (powercap / "intel-rapl:1" / "energy_uj").write_text("1250000")

    found = Meter(rapl_counters(powercap))
    assert measured(found, work) == [2.75]
    assert measured(found) == [0.0]
    assert found.source == "RAPL package-0 + RAPL package-1"


def test_a_counter_that_started_again_is_read_on(powercap):
    found = Meter(rapl_counters(powercap)[:1])
    assert measured(found, lambda: (powercap / "intel-rapl:0" / "energy_uj").write_text("500000")) == [4.5]


def test_long_work_is_sampled_before_the_counter_has_gone_around_twice(monkeypatch):
    now, joules = [0.0], [0.0]
    monkeypatch.setattr(energy.time, "monotonic", lambda: now[0])
    found = Meter([Counter("RAPL", lambda: joules[0] % 100, wraps_at=100)])

    def work():
        for _ in range(30):
            now[0] += 40.0
            joules[0] += 70.0
            found.sample()

    assert measured(found, work) == [pytest.approx(30 * 70.0)]


def test_where_nothing_can_be_read_nothing_is_measured_and_it_says_why(monkeypatch, tmp_path):
    monkeypatch.setattr(energy, "POWERCAP", tmp_path)
    found = meter("cpu")
    assert measured(found) == []
    assert found.source == f"not measured: no readable RAPL counter in {tmp_path}"


class NvmlError(Exception):
    pass


def fake_nvml(fault=None):
    millijoules = iter(range(1_000, 100_000, 2_000))

    def consumption(handle):
        assert handle == "handle of GPU-abc"
        if fault:
            raise NvmlError(fault)
        return next(millijoules)

    return SimpleNamespace(
        NVMLError=NvmlError,
        nvmlInit=lambda: None,
        nvmlDeviceGetHandleByUUID=lambda uuid: f"handle of {uuid}",
        nvmlDeviceGetTotalEnergyConsumption=consumption,
    )


def test_a_gpu_is_read_by_its_uuid_in_joules(monkeypatch):
    monkeypatch.setitem(sys.modules, "pynvml", fake_nvml())
    found = Meter([nvml_counter("abc")])
    assert measured(found) == [2.0]


def test_the_energy_of_several_gpus_adds_up(monkeypatch, tmp_path):
    monkeypatch.setattr(energy, "POWERCAP", tmp_path)
    monkeypatch.setattr(energy.torch.cuda, "get_device_properties", lambda index: SimpleNamespace(uuid="abc"))

    def counter(uuid, name):
        return Counter(name, lambda: next(readings[name]))

    readings = {"NVML 0": iter([1.0, 3.0]), "NVML 1": iter([10.0, 40.0])}
    monkeypatch.setattr(energy, "nvml_counter", counter)
    found = meter("cuda", 2)
    assert measured(found) == [32.0]
    assert found.source.startswith("NVML 0 + NVML 1")


@pytest.mark.parametrize(
    ("module", "said"),
    [(fake_nvml("Not Supported"), "NVML: Not Supported"), (None, "pip install '.[energy]'")],
)
def test_a_gpu_without_a_counter_says_so(monkeypatch, tmp_path, module, said):
    monkeypatch.setattr(energy, "POWERCAP", tmp_path)
    monkeypatch.setitem(sys.modules, "pynvml", module)
    monkeypatch.setattr(energy.torch.cuda, "get_device_properties", lambda index: SimpleNamespace(uuid="abc"))
    found = meter("cuda")
    assert found.source.startswith("not measured: ")
    assert said in found.source


def test_a_gpu_whose_processors_alone_are_counted_is_not_passed_off_as_counted(monkeypatch, powercap):
    monkeypatch.setattr(energy, "POWERCAP", powercap)
    monkeypatch.setitem(sys.modules, "pynvml", None)
    monkeypatch.setattr(energy.torch.cuda, "get_device_properties", lambda index: SimpleNamespace(uuid="abc"))
    source = meter("cuda").source
    assert source.startswith("RAPL package-0 + RAPL package-1; not measured: NVML needs nvidia-ml-py")
