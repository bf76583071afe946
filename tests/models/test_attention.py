import pytest
import torch
from torch.nn.functional import scaled_dot_product_attention
from transformers import DistilBertConfig, DistilBertModel

from models import attention
from models.attention import products_attention


def tensors(dtype=torch.float32):
    torch.manual_seed(0)
    return [torch.randn(3, 2, 7, 4, dtype=dtype, requires_grad=True) for _ in range(3)]


def mask():
    return (torch.arange(7) < torch.tensor([7, 4, 1])[:, None])[:, None, None, :]


@pytest.mark.parametrize("masked", [True, False])
def test_products_are_attention_with_the_same_gradients(masked):
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


def test_training_on_a_cpu_uses_the_products(monkeypatch):
    called = []
    monkeypatch.setattr(attention, "products_attention", lambda *arguments: called.append(1) or arguments[0])
    query, key, value = tensors()
    attention.attention(None, query, key, value, None, scaling=0.5)
    assert called == [1]
    with torch.no_grad():
        attention.attention(torch.nn.Module().eval(), query.detach(), key, value, None, scaling=0.5, is_causal=False)
    assert called == [1]
