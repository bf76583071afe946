"""What an encoder's vocabulary lacks is counted, so that nobody takes a text for read that was not."""

import numpy as np
import pytest
from tokenizers import Tokenizer, models, pre_tokenizers

from losses.ce import CrossEntropy
from models.distilbert import DistilBert
from models.encoder.tokens import EncoderTokens, unknown_id

CHINESE = "𠀀𠀁 𠀂"
"""Characters that the packaged MiniLM's vocabulary does not have."""


def tokens_of(model):
    tokenizer = Tokenizer(model)
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    return EncoderTokens(tokenizer, before=(7,), after=(8,))


@pytest.mark.parametrize(
    ("model", "expected"),
    [
        (models.WordPiece({"?": 3, "a": 4}, unk_token="?"), 3),
        (models.WordLevel({"?": 3, "a": 4}, unk_token="?"), 3),
        (models.Unigram([("?", 0.0), ("a", -1.0)], unk_id=0), 0),
        (models.BPE(), None),
    ],
    ids=["wordpiece", "words", "unigram", "bytes"],
)
def test_the_mark_of_what_is_lacking_is_found_in_every_kind_of_vocabulary(model, expected):
    assert unknown_id(Tokenizer(model)) == expected


def test_special_tokens_make_no_text_known():
    tokens = tokens_of(models.WordPiece({"?": 3, "a": 4}, unk_token="?"))
    ids, _ = tokens.ids(["a zz a", "zz", "", "a"], 10, "head")
    assert tokens.known_counts(ids).tolist() == [4, 0, 0, 3]  # with two special tokens each


def test_a_vocabulary_without_a_mark_covers_every_text():
    assert tokens_of(models.BPE()).known_counts([np.array([7, 8], dtype=np.int32)]) is None


def test_a_fitted_encoder_says_what_it_does_not_know(train, valid):
    model = DistilBert(epochs=1, max_length=16)
    model.fit(train, valid, CrossEntropy(train.lengths, train.labels))
    encoded = model.encode([CHINESE, train.texts[0], f"good {CHINESE}"])
    assert encoded.known[0] == 0
    assert encoded.known[1] == encoded.tokens[1]
    assert 0 < encoded.known[2] < encoded.tokens[2]
