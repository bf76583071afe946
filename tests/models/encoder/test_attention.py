import pytest
import torch
from in_bfloat16 import needs_bfloat16
from torch.nn.functional import scaled_dot_product_attention
from transformers import DistilBertConfig, DistilBertModel

from models.encoder import attention
from models.encoder.attention import products_attention


def tensors(dtype=torch.float32):
    torch.manual_seed(0)
    return [torch.randn(3, 2, 7, 4, dtype=dtype, requires_grad=True) for _ in range(3)]


def mask():
    return (torch.arange(7) < torch.tensor([7, 4, 1])[:, None])[:, None, None, :]


@pytest.mark.parametrize("masked", [True, False])
@pytest.mark.parametrize("at_once", [2**21, 2 * 7 * 7, 2 * 2 * 7 * 7, 1], ids=["all", "one", "two and one", "too few"])
def test_products_are_attention_with_the_same_gradients(monkeypatch, masked, at_once):
    monkeypatch.setattr(attention, "SCORES_AT_ONCE", at_once)
    given = mask() if masked else None
    query, key, value = tensors()
    ours = products_attention(query, key, value, given, scaling=0.5)
    theirs = scaled_dot_product_attention(query, key, value, attn_mask=given, scale=0.5).transpose(1, 2)
    torch.testing.assert_close(ours, theirs)
    weight = torch.randn_like(ours)
    gradients = [torch.autograd.grad((output * weight).sum(), (query, key, value)) for output in (ours, theirs)]
    torch.testing.assert_close(*gradients)


def test_an_encoder_says_the_same_in_training_and_in_inference():
    torch.manual_seed(0)
    config = DistilBertConfig(vocab_size=60, dim=16, n_layers=2, n_heads=2, hidden_dim=32, dropout=0.0)
    config.attention_dropout = 0.0
    config._attn_implementation = attention.NAME
    encoder = DistilBertModel(config)
    input_ids, present = torch.randint(5, 60, (3, 7)), mask()[:, 0, 0]
    trained = encoder(input_ids=input_ids, attention_mask=present).last_hidden_state
    with torch.inference_mode():
        inferred = encoder(input_ids=input_ids, attention_mask=present).last_hidden_state
    torch.testing.assert_close(trained[present], inferred[present], atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize(
    ("at_once", "texts"), [(2**21, [3]), (2 * 2 * 7 * 7, [2, 1]), (2 * 2 * 7 * 7 - 1, [1, 1, 1]), (1, [1, 1, 1])]
)
def test_as_many_texts_at_a_time_as_the_cache_holds_scores_of(monkeypatch, at_once, texts):
    monkeypatch.setattr(attention, "SCORES_AT_ONCE", at_once)
    seen = []
    one = attention._products
    monkeypatch.setattr(attention, "_products", lambda *given: seen.append(len(given[0])) or one(*given))
    products_attention(*tensors(), mask(), scaling=0.5)
    assert seen == texts


@needs_bfloat16
@pytest.mark.parametrize("least", [0, 10**9], ids=["oneDNN", "PyTorch"])
def test_a_softmax_in_bfloat16_is_that_of_float32_to_rounding(monkeypatch, least):
    monkeypatch.setattr(attention, "LEAST_CONVERTED", least)
    torch.manual_seed(0)
    scores = 10 * torch.randn(4, 9, 33)
    scores[:, :, 30:] = torch.finfo(torch.bfloat16).min  # padding
    scores = scores.bfloat16()
    with torch.inference_mode():
        found = attention.softmax(scores)
    assert found.dtype == torch.bfloat16
    assert found.layout == torch.strided
    torch.testing.assert_close(found.float(), scores.float().softmax(dim=-1), atol=2**-9, rtol=2**-8)
    assert not found[:, :, 30:].any()


def test_a_cpu_uses_the_products_unless_weights_drop_out(monkeypatch):
    called = []
    monkeypatch.setattr(attention, "products_attention", lambda *arguments: called.append(1) or arguments[0])
    query, key, value = tensors()
    attention.attention(None, query, key, value, None, scaling=0.5)
    with torch.no_grad():
        attention.attention(None, query.detach(), key, value, None, scaling=0.5)
    assert called == [1, 1]
    attention.attention(torch.nn.Module(), query, key, value, None, scaling=0.5, dropout=0.1, is_causal=False)
    assert called == [1, 1]


def test_a_compiled_network_computes_all_texts_at_once(monkeypatch):
    """For the number of parts follows from the length: it would be compiled anew for each."""
    monkeypatch.setattr(attention, "SCORES_AT_ONCE", 1)
    seen = []
    compiled = torch.compile(products_attention, dynamic=True, backend=lambda graph, _: seen.append(graph) or graph)
    for length in (7, 9, 11):
        query, key, value = (torch.randn(3, 2, length, 4) for _ in range(3))
        compiled(query, key, value, None, 0.5)
    assert len(seen) == 1
