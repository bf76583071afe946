"""An exported folder says what the model says."""

import numpy as np
import pytest

from benchmarks import export
from benchmarks.cell import Audit, CellResult
from benchmarks.contract import easy_texts
from benchmarks.errors import UsageError
from benchmarks.export import to_huggingface, to_onnx
from benchmarks.registry import loss_class, model_class
from benchmarks.saved import Saved, find_model, load_model, write_saved
from benchmarks.store import Store

TEXTS = ["the film was superb", "dull and poor " * 40, "?"]


@pytest.fixture
def cell(tmp_path, make_spec):
    """A function that trains a model and leaves it as a cell does."""

    def cell(name, classes=("negative", "so `good`"), **settings):
        train = easy_texts(16, classes=classes)
        model = model_class(name)(**settings)
        model.fit(train, train, loss_class("ce")(train.lengths))
        store, spec = Store(tmp_path / "results"), make_spec(name, **settings)
        with store.replace_model(spec.id) as folder:
            model.save(folder)
            write_saved(Saved(spec=spec, classes=classes), folder)
        audit = Audit(name="truncation", passed=False, reason="most was never seen")
        store.write_result(CellResult(spec=spec, status="ok", metrics={"accuracy": 0.8125}, audits=[audit]))
        return store.cell_folder(spec.id)

    return cell


def test_a_pipeline_says_what_the_model_says(cell, tmp_path):
    from transformers import pipeline

    found = find_model(cell("distilbert", max_length=16, epochs=1))
    classifier = load_model(found.folder)
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
    with pytest.raises(UsageError, match="is there already"):
        to_huggingface(found, classifier, tmp_path / "exported")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["exported", "results"]


def test_what_transformers_does_not_have_is_refused(cell, tmp_path):
    found = find_model(cell("tfidf_logreg", min_df=1, C=1.0))
    with pytest.raises(UsageError, match="no network as tfidf_logreg's"):
        to_huggingface(found, load_model(found.folder), tmp_path / "exported")
    assert not (tmp_path / "exported").exists()


def test_onnx_scores_as_the_model_does(cell, tmp_path):
    runtime = pytest.importorskip("onnxruntime")
    small = {"epochs": 1, "min_steps": 0, "embedding_width": 8, "hidden_width": 8, "max_length": 16}
    found = find_model(cell("lstm", **small))
    classifier = load_model(found.folder)
    to_onnx(found, classifier, tmp_path / "exported")
    assert {path.name for path in (tmp_path / "exported").iterdir()} == {"model.onnx", "saved.json", "vocabulary.json"}
    session = runtime.InferenceSession(tmp_path / "exported" / "model.onnx", providers=["CPUExecutionProvider"])
    ids = np.zeros((len(TEXTS), 16), dtype=np.int64)
    mask = np.zeros(ids.shape, dtype=bool)
    for row, tokens in enumerate(classifier.model.encode(TEXTS).features):
        ids[row, : len(tokens)], mask[row, : len(tokens)] = tokens, True
    (logits,) = session.run(None, {"input_ids": ids, "mask": mask})
    odds = np.exp(logits.astype(np.float64))
    np.testing.assert_allclose(odds / odds.sum(axis=1, keepdims=True), classifier.score(TEXTS), atol=1e-5)


def test_an_export_that_scores_otherwise_is_not_kept(cell, tmp_path, monkeypatch):
    pytest.importorskip("onnxruntime")
    found = find_model(cell("lstm", epochs=1, min_steps=0, embedding_width=8, hidden_width=8))
    monkeypatch.setattr(export, "MOST_DIFFERENT", -1.0)
    with pytest.raises(UsageError, match="scores differ"):
        to_onnx(found, load_model(found.folder), tmp_path / "exported")
    assert [path.name for path in tmp_path.iterdir()] == ["results"]


def test_what_is_no_network_has_no_onnx(cell, tmp_path):
    found = find_model(cell("tfidf_logreg", min_df=1, C=1.0))
    with pytest.raises(UsageError, match="no torch model"):
        to_onnx(found, load_model(found.folder), tmp_path / "exported")
