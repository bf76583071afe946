import torch
from transformers import DistilBertConfig, DistilBertForSequenceClassification

from losses.ce import CrossEntropy
from models.distilbert import DistilBert, FirstTokenClassifier

CONFIG = {"vocab_size": 60, "dim": 16, "n_layers": 1, "n_heads": 2, "hidden_dim": 32}


def test_it_is_transformers_own_classifier():
    torch.manual_seed(0)
    network = FirstTokenClassifier(DistilBertConfig(**CONFIG), num_classes=3, head_dropout=0.3).eval()
    assert isinstance(network.classifier, DistilBertForSequenceClassification)
    assert network.classifier.config.seq_classif_dropout == 0.3
    input_ids, mask = torch.randint(5, 60, (2, 7)), torch.ones(2, 7, dtype=torch.bool)
    assert torch.equal(network(input_ids, mask), network.classifier(input_ids, attention_mask=mask).logits)


def test_the_ends_are_marked_and_count_towards_the_length(train, valid):
    model = DistilBert(max_length=6, epochs=1)
    model.fit(train.take(train.rows[:16]), valid, CrossEntropy(train.lengths, train.labels))
    encoded = model.encode(["the film was superb , wonderful", "dull"])
    mark = model.tokenizer.token_to_id
    assert [ids[0] for ids in encoded.features] == [mark("[CLS]")] * 2
    assert [ids[-1] for ids in encoded.features] == [mark("[SEP]")] * 2
    assert encoded.tokens.tolist() == [6, 3]
    assert encoded.available.tolist() == [8, 3]
