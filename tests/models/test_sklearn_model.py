"""Any scikit-learn pipeline as a contender."""

import ast

import numpy as np
import pytest
from sklearn.ensemble import RandomForestClassifier, VotingClassifier
from sklearn.feature_extraction.text import CountVectorizer, TfidfVectorizer
from sklearn.feature_selection import SelectKBest, chi2
from sklearn.naive_bayes import ComplementNB, MultinomialNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.svm import LinearSVC
from sklearn.tree import DecisionTreeClassifier

from benchmarks.contract import MODEL_CHECKS, Trained
from benchmarks.registry.model_contract import easy_texts
from benchmarks.registry.registration import add_plugin
from losses.ce import CrossEntropy
from losses.length_weighted_ce import LengthWeightedCrossEntropy
from models.model import Runtime
from models.sklearn_model import SklearnModel

PLUGIN = '''
"""Complement naive Bayes."""
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.naive_bayes import ComplementNB
from sklearn.pipeline import make_pipeline
from models.sklearn_model import SklearnModel

class NaiveBayes(SklearnModel):
    """Complement naive Bayes on word counts."""
    name = "naive_bayes_of_test"
    pipeline = make_pipeline(CountVectorizer(), ComplementNB())
'''


class Bayes(SklearnModel):
    """Naive Bayes."""

    name = "bayes"
    pipeline = make_pipeline(CountVectorizer(), ComplementNB())


class Svm(SklearnModel):
    """A classifier without probabilities."""

    name = "svm"
    pipeline = make_pipeline(TfidfVectorizer(), LinearSVC())


class Forest(SklearnModel):
    """A classifier with a seed and workers, and a parameter of its own."""

    name = "forest"
    trusted_types = ("sklearn.tree._tree.Tree",)
    trees: int = 8

    def build(self):
        return make_pipeline(CountVectorizer(), RandomForestClassifier(self.trees))


class Neighbours(SklearnModel):
    """A classifier that takes no weights."""

    name = "neighbours"
    pipeline = make_pipeline(TfidfVectorizer(), KNeighborsClassifier(3))


MODELS = [Bayes, Svm, Forest, Neighbours]


@pytest.mark.parametrize("model", MODELS)
def test_a_saved_pipeline_scores_as_the_fitted_one(model, train, valid, tmp_path):
    fitted = model()
    report = fitted.fit(train, valid, CrossEntropy(train.lengths, train.labels))
    scores = fitted.score(fitted.encode(valid.texts))
    assert scores.shape == (len(valid), train.num_classes)
    np.testing.assert_allclose(scores.sum(axis=1), 1)
    assert report.history[0]["valid_accuracy"] > 0.6
    fitted.save(tmp_path)
    loaded = model.load(tmp_path)
    assert loaded.parameters() == fitted.parameters()
    np.testing.assert_array_equal(loaded.score(loaded.encode(valid.texts)), scores)


def test_the_loss_enters_as_sample_weights(train, valid):
    plain, weighted = Bayes(), Bayes()
    plain.fit(train, valid, CrossEntropy(train.lengths, train.labels))
    weighted.fit(train, valid, LengthWeightedCrossEntropy(train.lengths, train.labels, alpha=50.0))
    assert not np.allclose(plain.score(plain.encode(valid.texts)), weighted.score(weighted.encode(valid.texts)))


def test_a_classifier_without_weights_refuses_a_weighting_loss(train, valid):
    with pytest.raises(ValueError, match="KNeighborsClassifier takes no sample weights"):
        Neighbours().fit(train, valid, LengthWeightedCrossEntropy(train.lengths, train.labels))


def test_seed_and_processors_come_from_the_runtime(train, valid):
    model = Forest()
    model.fit(train, valid, CrossEntropy(train.lengths, train.labels), Runtime(seed=7, threads=2))
    forest = model._pipeline[-1]
    assert (forest.random_state, forest.n_jobs, forest.n_estimators) == (7, 2, 8)


class Tree(SklearnModel):
    """A classifier of scikit-learn whose parts skops does not trust."""

    name = "tree"
    pipeline = make_pipeline(CountVectorizer(), SelectKBest(chi2, k=4), DecisionTreeClassifier())


def test_a_pipeline_that_could_not_be_loaded_is_not_saved(train, valid, tmp_path, monkeypatch):
    model = Tree()
    model.fit(train, valid, CrossEntropy(train.lengths, train.labels))
    with pytest.raises(ValueError, match=r"write into the class Tree: trusted_types = \(.*\)$") as caught:
        model.save(tmp_path)
    monkeypatch.setattr(Tree, "trusted_types", ast.literal_eval(str(caught.value).partition("trusted_types = ")[2]))
    model.save(tmp_path)
    loaded = Tree.load(tmp_path)
    np.testing.assert_array_equal(loaded.score(loaded.encode(valid.texts)), model.score(model.encode(valid.texts)))


def test_a_classifier_without_scores_is_refused_in_one_line(train, valid, monkeypatch):
    voters = [("a", ComplementNB()), ("b", MultinomialNB())]
    monkeypatch.setattr(Bayes, "pipeline", make_pipeline(CountVectorizer(), VotingClassifier(voters)))
    with pytest.raises(ValueError, match=r"^VotingClassifier has neither predict_proba nor .* voting='soft'\)$"):
        Bayes().fit(train, valid, CrossEntropy(train.lengths, train.labels))


def test_a_foreign_type_is_refused_by_name(train, valid, tmp_path, monkeypatch):
    model = Bayes()
    model.fit(train, valid, CrossEntropy(train.lengths, train.labels))
    model.save(tmp_path)
    monkeypatch.setattr("models.sklearn_model.get_untrusted_types", lambda file: ["os.system"])
    with pytest.raises(ValueError, match=r"not trusted: os\.system"):
        Bayes.load(tmp_path)


def test_a_plug_in_of_twelve_lines_passes_every_check(tmp_path):
    path = tmp_path / "naive_bayes.py"
    path.write_text(PLUGIN)
    assert len(PLUGIN.strip().splitlines()) <= 12
    add_plugin(path)
    trained = Trained("naive_bayes_of_test", {})
    for check in MODEL_CHECKS:
        check(trained)


def test_a_classifier_without_a_pipeline_is_named():
    class Alone(SklearnModel):
        """Nothing turns its texts into features."""

        name = "alone"
        pipeline = ComplementNB()

    texts = easy_texts(8)
    with pytest.raises(ValueError, match=r"^the pipeline of alone is a ComplementNB, not a scikit-learn Pipeline from"):
        Alone().fit(texts, texts, CrossEntropy(texts.lengths, texts.labels))
