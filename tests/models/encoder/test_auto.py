"""Encoders of any architecture, found and read."""

import json
import shutil

import pytest
import torch
from tokenizers import Tokenizer, normalizers
from transformers import AutoTokenizer, BertModel

from models.encoder.auto import (
    ARCHITECTURES,
    auto_files,
    check_auto,
    load_auto,
    longest_text,
    read_auto_config,
    read_tokenizer_file,
)

TEXTS = ["the film was superb , unseen", "", "?!", "Dull  plots"]


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_tokens_are_those_of_the_encoder_s_own_tokenizer(tiny_encoder, architecture):
    folder = tiny_encoder(architecture)
    found, _ = load_auto(str(folder)).tokens.ids(TEXTS, 100, "head")
    assert [ids.tolist() for ids in found] == AutoTokenizer.from_pretrained(folder)(TEXTS)["input_ids"]


@pytest.mark.parametrize("architecture", ["bert", "distilbert", "electra"])
def test_texts_are_normalised_and_split_as_tokenizer_json_says(tiny_encoder, tmp_path, architecture):
    """Even where no tokenizer_config.json repeats it, and transformers would take the architecture's defaults."""
    shutil.copytree(tiny_encoder(architecture), tmp_path, dirs_exist_ok=True)
    (tmp_path / "tokenizer_config.json").unlink()
    filed = Tokenizer.from_file(str(tmp_path / "tokenizer.json"))
    filed.normalizer = normalizers.NFC()
    filed.save(str(tmp_path / "tokenizer.json"))
    texts = ["A film", "a film"]
    upper, lower = [ids.tolist() for ids in load_auto(str(tmp_path)).tokens.ids(texts, 100, "head")[0]]
    assert [upper, lower] == [filed.encode(text).ids for text in texts]
    assert upper != lower


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_a_configuration_survives_being_saved(tiny_encoder, architecture):
    config = load_auto(str(tiny_encoder(architecture))).config
    again = read_auto_config(config.to_json_string(use_diff=False).encode())
    assert again.to_dict() == config.to_dict()
    assert longest_text(config) == 64


def test_the_packaged_minilm_is_a_bert():
    found = load_auto("minilm")
    assert found.config.model_type == "bert"
    assert longest_text(found.config) == 512
    assert {path.name for path in auto_files("minilm")} >= {"config.json", "model.safetensors", "tokenizer.json"}


def test_weights_in_parts_and_in_half_precision_are_read(tiny_encoder, tmp_path):
    model = BertModel.from_pretrained(tiny_encoder("bert"))
    model.bfloat16().save_pretrained(tmp_path, max_shard_size="8KB")
    shutil.copy(tiny_encoder("bert") / "tokenizer.json", tmp_path)
    assert len(list(tmp_path.glob("*.safetensors"))) > 1
    found = load_auto(str(tmp_path)).weights
    assert {weight.dtype for weight in found.values() if weight.is_floating_point()} == {torch.float32}
    name = "encoder.layer.0.output.dense.weight"
    torch.testing.assert_close(found[name], model.state_dict()[name].float())
    assert sum(path.suffix == ".safetensors" for path in auto_files(str(tmp_path))) > 1


@pytest.fixture
def copied(tiny_encoder, tmp_path):
    shutil.copytree(tiny_encoder("bert"), tmp_path, dirs_exist_ok=True)
    return tmp_path


def edit_config(folder, **values):
    path = folder / "config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | values))


@pytest.mark.parametrize(
    ("lost", "message"),
    [
        ("config.json", "the folder lacks config.json"),
        (
            "model.safetensors",
            r"the folder has no weights as safetensors \(transformers' save_pretrained writes them\)",
        ),
        ("tokenizer*", r"the folder lacks a tokenizer \(tokenizer.json\)"),
    ],
)
def test_a_folder_without_a_file_is_refused(copied, lost, message):
    for path in copied.glob(lost):
        path.rename(path.with_suffix(".bin"))  # pickled weights are none
    with pytest.raises(ValueError, match=rf"^encoder '.*': {message}$"):
        check_auto(str(copied))


@pytest.mark.parametrize("architecture", ["llama", "my_bert", None])
def test_other_architectures_are_refused_and_code_is_never_run(copied, architecture):
    (copied / "modeling.py").write_text(f"open({str(copied / 'ran')!r}, 'w')\n")
    edit_config(copied, model_type=architecture, auto_map={"AutoModel": "modeling.Mine", "AutoConfig": "modeling.Mine"})
    for read in (check_auto, load_auto):
        with pytest.raises(ValueError, match=rf"model_type {architecture!r} is not supported \(choices: albert, "):
            read(str(copied))
    assert not (copied / "ran").exists()


def test_code_beside_a_known_architecture_is_not_run(copied):
    (copied / "modeling.py").write_text(f"open({str(copied / 'ran')!r}, 'w')\n")
    edit_config(copied, auto_map={"AutoModel": "modeling.Mine"})
    assert load_auto(str(copied)).config.model_type == "bert"
    assert not (copied / "ran").exists()


def test_an_encoder_without_some_of_its_weights_is_refused(copied):
    edit_config(copied, num_hidden_layers=4)
    with pytest.raises(ValueError, match=r"cannot be read: the weights lack encoder.layer.3"):
        load_auto(str(copied))


@pytest.mark.parametrize("name", ["../elsewhere/x/y", "a b", "https://hub/x", ""])
def test_what_is_no_name_is_refused_without_asking_the_hub(name):
    with pytest.raises(
        ValueError, match=r"no folder, and no name on the Hub \(choices: minilm, a folder, OWNER/NAME\)$"
    ):
        check_auto(name)


def test_an_encoder_that_is_not_here_is_one_line_offline(monkeypatch):
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    with pytest.raises(
        ValueError, match=r"^encoder 'nobody/nothing-at-all': the Hub does not give it .*; offline, use 'minilm'"
    ):
        check_auto("nobody/nothing-at-all")
    with pytest.raises(ValueError, match=r"^encoder 'nobody/nothing-at-all': it is not on this machine; offline"):
        auto_files("nobody/nothing-at-all")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"[]", "no JSON object"),
        (b"{", "Expecting"),
        (b'{"model_type": "bert", "num_hidden_layers": 100000}', "num_hidden_layers is 100000, more than 1000"),
        (b'{"model_type": "bert", "vocab_size": 1000000000000}', "vocab_size is 1000000000000, more than 10000000"),
        (b'{"hidden_size": 4}', "model_type None is not supported"),
    ],
)
def test_a_saved_configuration_is_checked(content, message):
    with pytest.raises(ValueError, match=message):
        read_auto_config(content)


def test_a_file_that_holds_no_tokenizer_is_refused(tmp_path):
    (tmp_path / "tokenizer.json").write_text("{}")
    with pytest.raises(ValueError, match=r"^tokenizer.json holds no tokenizer: "):
        read_tokenizer_file(tmp_path / "tokenizer.json")
