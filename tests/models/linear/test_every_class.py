"""A class without a training text, which a linear model would leave out or number anew."""

import re

import numpy as np
import pytest

from benchmarks.registry.model_contract import easy_texts
from losses.ce import CrossEntropy
from models.frozen_encoder import FrozenEncoder
from models.nbsvm import NbSvm
from models.static_embeddings import StaticEmbeddings
from models.tfidf_logreg import TfidfLogReg

TEXTS = easy_texts(40)
LACKING = type(TEXTS)(TEXTS.texts, 2 * TEXTS.labels, TEXTS.lengths, TEXTS.rows, ("bad", "neither", "good", "odd"))


@pytest.mark.parametrize("model", [NbSvm, TfidfLogReg, FrozenEncoder, StaticEmbeddings])
def test_a_class_without_a_training_text_is_named(model):
    assert np.unique(LACKING.labels).tolist() == [0, 2]
    told = f"2 of 4 classes have no training text, such as 'neither': {model.name} compares each class with the others "
    with pytest.raises(ValueError, match=f"^{re.escape(told)}.*another model\\)$"):
        model().fit(LACKING, LACKING, CrossEntropy(LACKING.lengths, LACKING.labels))
