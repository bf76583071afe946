"""Encoders of every supported architecture, fine-tuned: tiny random ones, in the Hub's layout."""

import importlib.util
from dataclasses import replace

import numpy as np
import pytest
import torch
from transformers import AutoModelForSequenceClassification, AutoTokenizer

from benchmarks.inference.explain import _gradients
from benchmarks.inference.export import _largest_difference, _tokenizer, trace
from benchmarks.registry.model_contract import TEXTS, easy_texts
from losses.label_smoothing import LabelSmoothing
from models.encoder.auto import ARCHITECTURES, GRAPHABLE
from models.model import Runtime
from models.transformer import Transformer

SETTINGS = {"max_length": 24, "epochs": 1, "batch_size": 8, "learning_rate": 1e-2, "dropout": 0.0}


@pytest.fixture(scope="module", params=ARCHITECTURES)
def fitted(request, tiny_encoder):
    model = Transformer(encoder=str(tiny_encoder(request.param)), **SETTINGS)
    model.check_ready()
    train = easy_texts(16)
    report = model.fit(train, easy_texts(8, seed=1), LabelSmoothing(train.lengths, train.labels), Runtime(seed=3))
    assert np.isfinite([step["train_loss"] for step in report.history]).all()
    return model


def score(model, texts=TEXTS):
    return model.score(model.encode(texts))


def test_scores_are_those_of_transformers_itself(fitted, tmp_path):
    """Its own attention over its own padding, and its own tokenizer."""
    fitted.network.classifier.save_pretrained(tmp_path)
    stock = AutoModelForSequenceClassification.from_pretrained(tmp_path, attn_implementation="eager").eval()
    tokenizer = AutoTokenizer.from_pretrained(fitted.encoder)
    inputs = tokenizer(list(TEXTS), padding=True, truncation=True, max_length=24, return_tensors="pt")
    with torch.inference_mode():
        logits = stock(input_ids=inputs["input_ids"], attention_mask=inputs["attention_mask"]).logits
    np.testing.assert_allclose(score(fitted), logits.double().softmax(dim=1).numpy(), atol=1e-5)


def test_texts_differ_and_score_the_same_alone(fitted):
    together = score(fitted)
    assert np.ptp(together[:, 0]) > 1e-3
    alone = np.concatenate([score(fitted, [text]) for text in TEXTS])
    np.testing.assert_allclose(together, alone, atol=1e-6)


def test_a_saved_model_scores_the_same_without_the_encoder(fitted, tmp_path):
    fitted.save(tmp_path)
    saved = {path.name for path in tmp_path.iterdir()}
    assert saved == {"config.json", "encoder.json", "model.safetensors", "tokenizer.json"}
    loaded = Transformer.load(tmp_path)
    np.testing.assert_array_equal(score(loaded), score(fitted))


def test_an_export_to_onnx_scores_the_same(fitted, tmp_path):
    if importlib.util.find_spec("onnxruntime") is None:
        pytest.skip("onnxruntime is not installed")
    trace(fitted.network, tmp_path / "model.onnx", "transformer")
    assert _largest_difference(fitted, tmp_path / "model.onnx") < 1e-5


@pytest.mark.parametrize("truncation", ["head", "tail"])
def test_a_pipeline_of_the_export_scores_the_same(fitted, tmp_path, truncation):
    from transformers import pipeline

    model = replace_settings(fitted, truncation=truncation)
    model._class_names, model._net, model._device, model._halvings = ("0", "1"), fitted._net, "cpu", 0
    network = model.network.classifier
    network.config.id2label, network.config.label2id = {0: "0", 1: "1"}, {"0": 0, "1": 1}
    network.save_pretrained(tmp_path)
    _tokenizer(model).save_pretrained(tmp_path)
    said = pipeline("text-classification", str(tmp_path), top_k=None, truncation=True, device="cpu")(list(TEXTS))
    scores = [[one["score"] for one in sorted(text, key=lambda one: one["label"])] for text in said]
    np.testing.assert_allclose(scores, score(model), atol=1e-5)


def test_words_are_explained_by_gradients_whatever_the_tokenizer(fitted):
    if importlib.util.find_spec("captum") is None:
        pytest.skip("captum is not installed")
    words = [word for word, _ in _gradients(fitted, "the superb film", 0, 8)]
    assert words[1:-1] == ["the", "superb", "film"]  # between the special tokens


def test_head_and_tail_are_read_with_the_special_tokens(fitted):
    words = [*["film"] * 30, *["plot"] * 30]
    both = replace_settings(fitted, truncation="head_tail")
    (ids,), (available,) = both._token_ids([" ".join(words)])
    (short,), _ = both._token_ids(["film"])
    assert len(ids) == 24 < available
    assert (ids[0], ids[-1]) == (short[0], short[-1])
    assert both.token_texts(" ".join(words))[1] != both.token_texts(" ".join(words))[-2]


def replace_settings(model, **settings):
    other = Transformer(encoder=model.encoder, **SETTINGS | settings)
    other._adopt(model._config, model._tokens)
    return other


def test_a_text_longer_than_the_encoder_s_positions_is_refused(tiny_encoder):
    train = easy_texts(16)
    for architecture, longest in (("bert", 64), ("roberta", 64)):
        model = Transformer(encoder=str(tiny_encoder(architecture)), **SETTINGS | {"max_length": longest + 1})
        with pytest.raises(ValueError, match=r"^max_length=65 is not what encoder .* reads \(3 to 64\)$"):
            model.fit(train, train, LabelSmoothing(train.lengths, train.labels))
        longest_text = Transformer(encoder=str(tiny_encoder(architecture)), **SETTINGS | {"max_length": longest})
        longest_text.fit(train, replace(train, texts=("film " * 80,) * 16), LabelSmoothing(train.lengths, train.labels))


@pytest.mark.parametrize(("architecture", "recorded"), [("bert", True), ("deberta-v2", False), ("modernbert", False)])
def test_graphs_are_recorded_where_passes_allow_it(tiny_encoder, architecture, recorded):
    model = Transformer(encoder=str(tiny_encoder(architecture)), **SETTINGS)
    model._prepare(easy_texts(8))
    assert model._records_graphs(Runtime("cuda")) == recorded == (architecture in GRAPHABLE)
    assert not model._records_graphs(Runtime("cpu"))


def test_dropout_is_the_encoder_s_unless_set(tiny_encoder):
    own, other = (Transformer(encoder=str(tiny_encoder("roberta")), dropout=dropout) for dropout in (None, 0.3))
    for model in (own, other):
        model.max_length = 32
        model._prepare(easy_texts(8))
    assert (own._config.hidden_dropout_prob, other._config.hidden_dropout_prob) == (0.1, 0.3)
    assert own._config.attention_probs_dropout_prob == 0
