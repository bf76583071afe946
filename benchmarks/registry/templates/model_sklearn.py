"""Complement naive Bayes on character n-grams. Describe your model here, and name its publication."""

from typing import ClassVar

from pydantic import PositiveFloat, PositiveInt
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.naive_bayes import ComplementNB
from sklearn.pipeline import Pipeline, make_pipeline

from models.sklearn_model import SklearnModel


class MyModel(SklearnModel):
    """Complement naive Bayes on character n-grams."""

    name: ClassVar[str] = "my_model"

    longest: PositiveInt = 4
    """Characters of an n-gram at most: a parameter is an annotated attribute with a default."""

    alpha: PositiveFloat = 1.0
    """Smoothing of the counts."""

    def build(self) -> Pipeline:
        """Return the unfitted pipeline, from texts to classes; the loss enters as weights of its last step."""
        features = TfidfVectorizer(analyzer="char_wb", ngram_range=(1, self.longest), sublinear_tf=True)
        return make_pipeline(features, ComplementNB(alpha=self.alpha))
