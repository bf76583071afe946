"""An exported folder says what the model says."""

import json
import sys
from functools import partial

import numpy as np
import pytest
import torch
from transformers import AutoTokenizer

from benchmarks.cli import main
from benchmarks.errors import UsageError
from benchmarks.hardware.origin import CHECKOUT
from benchmarks.inference import export
from benchmarks.inference.export import can_export, pipeline_caveat, to_huggingface, to_onnx, trace
from benchmarks.inference.saved import Saved, find_model, write_saved
from benchmarks.registry.entries import loss_class, model_class
from benchmarks.registry.model_contract import easy_texts
from benchmarks.schema.audits import Audit
from benchmarks.schema.result import CellResult
from benchmarks.store.results import Store
from tests.models.tiny_encoders import write_encoder

TEXTS = ["the film was superb", "dull and poor " * 40 + "but superb in the end", "?"]


@pytest.fixture
def cell(tmp_path, make_spec):
    """A function that trains a model and leaves it as a cell does."""

    def cell(name, classes=("negative", "so `good`"), **settings):
        train = easy_texts(16, classes=classes)
        model = model_class(name)(**settings)
        model.fit(train, train, loss_class("ce")(train.lengths, train.labels))
        store, spec = Store(tmp_path / "results"), make_spec(name, **settings)
        store.create()
        with store.replace_model(spec.id) as folder:
            model.save(folder)
            write_saved(Saved(spec=spec, classes=classes), folder)
        audit = Audit(name="truncation", passed=False, reason="most was never seen")
        store.write_result(CellResult(spec=spec, status="ok", metrics={"accuracy": 0.8125}, audits=[audit]))
        return store.cell_folder(spec.id)

    return cell


def loaded(found):
    """As `export` loads it, whatever this machine is fastest in."""
    return found.load("cpu", "fp32")


@pytest.mark.parametrize("truncation", ["head", "tail"])
def test_a_pipeline_says_what_the_model_says(cell, tmp_path, truncation):
    from transformers import pipeline

    found = find_model(cell("distilbert", max_length=16, epochs=1, truncation=truncation))
    assert pipeline_caveat(found.saved.spec) == ""
    classifier = loaded(found)
    to_huggingface(found, classifier, tmp_path / "exported")
    said = pipeline("text-classification", str(tmp_path / "exported"), top_k=None, truncation=True, device="cpu")(TEXTS)
    by_class = [{one["label"]: one["score"] for one in text} for text in said]
    scores = [[text[name] for name in classifier.classes] for text in by_class]
    np.testing.assert_allclose(scores, classifier.score(TEXTS), atol=1e-5)
    card = (tmp_path / "exported" / "README.md").read_text()
    assert "value: 0.8125" in card
    assert "| accuracy | 0.8125 |" in card
    assert "truncation: most was never seen" in card
    assert "`so 'good'`" in card
    with pytest.raises(UsageError, match="exists already"):
        to_huggingface(found, classifier, tmp_path / "exported")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["exported", "results"]


@pytest.fixture
def encoder_with(tmp_path):
    """A function that writes a DistilBERT whose tokenizer.json has other parts."""

    def encoder_with(**parts):
        folder = write_encoder(tmp_path / "encoder", "distilbert")
        content = json.loads((folder / "tokenizer.json").read_text())
        (folder / "tokenizer.json").write_text(json.dumps(content | parts))
        return str(folder)

    return encoder_with


CASED = {
    "type": "BertNormalizer", "clean_text": True, "handle_chinese_chars": True, "strip_accents": None,
    "lowercase": False,
}  # fmt: skip


@pytest.mark.parametrize("normalizer", [CASED, None])
def test_a_pipeline_keeps_the_case_that_the_model_keeps(cell, tmp_path, encoder_with, normalizer):
    encoder = encoder_with(normalizer=normalizer)
    found = find_model(cell("distilbert", max_length=16, epochs=1, encoder=encoder))
    classifier = loaded(found)
    to_huggingface(found, classifier, tmp_path / "exported")
    exported = AutoTokenizer.from_pretrained(tmp_path / "exported")
    texts = ["A film", "a film", "Ä film"]
    tokens = [ids.tolist() for ids in classifier.model.encode(texts).features]
    assert exported(texts)["input_ids"] == tokens
    assert tokens[0] != tokens[1]


def test_a_tokenizer_that_transformers_would_change_is_not_exported(cell, tmp_path, encoder_with):
    encoder = encoder_with(pre_tokenizer=None)
    found = find_model(cell("distilbert", max_length=16, epochs=1, encoder=encoder))
    with pytest.raises(UsageError, match=r"transformers reads 'a film to remember' from .*\(choices: folder, onnx\)"):
        to_huggingface(found, loaded(found), tmp_path / "exported")
    assert not (tmp_path / "exported").exists()


def test_a_pipeline_that_differs_from_the_model_is_described(cell, tmp_path, capsys, monkeypatch):
    folder = cell("distilbert", max_length=16, epochs=1, truncation="head_tail")
    monkeypatch.setattr(sys, "argv", ["benchmarks", "export", str(folder), "--output", str(tmp_path / "exported")])
    with pytest.raises(SystemExit) as caught:
        main()
    assert caught.value.code == 0
    caveat = pipeline_caveat(find_model(folder).saved.spec)
    assert "A pipeline reads the first 16 tokens of a longer text." in caveat
    assert caveat in capsys.readouterr().err
    assert caveat in (tmp_path / "exported" / "README.md").read_text()


def test_the_best_cell_that_can_be_exported_is_chosen(cell, tmp_path, make_spec):
    """The best cell is linear, which neither format takes."""
    folders = {
        "tfidf_logreg": cell("tfidf_logreg", min_df=1, C=1.0),
        "lstm": cell("lstm", **SMALL["lstm"]),
        "distilbert": cell("distilbert", max_length=16, epochs=1),
    }
    store = Store(tmp_path / "results")
    accuracies = {"tfidf_logreg": 0.9, "lstm": 0.8, "distilbert": 0.7}
    results = list(store.results())
    for result in results:
        history = [{"valid_accuracy": accuracies[result.spec.model], "valid_loss": 0.5}]
        store.write_result(result.model_copy(update={"fit": {"history": history, "selected": 0}}))
    fingerprint = results[0].spec.data_fingerprint
    run = dict.fromkeys(("suite", "device", "precision", "code_version"), "toy")
    planned = [result.spec.id for result in results]
    store.write_run(run | {"planned": planned, "dataset": {"fingerprint": fingerprint}})

    def chosen(target):
        found = find_model(store.folder, "*", partial(can_export, target=target), f"can be exported to {target}")
        return found.folder.parent, found.reason

    assert chosen("huggingface") == (folders["distilbert"], "the only cell that can be exported to huggingface")
    assert chosen("onnx") == (
        folders["lstm"],
        "highest validation accuracy, 80.00%, of 2 cells that can be exported to onnx",
    )
    with pytest.raises(UsageError, match=r"no cell can be exported to onnx among those that match 'tfidf\*'"):
        find_model(store.folder, "tfidf*", partial(can_export, target="onnx"), "can be exported to onnx")


def test_what_transformers_does_not_have_is_refused(cell, tmp_path):
    found = find_model(cell("tfidf_logreg", min_df=1, C=1.0))
    with pytest.raises(UsageError, match="no network like tfidf_logreg's"):
        to_huggingface(found, loaded(found), tmp_path / "exported")
    assert not (tmp_path / "exported").exists()


SMALL = {
    "lstm": {"epochs": 1, "min_steps": 0, "embedding_width": 8, "hidden_width": 8, "max_length": 64},
    "distilbert": {"epochs": 1, "max_length": 64},
    "distilbert_mlp": {"epochs": 1, "max_length": 64},
}


@pytest.mark.parametrize("name", SMALL)
def test_onnx_scores_as_the_model_does(cell, tmp_path, name):
    runtime = pytest.importorskip("onnxruntime")
    found = find_model(cell(name, **SMALL[name]))
    classifier = loaded(found)
    to_onnx(found, classifier, tmp_path / "exported")
    vocabulary = {"vocabulary.json"} if name == "lstm" else {"tokenizer.json", "encoder.json"}
    assert {path.name for path in (tmp_path / "exported").iterdir()} == {"model.onnx", "saved.json"} | vocabulary
    session = runtime.InferenceSession(tmp_path / "exported" / "model.onnx", providers=["CPUExecutionProvider"])
    texts = [*TEXTS, *easy_texts(5, seed=3).texts]
    tokens = classifier.model.encode(texts).features
    expected = classifier.score(texts)
    lengths = {len(text) for text in tokens}
    assert max(lengths) == 64 > min(lengths)  # padding, and not a length or a batch that was traced

    def run(rows, width):
        ids = np.full((len(rows), width), 1, dtype=np.int64)  # what stands in padding must not matter
        mask = np.zeros(ids.shape, dtype=np.int64)
        for place, row in enumerate(rows):
            ids[place, : len(tokens[row])], mask[place, : len(tokens[row])] = tokens[row], 1
        (logits,) = session.run(None, {"input_ids": ids, "attention_mask": mask})
        odds = np.exp(logits.astype(np.float64))
        return odds / odds.sum(axis=1, keepdims=True)

    everything = range(len(texts))
    together = run(everything, 64)
    alone = np.concatenate([run([row], len(tokens[row])) for row in everything])
    for scores in (together, alone, run(everything, 80)):
        np.testing.assert_allclose(scores, expected, atol=1e-5)
        assert (scores.argmax(axis=1) == expected.argmax(axis=1)).all()


@pytest.mark.parametrize("training", [False, True])
def test_a_network_keeps_its_mode_while_it_is_exported(cell, tmp_path, training):
    pytest.importorskip("onnxruntime")
    network = loaded(find_model(cell("lstm", **SMALL["lstm"]))).model.network.train(training)
    trace(network, tmp_path / "model.onnx", "lstm")
    assert {module.training for module in network.modules()} == {training}


def test_an_export_that_takes_padding_for_words_is_not_kept(cell, tmp_path, monkeypatch):
    pytest.importorskip("onnxruntime")
    found = find_model(cell("lstm", **SMALL["lstm"] | {"learning_rate": 0.1}))
    classifier = loaded(found)
    whole = classifier.model.network.forward
    monkeypatch.setattr(export, "LARGEST_DIFFERENCE", 1e-6)
    expected = classifier.model.score(classifier.model.encode(export.PROBES))
    monkeypatch.setattr(classifier.model.network, "forward", lambda ids, mask: whole(ids, torch.ones_like(mask)))
    monkeypatch.setattr(classifier.model, "score", lambda encoded: expected)
    with pytest.raises(UsageError, match="scores differ"):
        to_onnx(found, classifier, tmp_path / "exported")


def test_an_export_that_scores_otherwise_is_not_kept(cell, tmp_path, monkeypatch):
    pytest.importorskip("onnxruntime")
    found = find_model(cell("lstm", epochs=1, min_steps=0, embedding_width=8, hidden_width=8))
    monkeypatch.setattr(export, "LARGEST_DIFFERENCE", -1.0)
    with pytest.raises(UsageError, match="scores differ"):
        to_onnx(found, loaded(found), tmp_path / "exported")
    assert [path.name for path in tmp_path.iterdir()] == ["results"]


def test_a_network_that_torch_cannot_export_is_one_line(cell, tmp_path, monkeypatch):
    pytest.importorskip("onnxruntime")
    found = find_model(cell("lstm", **SMALL["lstm"]))
    classifier = loaded(found)
    monkeypatch.setattr(
        classifier.model.network, "forward", lambda ids, mask: torch.linalg.eigvals(torch.eye(2) * ids.sum()).real
    )
    with pytest.raises(UsageError, match=r"torch cannot export lstm's network: .*eigvals") as caught:
        to_onnx(found, classifier, tmp_path / "exported")
    assert "\n" not in str(caught.value)
    assert [path.name for path in tmp_path.iterdir()] == ["results"]


def test_what_is_no_network_has_no_onnx(cell, tmp_path):
    found = find_model(cell("tfidf_logreg", min_df=1, C=1.0))
    with pytest.raises(UsageError, match="not a torch model"):
        to_onnx(found, loaded(found), tmp_path / "exported")


def test_the_program_of_the_documentation_scores_as_the_model_does(cell, tmp_path, monkeypatch):
    pytest.importorskip("onnxruntime")
    found = find_model(cell("distilbert", epochs=1, max_length=16))
    classifier = loaded(found)
    to_onnx(found, classifier, tmp_path / "my-model")
    page = (CHECKOUT / "docs" / "how-to" / "use-a-trained-model.md").read_text(encoding="utf-8")
    program = page.partition("```python\n")[2].partition("```")[0].replace("(256)", "(16)")
    monkeypatch.chdir(tmp_path)
    names = {}
    exec(program, names)  # noqa: S102  (of our own page)
    expected = classifier.predict_proba(["A film to remember.", "Dull."])
    powers = np.exp(names["logits"].astype(np.float64))
    np.testing.assert_allclose(powers / powers.sum(axis=1, keepdims=True), expected, atol=1e-5)
