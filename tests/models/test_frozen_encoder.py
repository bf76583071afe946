"""A frozen encoder with logistic regression, on tiny random encoders."""

from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
import torch

from benchmarks.registry.code_version import _closure
from benchmarks.registry.model_contract import TEXTS, easy_texts
from losses.ce import CrossEntropy
from losses.class_weighted_ce import ClassWeightedCrossEntropy
from losses.focal import Focal
from models import frozen_encoder
from models.frozen_encoder import FrozenEncoder, pooled
from models.model import Runtime

MODELS = Path(frozen_encoder.__file__).parent

TRAIN, VALID = easy_texts(40), easy_texts(20, seed=1)


@pytest.fixture(autouse=True)
def cache(monkeypatch, tmp_path):
    monkeypatch.setenv("BENCHMARKS_CACHE", str(tmp_path / "cache"))


def fit(folder, train=TRAIN, loss=CrossEntropy, runtime=Runtime(), **settings):
    model = FrozenEncoder(**{"encoder": str(folder), "max_length": 24, "C": 0.1} | settings)
    return model, model.fit(train, VALID, loss(train.lengths, train.labels), runtime)


def score(model, texts=TEXTS):
    return model.score(model.encode(texts))


def test_pooling_is_over_the_tokens_that_are_there():
    states = torch.tensor([[[1.0, -4.0], [3.0, -2.0], [9.0, 9.0]], [[1.0, 2.0], [3.0, 1.0], [5.0, 0.0]]])
    mask = torch.tensor([[True, True, False], [True, True, True]])
    assert pooled(states, mask, "mean").tolist() == [[2, -3], [3, 1]]
    assert pooled(states, mask, "cls").tolist() == [[1, -4], [1, 2]]
    assert pooled(states, mask, "max").tolist() == [[3, -2], [5, 2]]


@pytest.mark.parametrize("pooling", ["mean", "cls", "max"])
@pytest.mark.parametrize("architecture", ["bert", "roberta", "deberta-v2", "modernbert"])
def test_scores_do_not_depend_on_the_batch_or_on_being_saved(tiny_encoder, tmp_path, architecture, pooling):
    model, _ = fit(tiny_encoder(architecture), pooling=pooling)
    alone = np.concatenate([score(model, [text]) for text in TEXTS])
    np.testing.assert_allclose(score(model), alone, atol=1e-5)
    (tmp_path / "saved").mkdir()
    model.save(tmp_path / "saved")
    np.testing.assert_array_equal(score(FrozenEncoder.load(tmp_path / "saved")), score(model))


def test_the_encoder_stays_as_it_was(tiny_encoder):
    model, report = fit(tiny_encoder("bert"))
    fresh = FrozenEncoder(encoder=str(tiny_encoder("bert")), max_length=24)
    fresh._prepare(TRAIN)
    for name, weight in model.network.encoder.state_dict().items():
        assert torch.equal(weight, fresh._pretrained[name])
    assert report.parameters == 2 * 16 + 2


def test_texts_are_encoded_once_across_seeds_losses_and_sizes(tiny_encoder):
    folder = tiny_encoder("bert")
    before, first = fit(folder)
    again, second = fit(folder, runtime=Runtime(seed=7))
    _, weighted = fit(folder, loss=ClassWeightedCrossEntropy)
    _, larger = fit(folder, train=easy_texts(60))
    counts = [report.cached_texts for report in (first, second, weighted, larger)]
    assert counts == [0, 60, 60, 60]  # of the last one's 80 texts, 20 training texts are new
    np.testing.assert_array_equal(score(before), score(again))
    for other in (
        {"pooling": "max"},
        {"max_length": 12},
        {"truncation": "tail"},
        {"encoder": str(tiny_encoder("electra"))},
    ):
        assert fit(folder, **other)[1].cached_texts == 0


def test_vectors_of_another_class_or_another_code_are_not_reused(tiny_encoder, monkeypatch):
    class Derived(FrozenEncoder):
        pass

    model, _ = fit(tiny_encoder("bert"))
    derived = Derived(**model.parameters())
    space = model._space(Runtime())
    assert derived._space(Runtime()) != space
    monkeypatch.setattr(frozen_encoder, "CODE", [*frozen_encoder.CODE, Path(__file__)])
    assert model._space(Runtime()) != space


def test_every_module_that_encodes_counts():
    """The others read files, fit the head, or hold ranges that tuning searches."""
    others = {"external_files", "saved_files", "search_space", "selection", "linear", "__init__"}
    imported = {
        Path(find_spec(name).origin).relative_to(MODELS)
        for name in _closure({"models.frozen_encoder"}, frozenset({"models"}))
    }
    names = {Path(path.parts[0]).stem for path in imported}
    assert names - others == {path.stem for path in frozen_encoder.CODE}


def test_the_cache_changes_no_score(tiny_encoder, monkeypatch):
    fit(tiny_encoder("bert"))
    cached, _ = fit(tiny_encoder("bert"))
    monkeypatch.setenv("BENCHMARKS_CACHE", "off")
    fresh, report = fit(tiny_encoder("bert"))
    assert report.cached_texts == 0
    np.testing.assert_array_equal(score(cached), score(fresh))


def test_c_is_chosen_on_validation(tiny_encoder):
    _, report = fit(tiny_encoder("bert"), C=None)
    assert len(report.history) >= 5
    assert report.optimum_inside is not None
    accuracies = [entry["valid_accuracy"] for entry in report.history]
    assert accuracies[report.selected] == max(accuracies)


def test_the_loss_enters_as_weights(tiny_encoder):
    skewed = TRAIN.take(np.flatnonzero((TRAIN.labels == 0) | (np.arange(40) < 8)))
    plain, _ = fit(tiny_encoder("bert"), train=skewed)
    weighted, _ = fit(tiny_encoder("bert"), train=skewed, loss=ClassWeightedCrossEntropy)
    assert score(weighted)[:, 1].mean() > score(plain)[:, 1].mean() + 0.05
    with pytest.raises(ValueError, match=r"^loss 'focal' is no weighting"):
        fit(tiny_encoder("bert"), loss=Focal)
