import torch
from transformers import DistilBertConfig

from models.distilbert_mlp import MeanPooledClassifier

CONFIG = {"vocab_size": 60, "dim": 16, "n_layers": 1, "n_heads": 2, "hidden_dim": 32}


def network():
    torch.manual_seed(0)
    return MeanPooledClassifier(DistilBertConfig(**CONFIG), num_classes=2, width=8, dropout=0.1).eval()


def test_the_mean_leaves_padding_out():
    classifier = network()
    text = torch.randint(5, 60, (1, 4))
    padded = torch.cat([text, torch.zeros(1, 3, dtype=torch.int64)], dim=1)
    mask = torch.tensor([[True] * 4 + [False] * 3])
    with torch.inference_mode():
        expected = classifier(text, torch.ones(1, 4, dtype=torch.bool))
        torch.testing.assert_close(classifier(padded, mask), expected, atol=1e-5, rtol=1e-5)


def test_it_is_the_mean_over_tokens():
    classifier = network()
    text, mask = torch.randint(5, 60, (2, 4)), torch.ones(2, 4, dtype=torch.bool)
    with torch.inference_mode():
        states = classifier.encoder(text, attention_mask=mask).last_hidden_state
        torch.testing.assert_close(classifier(text, mask), classifier.head(states.mean(dim=1)))
