"""`Encoded.known`: how much of a text a trained model has seen before."""

import pytest

from losses.ce import CrossEntropy
from models.lstm import Lstm
from models.nbsvm import NbSvm
from models.tfidf_logreg import TfidfLogReg


@pytest.mark.parametrize(
    "build",
    [lambda: NbSvm(analyzer="word"), lambda: TfidfLogReg(analyzer="word"), lambda: Lstm(epochs=1, min_steps=0)],
    ids=["nbsvm", "tfidf", "lstm"],
)
def test_unknown_words_are_read_and_not_known(build, train, valid):
    model = build()
    model.fit(train, valid, CrossEntropy(train.lengths, train.labels))
    encoded = model.encode(["zyx wvu tsr", train.texts[0]])
    assert encoded.tokens[0] >= 3
    assert encoded.known[0] == 0
    assert 0 < encoded.known[1] <= encoded.tokens[1] <= encoded.available[1]
