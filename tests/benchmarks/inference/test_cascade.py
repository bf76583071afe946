"""The rule of a cascade, with stages whose scores are made up."""

import numpy as np
import pytest

from benchmarks.inference.cascade import Cascade, Stage
from benchmarks.schema.cascade import Cascade as Rule
from benchmarks.schema.confidence import tempered
from models.model import Encoded, Model

TEXTS = [f"text {n}" for n in range(12)]


class Table(Model):
    """Scores that are a function of the text alone; counts the texts that it reads."""

    name = "table"

    def __init__(self, seed):
        self.seed, self.texts = seed, []

    def encode(self, texts):
        tokens = np.ones(len(texts), dtype=np.int64)
        return Encoded(list(texts), tokens, tokens)

    def score(self, encoded):
        self.texts += encoded.features
        return np.stack([scores(self.seed, text) for text in encoded.features])

    fit = save = None

    @classmethod
    def load(cls, folder, runtime=None):
        raise NotImplementedError


def scores(seed, text):
    first = np.random.default_rng([seed, int(text.split()[1])]).uniform()
    return np.array([first, 1 - first])


def cascade(*thresholds, answer="last", temperatures=None):
    stages = [
        Stage(Table(seed), temperature)
        for seed, temperature in enumerate(temperatures or [1.5, 0.8, 1.1][: len(thresholds) + 1])
    ]
    return Cascade(stages, Rule(thresholds=thresholds, answer=answer))


def alone(model, number, texts=TEXTS):
    stage = model.stages[number]
    return stage.probabilities(stage.model.encode(texts))


def scored(model, texts=TEXTS):
    return model.score(model.encode(texts))


def test_a_threshold_of_0_passes_nothing_on_and_answers_as_the_first_stage_bit_for_bit():
    model = cascade(0.0)
    assert model.trace(model.encode(TEXTS)).read == (12, 0)
    assert model.stages[1].model.texts == []
    np.testing.assert_array_equal(scored(model), alone(model, 0))


def test_a_threshold_of_1_passes_everything_on_and_answers_as_the_last_stage_bit_for_bit():
    model = cascade(1.0, 1.0)
    assert model.trace(model.encode(TEXTS)).read == (12, 12, 12)
    np.testing.assert_array_equal(scored(model), alone(model, 2))


def test_only_unsure_texts_are_passed_on():
    model = cascade(0.7)
    sure = alone(model, 0).max(axis=1) > 0.7
    assert 0 < sure.sum() < 12
    model.stages[1].model.texts.clear()
    found = model.trace(model.encode(TEXTS))
    assert model.stages[1].model.texts == [text for text, own in zip(TEXTS, sure, strict=True) if not own]
    assert found.read == (12, int((~sure).sum()))
    np.testing.assert_array_equal(found.probabilities[sure], alone(model, 0)[sure])
    np.testing.assert_array_equal(found.probabilities[~sure], alone(model, 1)[~sure])


def test_the_mean_is_that_of_the_stages_that_read_a_text():
    model = cascade(0.75, 0.65, answer="mean")
    parts = [alone(model, number) for number in range(3)]
    expected = parts[0].copy()
    for row in range(12):
        if expected[row].max() <= 0.75:
            expected[row] = (parts[0][row] + parts[1][row]) / 2
            if expected[row].max() <= 0.65:
                expected[row] = (parts[0][row] + parts[1][row] + parts[2][row]) / 3
    np.testing.assert_allclose(scored(model), expected, rtol=1e-12)
    read = model.trace(model.encode(TEXTS)).read
    assert 12 > read[1] > read[2] > 0


def test_the_answer_so_far_decides_at_the_second_stage():
    """With the mean, a second stage that disagrees makes the answer less sure than it is itself."""
    parts = [alone(cascade(0.9, 0.9), number) for number in range(2)]
    mean = (parts[0] + parts[1]) / 2
    read = cascade(1.0, 0.75, answer="mean").trace(cascade(1.0, 0.75).encode(TEXTS)).read
    assert read[2] == int((mean.max(axis=1) <= 0.75).sum()) != int((parts[1].max(axis=1) <= 0.75).sum())


def test_a_text_is_scored_the_same_alone_in_any_batch_and_any_order():
    model = cascade(0.75, 0.8, answer="mean")
    together = scored(model)
    for row, text in enumerate(TEXTS):
        np.testing.assert_array_equal(scored(model, [text])[0], together[row])
    np.testing.assert_array_equal(scored(model, TEXTS[::-1]), together[::-1])


def test_temperatures_decide_what_is_passed_on():
    unsure, sure = cascade(0.7, temperatures=[5.0, 1.0]), cascade(0.7, temperatures=[0.2, 1.0])
    assert unsure.trace(unsure.encode(TEXTS)).read[1] > sure.trace(sure.encode(TEXTS)).read[1]
    own = np.stack([scores(0, text) for text in TEXTS])
    assert sure.trace(sure.encode(TEXTS)).read[1] == int((tempered(own, 0.2).max(axis=1) <= 0.7).sum())


def test_stages_and_thresholds_match():
    with pytest.raises(ValueError, match="2 stages need 1 thresholds, not 2"):
        Cascade(cascade(0.5).stages, Rule(thresholds=(0.5, 0.5), answer="last"))


def test_a_cascade_is_neither_trained_nor_saved_as_a_whole(tmp_path):
    model = cascade(0.5)
    for refused in (lambda: model.fit(None, None, None), lambda: model.save(tmp_path), lambda: Cascade.load(tmp_path)):
        with pytest.raises(TypeError, match="a cascade is"):
            refused()
