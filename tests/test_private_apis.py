"""Private APIs of libraries that this project builds on, each named and tried: a release that changes one fails here.

Pins are open-ended, and no library announces a change of a name that begins with an underscore, or of a module that its
documentation leaves out.
"""

import ast
import inspect
import os
from pathlib import Path

import pytest
import torch
from torch import nn

from benchmarks.hardware.origin import CHECKOUT, PACKAGES
from models.model import Runtime
from models.neural.packed_lstm import LSTM_MODE

PRIVATE = {
    "torch.cpu._is_amx_tile_supported",
    "torch.ops.mkldnn._is_mkldnn_bf16_supported",
    "torch.ops.mkldnn._linear_pointwise",
    "torch.ops.mkldnn._reorder_linear_weight",
    "torch.ops.mkldnn._reorder_mkldnn_rnn_layer_weight",
    "parameter._version",
    "accelerate.state.AcceleratorState._reset_state",
    "config._attn_implementation",
}
"""Private names that the packages use; each has a test below."""

DOCUMENTED = {"os._exit", "Layers._fields"}
"""Names with an underscore that are public all the same."""

SOURCES = [path for package in PACKAGES for path in sorted((CHECKOUT / package).rglob("*.py"))]


def private(name):
    return name.startswith("_") and not name.startswith("__")


def dotted(node):
    """`a.b.c` of an expression; None for anything else."""
    if isinstance(node, ast.Attribute):
        base = dotted(node.value)
        return f"{base}.{node.attr}" if base else None
    return node.id if isinstance(node, ast.Name) else None


def imported(tree):
    """Name in the file -> what it is of another library."""
    found = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                found[alias.asname or alias.name.split(".")[0]] = (
                    alias.name if alias.asname else alias.name.split(".")[0]
                )
        elif isinstance(node, ast.ImportFrom) and node.module:
            for alias in node.names:
                found[alias.asname or alias.name] = f"{node.module}.{alias.name}"
    return {name: target for name, target in found.items() if target.split(".")[0] not in PACKAGES}


def own_names(tree):
    """Private names that a file defines: functions, classes, fields, attributes of `self`."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield node.name
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id
        elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store) and dotted(node.value) == "self":
            yield node.attr


def foreign(source):
    """Private names of other libraries that a source file uses."""
    tree = ast.parse(source)
    known, own = imported(tree), set(own_names(tree))
    for target in known.values():
        if any(private(part) for part in target.split(".")):
            yield target
    for node in ast.walk(tree):
        if not (isinstance(node, ast.Attribute) and private(node.attr)):
            continue
        name = dotted(node) or f"?.{node.attr}"
        base = name.split(".")[0]
        if base in known:
            yield name.replace(base, known[base], 1)
        elif base not in {"self", "cls"} and node.attr not in own:
            yield name


def test_every_private_name_is_known():
    used = {name for path in SOURCES for name in foreign(path.read_text())} - DOCUMENTED
    assert used == PRIVATE


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("import torch\ntorch.cpu._is_here()", {"torch.cpu._is_here"}),
        ("from torch._inductor import config", {"torch._inductor.config"}),
        ("from accelerate.state import A as B\nB._reset()", {"accelerate.state.A._reset"}),
        ("def f(config):\n    config._attention = 1", {"config._attention"}),
        ("def f(x):\n    return g(x)._secret", {"?._secret"}),
        ("class A:\n    def f(self, other):\n        self._a = other._a", set()),
        ("from models.lstm import Lstm\nLstm.__init__", set()),
    ],
)
def test_a_new_private_name_is_found(source, found):
    assert set(foreign(source)) == found


def test_torch_says_whether_a_processor_has_matrix_tiles():
    assert isinstance(torch.cpu._is_amx_tile_supported(), bool)


def test_torch_says_whether_a_processor_multiplies_bfloat16():
    assert isinstance(torch.ops.mkldnn._is_mkldnn_bf16_supported(), bool)


def test_torch_has_the_linear_layer_that_its_compiler_uses():
    """Computed in float32 here, which any processor can."""
    values, weight, bias = torch.randn(3, 4), torch.randn(5, 4), torch.randn(5)
    with torch.inference_mode():
        packed = torch.ops.mkldnn._reorder_linear_weight(weight)
        found = torch.ops.mkldnn._linear_pointwise(values, packed, bias, "none", [], "")
        torch.testing.assert_close(found, nn.functional.linear(values, weight, bias))
        found = torch.ops.mkldnn._linear_pointwise(values, packed, bias, "gelu", [], "none")
        torch.testing.assert_close(found, nn.functional.gelu(nn.functional.linear(values, weight, bias)))


def test_torch_has_the_recurrent_layer_that_its_compiler_uses():
    """Computed in float32 here, which any processor can."""
    torch.manual_seed(0)
    stock = nn.LSTM(4, 6)
    values, start = torch.randn(5, 3, 4), torch.zeros(3, 6)
    with torch.inference_mode():
        weights = torch.ops.mkldnn._reorder_mkldnn_rnn_layer_weight(
            stock.weight_ih_l0, stock.weight_hh_l0, 6, reverse=False, has_biases=True, batch_first=False
        )
        biases = (stock.bias_ih_l0, stock.bias_hh_l0)
        found = torch.ops.aten.mkldnn_rnn_layer(
            *(values, *weights, *biases, start, start),
            batch_sizes=[],
            mode=LSTM_MODE,
            hidden_size=6,
            num_layers=1,
            has_biases=True,
            **dict.fromkeys(("reverse", "bidirectional", "batch_first", "train"), False),
        )
        torch.testing.assert_close(found[0], stock(values)[0])


def test_a_parameter_that_is_loaded_has_another_version():
    layer = nn.Linear(2, 2)
    before = layer.weight._version
    layer.load_state_dict(layer.state_dict())
    assert layer.weight._version > before


def test_torch_says_whether_a_gpu_multiplies_bfloat16_itself():
    """An argument that the documentation leaves out."""
    assert "including_emulation" in inspect.signature(torch.cuda.is_bf16_supported).parameters


def test_accelerate_forgets_its_state_and_takes_another_precision():
    from accelerate.state import AcceleratorState

    from models.neural.training import new_accelerator

    assert "reset_partial_state" in inspect.signature(AcceleratorState._reset_state).parameters
    assert new_accelerator(Runtime()).mixed_precision == "no"
    assert new_accelerator(Runtime(precision="bf16")).mixed_precision == "bf16"  # it would be deaf to this otherwise


def test_transformers_takes_the_attention_that_a_configuration_names():
    from transformers import DistilBertConfig, DistilBertModel

    from models.encoder import attention

    config = DistilBertConfig(vocab_size=8, dim=4, n_layers=1, n_heads=1, hidden_dim=4, max_position_embeddings=4)
    config._attn_implementation = attention.NAME
    torch.manual_seed(0)
    model = DistilBertModel(config).eval()
    config._attn_implementation = "eager"
    torch.manual_seed(0)
    eager = DistilBertModel(config).eval()
    ids, mask = torch.tensor([[1, 2, 3]]), torch.tensor([[True, True, False]])
    torch.testing.assert_close(model(ids, mask)[0][:, :2], eager(ids, mask)[0][:, :2])


def test_transformers_layers_have_the_parts_that_ours_build_on():
    from transformers import DistilBertConfig
    from transformers.models.distilbert.modeling_distilbert import DistilBertSelfAttention, TransformerBlock

    block = TransformerBlock(DistilBertConfig(dim=4, n_layers=1, n_heads=2, hidden_dim=4))
    assert isinstance(block.attention, DistilBertSelfAttention)
    for part in ("q_lin", "k_lin", "v_lin", "out_lin", "dropout"):
        assert isinstance(getattr(block.attention, part), nn.Module)
    assert (block.attention.n_heads, block.attention.scaling) == (2, 2**-0.5)
    assert all(isinstance(getattr(block, part), nn.Module) for part in ("sa_layer_norm", "ffn", "output_layer_norm"))


def test_transformers_has_the_attention_function_and_the_mask_that_ours_pass_on_to():
    from transformers.integrations.sdpa_attention import sdpa_attention_forward
    from transformers.masking_utils import sdpa_mask

    arguments = list(inspect.signature(sdpa_attention_forward).parameters)
    assert arguments[:5] == ["module", "query", "key", "value", "attention_mask"]
    assert {"dropout", "scaling"} <= set(arguments)
    assert callable(sdpa_mask)


def test_torch_has_a_store_that_no_rank_serves():
    """Not in `torch.distributed.__all__`; and the variable by which its rendezvous finds such a store."""
    from torch.distributed import TCPStore
    from torch.distributed import rendezvous as module

    store = TCPStore("127.0.0.1", 0, is_master=True, wait_for_workers=False)
    assert store.port > 0
    assert "TORCHELASTIC_USE_AGENT_STORE" in Path(inspect.getfile(module)).read_text()


def test_accelerate_ends_a_process_group():
    from accelerate.state import PartialState

    assert callable(PartialState.destroy_process_group)


def test_python_ends_a_process_at_once():
    assert callable(os._exit)
