"""The last layer that computes the first token alone, against transformers' own, which computes them all."""

import pytest
import torch
from transformers import DistilBertConfig, DistilBertForSequenceClassification

from models.distilbert import FirstTokenClassifier
from models.encoder import attention


def twins(implementation=attention.NAME, layers=2, **dropout):
    """Ours and transformers' own, with the same weights, in double precision."""
    torch.manual_seed(0)
    config = DistilBertConfig(vocab_size=60, dim=16, n_layers=layers, n_heads=2, hidden_dim=32, **dropout)
    config._attn_implementation = implementation
    ours = FirstTokenClassifier(config, num_classes=3, head_dropout=0.0).double()
    theirs = DistilBertForSequenceClassification(config).double()
    theirs.load_state_dict(ours.classifier.state_dict())
    return ours, theirs


def batch(*lengths):
    mask = torch.arange(max(lengths)) < torch.tensor(lengths)[:, None]
    return torch.randint(5, 60, mask.shape).where(mask, 0), mask


@pytest.mark.parametrize("lengths", [(7, 4, 1), (7, 7, 7), (1,)], ids=["padded", "alike", "one token"])
@pytest.mark.parametrize("layers", [1, 3])
@pytest.mark.parametrize("implementation", [attention.NAME, "sdpa"])
def test_logits_and_gradients_are_those_of_the_whole_layer(implementation, layers, lengths):
    ours, theirs = twins(implementation, layers, dropout=0.0, attention_dropout=0.0)
    input_ids, mask = batch(*lengths)
    logits = (ours.train()(input_ids, mask), theirs.train()(input_ids, attention_mask=mask).logits)
    torch.testing.assert_close(*logits)
    weight = torch.randn_like(logits[0])
    for output in logits:
        (output * weight).sum().backward()
    gradients = [dict(network.named_parameters()) for network in (ours.classifier, theirs)]
    assert gradients[0].keys() == gradients[1].keys()
    for name, parameter in gradients[0].items():
        torch.testing.assert_close(parameter.grad, gradients[1][name].grad, msg=name)


def test_no_dropout_is_left_out():
    """Each of the layer's own changes what a training step sees, and none what inference does."""
    for kind in ("dropout", "attention_dropout"):
        ours, theirs = twins(layers=1, **{"dropout": 0.0, "attention_dropout": 0.0, kind: 0.5})
        ours.encoder.embeddings.dropout.p = 0.0
        input_ids, mask = batch(7, 4, 1)
        assert not torch.equal(ours.train()(input_ids, mask), ours(input_ids, mask)), kind
        torch.testing.assert_close(
            ours.eval()(input_ids, mask), theirs.eval()(input_ids, attention_mask=mask).logits, msg=kind
        )


def test_one_state_for_a_text():
    ours, _ = twins()
    input_ids, mask = batch(7, 4)
    assert ours.encoder(input_ids=input_ids, attention_mask=mask).last_hidden_state.shape == (2, 1, 16)
