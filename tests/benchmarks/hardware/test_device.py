import pytest
import torch

from benchmarks.errors import UsageError
from benchmarks.hardware import precision
from benchmarks.hardware.device import resolve_device, resolve_runtime


@pytest.fixture
def hardware(monkeypatch):
    def describe(*, bf16, tiles=True, amd=False):
        monkeypatch.setattr(precision, "has_bf16", lambda _: bf16)
        monkeypatch.setattr(precision, "made_by_amd", lambda: amd)
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
    assert precision.resolve_precision("auto", where) == chosen


def test_a_precision_asked_for_is_taken_where_it_runs(hardware):
    hardware(bf16=True)
    for where in ("cpu", "cuda"):
        for supported in precision.precisions(where):
            assert precision.resolve_precision(supported, where) == supported


@pytest.mark.parametrize(("asked", "bf16"), [("fp16", True), ("fp16", False), ("bf16", False)])
def test_a_cpu_refuses_a_precision_that_it_would_only_emulate(hardware, asked, bf16):
    hardware(bf16=bf16)
    with pytest.raises(UsageError, match=r"device 'cpu' does not compute in it \(choices: auto, fp32") as raised:
        precision.resolve_precision(asked, "cpu")
    assert (raised.value.option, raised.value.value) == ("precision", asked)


def test_a_device_that_is_not_there_is_named_as_an_argument_not_as_a_flag(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(UsageError, match=r"^device='cuda': torch sees no CUDA device") as raised:
        resolve_device("cuda")
    assert "--" not in str(raised.value)


def test_a_runtime_has_the_thread_budget_of_this_process(monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "3")
    assert resolve_runtime("cpu", "fp32").threads == 3
