"""Placement and precision of a training step on a CUDA device, without one: see trace.py."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import torch

HERE = Path(__file__).parent
MODELS = ("distilbert", "distilbert_mlp", "lstm")
DTYPES = {"fp32": "torch.float32", "bf16": "torch.bfloat16", "fp16": "torch.float16"}


@pytest.fixture(scope="module")
def traced(tmp_path_factory):
    """What each case came to, by its name."""
    if torch.version.cuda:
        pytest.skip("this torch has CUDA of its own: the guard would stand in its way")
    if shutil.which("g++") is None:
        pytest.skip("no g++ to build the device guard with")
    root, guard = Path(torch.__file__).parent, tmp_path_factory.mktemp("guard") / "fake_cuda.so"
    flags = ["-O0", "-std=c++20", "-shared", "-fPIC", f"-I{root / 'include'}", f"-L{root / 'lib'}"]
    command = ["g++", *flags, str(HERE / "fake_cuda.cpp"), "-lc10", "-ltorch_cpu", "-o", str(guard)]
    built = subprocess.run(command, capture_output=True, text=True, check=False)
    if built.returncode:
        pytest.skip(f"the device guard cannot be built: {built.stderr.splitlines()[0]}")
    trace = [sys.executable, str(HERE / "trace.py"), str(guard)]
    done = subprocess.run(trace, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return {line["case"]: line for line in map(json.loads, done.stdout.splitlines())}


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("precision", DTYPES)
def test_a_step_is_computed_on_the_device_in_its_precision(traced, model, precision):
    found = traced[f"{model} {precision}"]
    assert "error" not in found, found
    assert found["layers"] == [DTYPES[precision]]
    assert found["weights"] == ["torch.float32"]
    assert found["loss"] == "torch.float32"
    assert found["devices"] == ["cuda:0"]
    assert found["scaler"] == (precision == "fp16")
    assert (found["fused"], found["tf32"]) == (True, "high")
    assert (found["moments"] > 0) == (precision != "fp16")


@pytest.mark.parametrize("planted", ["loss", "buffer", "input"])
def test_a_tensor_left_on_the_cpu_is_found(traced, planted):
    assert traced[f"planted {planted}"]["error"] == "FakeTensorDeviceMismatchError"
