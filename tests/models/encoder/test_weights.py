import json
import shutil

import pytest
import torch
from huggingface_hub import constants
from huggingface_hub._tree_cache import TREE_CACHE_FORMAT_VERSION
from huggingface_hub.errors import LocalEntryNotFoundError
from safetensors.torch import save_file
from transformers import AutoTokenizer, BertConfig, BertModel, DistilBertConfig, DistilBertModel

from models.encoder import weights as encoders
from models.encoder.weights import check_encoder, from_bert, load_encoder

TEXTS = [
    "A moving, superb film!",
    "Café déjà-vu: 10/10?? <b>no</b>",
    "unbelievable 電影 'quoted' \"words\" 😀",
    "",
    "a " * 600,
]


@pytest.fixture(scope="module")
def minilm():
    try:
        return load_encoder("minilm")
    except ValueError as error:
        pytest.skip(str(error))


def tiny_bert(**settings):
    torch.manual_seed(0)
    config = BertConfig(
        vocab_size=60, hidden_size=16, num_hidden_layers=2, num_attention_heads=2, intermediate_size=32, **settings
    )
    return BertModel(config).eval().double()


def difference(bert, config, weights):
    """Largest difference of the last hidden states of a BERT and of the DistilBERT that it was turned into."""
    distilbert = DistilBertModel(config)
    distilbert.load_state_dict(weights)
    distilbert = distilbert.eval().double()
    input_ids = torch.randint(5, 60, (3, 20))
    mask = torch.arange(20) < torch.tensor([20, 11, 3])[:, None]
    with torch.inference_mode():
        ours, theirs = (
            m(input_ids=input_ids, attention_mask=mask.long()).last_hidden_state for m in (distilbert, bert)
        )
    return (ours - theirs)[mask].abs().max().item()


def test_minilm_as_distilbert_is_the_bert_that_it_was(minilm):
    bert = BertModel.from_pretrained(encoders.packaged_minilm()).eval().double()
    assert difference(bert, minilm.config, minilm.weights) < 1e-6


def test_any_bert_converts_exactly():
    bert = tiny_bert()
    weights = {name: weight.double() for name, weight in bert.state_dict().items()}
    assert difference(bert, *from_bert(bert.config.to_dict(), weights)) < 1e-6


def test_leaving_the_token_type_out_is_noticed():
    """The tests above could fail: without the fold the states differ."""
    bert = tiny_bert()
    weights = {name: weight.clone() for name, weight in bert.state_dict().items()}
    weights["embeddings.token_type_embeddings.weight"].zero_()
    assert difference(bert, *from_bert(bert.config.to_dict(), weights)) > 1e-3


@pytest.mark.parametrize("setting", [{"layer_norm_eps": 1e-5}])
def test_a_bert_that_distilbert_cannot_be_is_refused(setting):
    bert = tiny_bert(**setting)
    with pytest.raises(ValueError, match=next(iter(setting))):
        from_bert(bert.config.to_dict(), bert.state_dict())


def test_word_pieces_are_those_of_transformers(minilm):
    reference = AutoTokenizer.from_pretrained(encoders.packaged_minilm())
    for text in TEXTS:
        ours = minilm.tokenizer.encode(text, add_special_tokens=False).ids
        assert ours == reference(text, add_special_tokens=False, truncation=False).input_ids


@pytest.fixture
def local_distilbert(minilm, tmp_path):
    """A DistilBERT with a head, saved as the Hub has them."""
    config = DistilBertConfig(vocab_size=30_522, dim=16, n_layers=1, n_heads=2, hidden_dim=32)
    weights = {f"distilbert.{name}": weight for name, weight in DistilBertModel(config).state_dict().items()}
    save_file(weights | {"vocab_transform.weight": torch.zeros(2)}, tmp_path / "model.safetensors")
    (tmp_path / "config.json").write_text(config.to_json_string(use_diff=False))
    (tmp_path / "tokenizer.json").write_text(minilm.tokenizer.to_str())
    return tmp_path


def test_a_local_folder_is_an_encoder(local_distilbert):
    encoder = load_encoder(str(local_distilbert))
    DistilBertModel(encoder.config).load_state_dict(encoder.weights)
    assert encoder.config.dim == 16


@pytest.mark.parametrize("file", encoders.FILES)
def test_a_folder_that_lacks_a_file_is_refused(local_distilbert, file):
    (local_distilbert / file).unlink()
    with pytest.raises(ValueError, match=f"the folder lacks {file}"):
        check_encoder(str(local_distilbert))


@pytest.mark.parametrize("file", encoders.FILES)
def test_a_damaged_file_is_refused_in_one_line(local_distilbert, file):
    (local_distilbert / file).write_bytes(b"\x80\x04garbage")
    with pytest.raises(ValueError, match="cannot be read") as caught:
        load_encoder(str(local_distilbert))
    assert "\n" not in str(caught.value)


def test_another_architecture_is_refused(local_distilbert):
    config = json.loads((local_distilbert / "config.json").read_text()) | {"model_type": "roberta"}
    (local_distilbert / "config.json").write_text(json.dumps(config))
    with pytest.raises(ValueError, match=r"model_type is 'roberta' \(choices: distilbert, bert\)"):
        load_encoder(str(local_distilbert))


def test_an_unknown_name_is_refused_with_the_choices():
    with pytest.raises(ValueError, match=r"encoder 'bert-huge' is unknown \(choices: minilm, distilbert-base-uncased"):
        check_encoder("bert-huge")


def test_weights_that_are_not_the_pinned_ones_are_refused(monkeypatch):
    monkeypatch.setattr(encoders, "MINILM_SHA256", "0" * 64)
    with pytest.raises(ValueError, match="not the pinned version"):
        check_encoder("minilm")


def test_a_hub_that_cannot_be_reached_is_said_with_the_way_round(monkeypatch):
    monkeypatch.setattr(encoders, "snapshot_download", _not_cached)
    monkeypatch.setattr(encoders, "HfApi", lambda: encoders_api_at("http://127.0.0.1:9"))
    with pytest.raises(ValueError, match=r"the Hub cannot be reached .*offline, use 'minilm'"):
        check_encoder("distilbert-base-uncased")


def test_a_cached_copy_of_the_hub_s_needs_no_network(monkeypatch, local_distilbert):
    monkeypatch.setattr(encoders, "snapshot_download", lambda *_, **__: str(local_distilbert))
    monkeypatch.setattr(encoders, "HfApi", None)
    assert load_encoder("distilbert-base-uncased").config.dim == 16


def test_the_cache_need_not_hold_files_that_no_encoder_has(monkeypatch, local_distilbert, tmp_path):
    """The Hub's library keeps a listing of all files, and would want each of them."""
    repository, revision = encoders.HUB["distilbert-base-uncased"]
    cached = tmp_path / "hub" / f"models--{repository.replace('/', '--')}"
    (cached / "snapshots" / revision).mkdir(parents=True)
    for file in encoders.FILES:
        shutil.copy(local_distilbert / file, cached / "snapshots" / revision)
    entry = {"size": 1, "blob_id": "0" * 40}
    listing = dict.fromkeys([".gitattributes", "pytorch_model.bin", *encoders.FILES], entry)
    (cached / "trees").mkdir()
    content = {"format_version": TREE_CACHE_FORMAT_VERSION, "files": listing}
    (cached / "trees" / f"{revision}.json").write_text(json.dumps(content))
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "hub"))
    monkeypatch.setattr(encoders, "HfApi", None)
    assert load_encoder("distilbert-base-uncased").config.dim == 16


def _not_cached(*_, **__):
    raise LocalEntryNotFoundError("not there")


def encoders_api_at(endpoint):
    from huggingface_hub import HfApi

    return HfApi(endpoint=endpoint)
