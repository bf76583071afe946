"""Saved models from elsewhere: damaged ones, and ones that were made to do harm."""

import io
import json
import os
import pickle
import zipfile

import numpy as np
import pytest
import skops.io
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.torch import load_file, save_file
from sklearn.linear_model import LogisticRegression
from tokenizers import Regex, Tokenizer
from tokenizers.models import WordPiece
from tokenizers.normalizers import BertNormalizer, Replace
from tokenizers.pre_tokenizers import BertPreTokenizer
from transformers import DistilBertConfig, DistilBertModel

from data.dataset import Split
from losses.ce import CrossEntropy
from models.distilbert import DistilBert
from models.encoder.weights import load_encoder
from models.lstm import Lstm
from models.tfidf_logreg import TfidfLogReg

fuzz = settings.get_profile("fuzz")

TEXTS = tuple(f"{word} film {i}" for i in range(8) for word in ("good", "bad"))
SPLIT = Split(TEXTS, np.arange(16) % 2, np.full(16, 3), np.arange(16), ("bad", "good"))


def write_encoder(folder):
    """A DistilBERT of a few hundred numbers."""
    torch.manual_seed(0)
    pieces = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "good", "bad", "film"]
    config = DistilBertConfig(
        vocab_size=len(pieces), max_position_embeddings=16, dim=4, n_layers=1, n_heads=1, hidden_dim=4
    )
    tokenizer = Tokenizer(WordPiece({piece: number for number, piece in enumerate(pieces)}, unk_token="[UNK]"))
    tokenizer.normalizer, tokenizer.pre_tokenizer = BertNormalizer(), BertPreTokenizer()
    save_file(DistilBertModel(config).state_dict(), folder / "model.safetensors")
    (folder / "config.json").write_text(config.to_json_string(use_diff=False))
    (folder / "tokenizer.json").write_text(tokenizer.to_str())


@pytest.fixture(scope="module")
def encoder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("encoder")
    write_encoder(folder)
    return folder


@pytest.fixture(scope="module")
def saved(tmp_path_factory, encoder):
    """Model class -> its saved files."""
    models = (
        TfidfLogReg(C=1.0, min_df=1),
        Lstm(epochs=1, min_steps=0, embedding_width=2, hidden_width=2),
        DistilBert(encoder=str(encoder), max_length=8, epochs=1),
    )
    files = {}
    for model in models:
        folder = tmp_path_factory.mktemp(model.name)
        model.fit(SPLIT, SPLIT, CrossEntropy(SPLIT.lengths, SPLIT.labels))
        model.save(folder)
        files[type(model)] = {path.name: path.read_bytes() for path in sorted(folder.iterdir())}
    return files


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    return tmp_path_factory.mktemp("model")


def load(model, folder, files):
    """Refused in a line, or it scores: probabilities of two classes, or more if the file says so."""
    for name, content in files.items():
        (folder / name).write_bytes(content)
    refusal = ""
    try:
        loaded = model.load(folder)
    except ValueError as error:
        refusal = str(error)
    if refusal:
        assert f"holds no saved {model.name} model: " in refusal
        assert "\n" not in refusal
        return None
    scores = loaded.score(loaded.encode([*TEXTS, "", "zzz"]))
    assert np.isfinite(scores).all()
    np.testing.assert_allclose(scores.sum(axis=1), 1, atol=1e-5)
    return loaded


MODELS = st.sampled_from([TfidfLogReg, Lstm, DistilBert])
EDITS = st.lists(st.tuples(st.floats(0, 1), st.binary(min_size=1, max_size=4)), min_size=1, max_size=3)


@fuzz
@given(MODELS, st.integers(0, 9), EDITS, st.sampled_from(["change", "cut", "insert"]))
def test_files_with_bytes_changed(saved, place, model, which, edits, how):
    files = dict(saved[model])
    name = sorted(files)[which % len(files)]
    content = bytearray(files[name])
    for share, new in edits:
        start = int(share * (len(content) - 1))
        end = {"change": start + len(new), "cut": len(content), "insert": start}[how]
        content[start:end] = new
    load(model, place_of(place, model), files | {name: bytes(content)})


def place_of(place, model):
    folder = place / model.name
    folder.mkdir(exist_ok=True)
    return folder


VALUE = (
    st.none()
    | st.booleans()
    | st.sampled_from(
        [
            0,
            1,
            2,
            -1,
            3,
            10**6,
            10**9,
            10**12,
            2**63,
            2**64,
            0.5,
            float("nan"),
            "",
            "x",
            "gelu",
            [],
            {},
            [1],
            ["a", "b", "c"],
        ]
    )
    | st.text(max_size=4)
)


def paths(value, path=()):
    """Every place in a JSON document, big lists by their first few."""
    yield path
    if isinstance(value, dict):
        for key, item in value.items():
            yield from paths(item, (*path, key))
    elif isinstance(value, list):
        for index, item in enumerate(value[:3]):
            yield from paths(item, (*path, index))


def changed(value, path, new):
    if not path:
        return new
    copy = dict(value) if isinstance(value, dict) else list(value)
    copy[path[0]] = changed(copy[path[0]], path[1:], new)
    return copy


@fuzz
@given(MODELS, st.data())
def test_documents_with_values_changed(saved, place, model, data):
    files = dict(saved[model])
    name = data.draw(st.sampled_from([name for name in files if name.endswith(".json")]))
    document = json.loads(files[name])
    for _ in range(data.draw(st.integers(1, 2))):
        document = changed(document, data.draw(st.sampled_from(list(paths(document)))), data.draw(VALUE))
    load(model, place_of(place, model), files | {name: json.dumps(document).encode()})


@fuzz
@given(st.data())
def test_classifiers_with_attributes_changed(saved, place, data):
    folder = place_of(place, TfidfLogReg)
    (folder / "classifier.skops").write_bytes(saved[TfidfLogReg]["classifier.skops"])
    classifier = skops.io.load(folder / "classifier.skops", trusted=[])
    name = data.draw(st.sampled_from(["coef_", "intercept_", "classes_", "n_features_in_", "solver", "C"]))
    odd = [
        None,
        3,
        "x",
        [],
        np.zeros(0),
        np.array(1.0),
        np.array(["a", "b"]),
        np.array([np.nan]),
        np.array([1, 2]),
        np.arange(3),
    ]
    setattr(classifier, name, data.draw(st.sampled_from(odd)))
    load(TfidfLogReg, folder, saved[TfidfLogReg] | {"classifier.skops": skops.io.dumps(classifier)})


def test_a_model_that_is_not_damaged_still_loads(saved, place):
    for model, files in saved.items():
        assert load(model, place_of(place, model), files)


def test_numbers_that_are_none_are_refused(saved, place):
    folder = place_of(place, Lstm)
    (folder / "model.safetensors").write_bytes(saved[Lstm]["model.safetensors"])
    weights = load_file(folder / "model.safetensors")
    weights["head.bias"][0] = float("nan")
    save_file(weights, folder / "odd.safetensors")
    with pytest.raises(ValueError, match=r"head\.bias holds NaN or infinity"):
        Lstm.load(*written(folder, saved[Lstm] | {"model.safetensors": (folder / "odd.safetensors").read_bytes()}))


def written(folder, files):
    for name, content in files.items():
        (folder / name).write_bytes(content)
    return (folder,)


def test_a_tokenizer_with_a_regular_expression_is_refused(saved, place):
    """One that backtracks could keep a reader busy for ever."""
    tokenizer = Tokenizer.from_str(saved[DistilBert]["tokenizer.json"].decode())
    tokenizer.normalizer = Replace(Regex("(a+)+$"), "")
    with pytest.raises(ValueError, match="Replace is not a part of BERT's tokenizers"):
        DistilBert.load(
            *written(place_of(place, DistilBert), saved[DistilBert] | {"tokenizer.json": tokenizer.to_str().encode()})
        )


def test_a_tokenizer_without_a_mark_for_unknown_words_is_refused(saved, place):
    """It would fail at the first text that holds one."""
    tokenizer = json.loads(saved[DistilBert]["tokenizer.json"])
    tokenizer["model"]["unk_token"] = ""
    with pytest.raises(ValueError, match="a mark for unknown ones"):
        DistilBert.load(
            *written(
                place_of(place, DistilBert), saved[DistilBert] | {"tokenizer.json": json.dumps(tokenizer).encode()}
            )
        )


class Trap:
    """Unpickled, it leaves a mark."""

    def __init__(self, mark):
        self.mark = str(mark)

    def __reduce__(self):
        return os.mkdir, (self.mark,)


def torch_zip(trap):
    content = io.BytesIO()
    torch.save(trap, content)
    return content.getvalue()


def skops_file(schema, **members):
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr("schema.json", json.dumps(schema))
        for name, member in members.items():
            archive.writestr(name.replace("_", "."), member)
    return content.getvalue()


def skops_with_a_function(mark, loader, module, function):
    """A skops file whose schema asks for a function, called with the mark."""
    argument = {
        "__class__": "str",
        "__module__": "builtins",
        "__loader__": "JsonNode",
        "content": json.dumps(str(mark)),
        "is_json": True,
    }
    arguments = {
        "__class__": "tuple",
        "__module__": "builtins",
        "__loader__": "TupleNode",
        "content": [argument],
        "__id__": 2,
    }
    node = {
        "__class__": function,
        "__module__": module,
        "__loader__": loader,
        "__id__": 1,
        "content": {"module_path": module, "function": function, "obj": argument, "func": function}
        | {"attrs": arguments},
        "attrs": arguments,
        "constructor": {"__class__": function, "__module__": module, "__loader__": "TypeNode"},
        "args": arguments,
    }
    return skops_file(node | {"protocol": 2, "_skops_version": skops.__version__})


PLANTED = {
    "a pickle": lambda mark: pickle.dumps(Trap(mark)),
    "an old pickle": lambda mark: pickle.dumps(Trap(mark), protocol=0),
    "a torch checkpoint": lambda mark: torch_zip(Trap(mark)),
    "an array of objects": lambda mark: array_of_objects(Trap(mark)),
    "a skops file with an array of objects": lambda mark: skops_array(mark),  # noqa: PLW0108  (defined below)
    "a skops file with a pickle in it": lambda mark: skops_file({}, data_pkl=pickle.dumps(Trap(mark))),
    **{
        f"a skops file with a {loader}": lambda mark, loader=loader: skops_with_a_function(mark, loader, "os", "mkdir")
        for loader in (
            "FunctionNode",
            "MethodNode",
            "ObjectNode",
            "OperatorFuncNode",
            "ReduceNode",
            "TypeNode",
            "PartialNode",
        )
    },
    "a skops file with an operator": lambda mark: skops_with_a_function(mark, "OperatorFuncNode", "operator", "call"),
}


def array_of_objects(trap):
    content = io.BytesIO()
    np.save(content, np.array([trap], dtype=object), allow_pickle=True)
    return content.getvalue()


def skops_array(mark):
    """The file of a classifier whose coefficients are replaced by an array of objects."""
    classifier = LogisticRegression().fit([[0.0], [1.0]], [0, 1])
    original = zipfile.ZipFile(io.BytesIO(skops.io.dumps(classifier)))
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for name in original.namelist():
            archive.writestr(name, array_of_objects(Trap(mark)) if name.endswith(".npy") else original.read(name))
    return content.getvalue()


def test_the_trap_works(tmp_path):
    pickle.loads(pickle.dumps(Trap(tmp_path / "mark")))  # noqa: S301  (to see that it would)
    assert (tmp_path / "mark").is_dir()
    torch.load(io.BytesIO(torch_zip(Trap(tmp_path / "other"))), weights_only=False)
    assert (tmp_path / "other").is_dir()


@pytest.mark.parametrize("plant", PLANTED.values(), ids=PLANTED)
@pytest.mark.parametrize("model", [TfidfLogReg, Lstm, DistilBert])
def test_no_file_of_a_saved_model_can_run_code(saved, place, tmp_path, model, plant):
    mark = tmp_path / "mark"
    for name in saved[model]:
        with pytest.raises(ValueError, match="holds no saved"):
            model.load(*written(place_of(place, model), saved[model] | {name: plant(mark)}))
        assert not mark.exists()


@pytest.mark.parametrize("plant", PLANTED.values(), ids=PLANTED)
def test_no_file_of_an_encoder_can_run_code(tmp_path, plant):
    mark = tmp_path / "mark"
    for name in ("config.json", "model.safetensors", "tokenizer.json"):
        write_encoder(tmp_path)
        (tmp_path / name).write_bytes(plant(mark))
        with pytest.raises(ValueError, match="cannot be read"):
            load_encoder(str(tmp_path))
        assert not mark.exists()


def test_an_encoder_s_configuration_loads_no_code(tmp_path):
    """What transformers can be told in config.json to fetch and run has no effect."""
    write_encoder(tmp_path)
    path = tmp_path / "config.json"
    orders = {
        "auto_map": {"AutoModel": "evil--model.Evil"},
        "_attn_implementation": "evil/kernel",
        "trust_remote_code": True,
    }
    path.write_text(json.dumps(json.loads(path.read_text()) | orders))
    config = load_encoder(str(tmp_path)).config
    assert not hasattr(config, "auto_map")
    assert "evil" not in config.to_json_string(use_diff=False)
