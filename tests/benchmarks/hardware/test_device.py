import pytest
import torch

from benchmarks.errors import UsageError
from benchmarks.hardware import device


@pytest.fixture
def hardware(monkeypatch):
    def describe(*, bf16, tiles=True, amd=False):
        monkeypatch.setattr(device, "has_bf16", lambda _: bf16)
        monkeypatch.setattr(device, "made_by_amd", lambda: amd)
        monkeypatch.setattr(torch.cpu, "_is_amx_tile_supported", lambda: tiles)

    return describe


@pytest.mark.parametrize(
    ("where", "bf16", "tiles", "amd", "chosen"),
    [
        ("cpu", True, True, False, "bf16"),
        ("cpu", True, False, True, "bf16"),
        ("cpu", True, False, False, "fp32"),
        ("cpu", False, False, True, "fp32"),
        ("cpu", False, False, False, "fp32"),
        ("cuda", True, False, False, "bf16"),
        ("cuda", False, False, True, "fp16"),
    ],
)
def test_auto_takes_the_fastest_precision_that_the_hardware_has(hardware, where, bf16, tiles, amd, chosen):
    hardware(bf16=bf16, tiles=tiles, amd=amd)
    assert device.resolve_precision("auto", where) == chosen


def test_a_precision_asked_for_is_taken_where_it_runs(hardware):
    hardware(bf16=True)
    for where in ("cpu", "cuda"):
        for precision in device.precisions(where):
            assert device.resolve_precision(precision, where) == precision


@pytest.mark.parametrize(("precision", "bf16"), [("fp16", True), ("fp16", False), ("bf16", False)])
def test_a_cpu_refuses_what_it_would_only_emulate(hardware, precision, bf16):
    hardware(bf16=bf16)
    with pytest.raises(
        UsageError, match=rf"^--precision '{precision}' does not run on device 'cpu' \(choices: auto, fp32"
    ):
        device.resolve_precision(precision, "cpu")
