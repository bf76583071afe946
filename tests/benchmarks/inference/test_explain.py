"""Explanations find the words that decide, and add up."""

import json
from functools import partial

import numpy as np
import pytest

from benchmarks.errors import UsageError
from benchmarks.inference.explain import _join_word_pieces, explain
from benchmarks.inference.saved import Classifier, Saved, write_saved
from benchmarks.registry.entries import loss_class, model_class
from benchmarks.registry.model_contract import easy_texts
from benchmarks.schema.cell import CellSpec
from models.model import Model

TEXT = "the plot of the film was superb"
SMALL = {
    "tfidf_logreg": {"C": 10.0, "min_df": 1},
    "nbsvm": {"C": 1.0, "min_df": 1},
    "lstm": {"epochs": 8, "learning_rate": 0.01, "min_steps": 0, "batch_size": 8, "embedding_width": 16},
}


@pytest.fixture(scope="module", params=SMALL)
def classifier(request):
    model = model_class(request.param)(**SMALL[request.param])
    train = easy_texts(64)
    model.fit(train, easy_texts(24, seed=1), loss_class("ce")(train.lengths, train.labels))
    spec = CellSpec(
        dataset="easy", data_fingerprint="0" * 64, train_size=64, valid_size=24, test_size=24, model=request.param,
        model_params={}, loss="ce", loss_params={}, seed=1, device="cpu", precision="fp32", code_version="0",
    )  # fmt: skip
    return Classifier(model, train.class_names, spec)


def test_the_word_that_decides_is_found(classifier):
    said = explain(classifier, TEXT)
    assert said.label == "positive"
    assert said.probability == pytest.approx(classifier.score([TEXT])[0, 1])
    assert said.strongest(1)[0][0] == "superb"
    assert said.strongest(1)[0][1] > 0
    assert [word for word, _ in said.words] == TEXT.split()


def test_the_other_class_is_explained_by_the_same_words_the_other_way(classifier):
    for_it, against = explain(classifier, TEXT), explain(classifier, TEXT, label="negative")
    np.testing.assert_allclose([v for _, v in for_it.words], [-v for _, v in against.words], rtol=1e-3, atol=1e-4)


def test_gradients_add_up_to_what_the_words_change(classifier):
    if classifier.spec.model != "lstm":
        with pytest.raises(UsageError, match=r"method='gradients': not available for .*\(choices: weights, erasure\)"):
            explain(classifier, TEXT, method="gradients")
        return
    import torch

    model = classifier.model
    ids = torch.from_numpy(model.encode([TEXT]).features[0]).long()[None]
    mask = torch.ones_like(ids, dtype=torch.bool)
    with torch.no_grad():
        words, padding = (model.network(tokens, mask)[0] for tokens in (ids, torch.zeros_like(ids)))
    expected = float((words[1] - words[0]) - (padding[1] - padding[0]))
    assert sum(v for _, v in explain(classifier, TEXT).words) == pytest.approx(expected, rel=0.02)


def test_weights_and_intercept_are_the_log_odds(classifier):
    if classifier.spec.model == "lstm":
        with pytest.raises(
            UsageError, match=r"method='weights': not available for lstm \(choices: gradients, erasure\)"
        ):
            explain(classifier, TEXT, method="weights")
        return
    said = explain(classifier, "The plot of the film: superb! Was it?", label="negative")
    assert said.method == "weights"
    odds = said.intercept + sum(added for _, added in said.words)
    assert 1 / (1 + np.exp(-odds)) == pytest.approx(said.probability, abs=1e-6)


class OwnModel:
    """What a plug-in may be: no network, and no word weights."""

    word_weights = Model.word_weights

    def __init__(self, model):
        self.encode, self.score = model.encode, model.score


def test_a_model_of_another_kind_is_explained_by_erasure(classifier):
    own = Classifier(OwnModel(classifier.model), classifier.classes, classifier.spec)
    said = explain(own, TEXT)
    assert (said.method, said.intercept) == ("erasure", None)
    assert said == explain(classifier, TEXT, method="erasure")
    with pytest.raises(UsageError, match=r"\(choices: erasure\)"):
        explain(own, TEXT, method="weights")


def test_erasure_is_the_change_when_a_word_is_left_out(classifier):
    said = explain(classifier, "superb dull", method="erasure")
    odds = {text: np.log(p[1] / p[0]) for text in ("superb dull", "dull") for p in classifier.score([text])}
    sign = 1 if said.label == "positive" else -1
    assert said.words[0][1] == pytest.approx(sign * (odds["superb dull"] - odds["dull"]))


def test_a_text_without_words_is_explained_by_nothing(classifier):
    assert explain(classifier, "  ").words == ()


def test_word_pieces_are_put_together():
    assert _join_word_pieces(["[CLS]", "bad", "##ly", "made"], [1, 2, 3, 4]) == [
        ("[CLS]", 1),
        ("badly", 5),
        ("made", 4),
    ]


def test_as_it_is_typed(classifier, tmp_path, type_in):
    classifier.model.save(tmp_path)
    write_saved(Saved(spec=classifier.spec, classes=classifier.classes), tmp_path)

    typed = partial(type_in, "explain", tmp_path)
    status, output, _ = typed(TEXT, "--top", "2")
    assert status == 0
    answer, caption, strongest, _, *rest = output.splitlines()
    assert answer.startswith("positive, ")
    assert answer.endswith(" before calibration")
    linear = classifier.spec.model != "lstm"
    assert caption.endswith(f"({'weights' if linear else 'gradients'}):")
    assert strongest.endswith(" superb")
    assert [line.endswith("(the intercept)") for line in rest] == [True] * linear
    status, output, _ = typed(TEXT, "--json")
    said = json.loads(output)
    assert [word["word"] for word in said["words"]] == TEXT.split()
    assert isinstance(said["intercept"], float) == linear
    status, output, _ = typed(TEXT, "--method", "erasure")
    assert "(erasure):" in output
    status, _, errors = typed(TEXT, "--class", "positiv")
    assert (status, "did you mean 'positive'" in errors) == (2, True)
