import pytest
import torch

from data.dataset import Split
from losses.ce import CrossEntropy
from models.distilbert import DistilBert
from models.distilbert_mlp import DistilBertMlp
from models.encoder.weights import load_encoder


@pytest.mark.parametrize("model", [DistilBert, DistilBertMlp])
def test_training_begins_from_the_pretrained_weights(model, train):
    pretrained = load_encoder("minilm")
    classifier = model()
    classifier._prepare(train)
    network = classifier._network(2)
    classifier._initialise(network)
    found = network.encoder.state_dict()
    assert all(torch.equal(found[name], weight) for name, weight in pretrained.weights.items())


@pytest.mark.parametrize("max_length", [2, 513])
def test_a_length_that_the_encoder_cannot_read_is_refused(max_length, train: Split):
    with pytest.raises(ValueError, match=rf"max_length={max_length} is not what encoder 'minilm' reads \(3 to 512\)"):
        DistilBert(max_length=max_length).fit(train, train, CrossEntropy(train.lengths, train.labels))


def test_attention_dropout_reaches_the_encoder(train):
    model = DistilBert(attention_dropout=0.25, dropout=0.05)
    model._prepare(train)
    assert (model._config.attention_dropout, model._config.dropout) == (0.25, 0.05)


def test_what_is_read_of_a_long_text_is_a_parameter(train):
    first, last = (DistilBert(max_length=8, truncation=part) for part in ("head", "tail"))
    for model in (first, last):
        model._prepare(train)
    words = [f"word{i}" for i in range(30)]
    (head,), (available,) = first._token_ids([" ".join(words)])
    (tail,), _ = last._token_ids([" ".join(words)])
    assert len(head) == len(tail) == 8 < available
    assert (head[0], head[-1]) == (tail[0], tail[-1])  # both marks of the ends
    assert first.tokenizer.decode(head[1:-1].tolist()).startswith("word0")
    assert last.tokenizer.decode(tail[1:-1].tolist()).endswith("9")
