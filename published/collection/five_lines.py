"""The pipelines that five lines of scikit-learn make: contenders that every other one must be worth its cost beside."""

from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

from models.sklearn_model import SklearnModel


class FiveLinesOfWords(SklearnModel):
    """Words and word pairs."""

    name = "sklearn_words"
    pipeline = make_pipeline(TfidfVectorizer(ngram_range=(1, 2)), LogisticRegression(C=10, max_iter=300))


class FiveLinesOfCharacters(SklearnModel):
    """Runs of two to five characters within words."""

    name = "sklearn_characters"
    pipeline = make_pipeline(
        TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 5)), LogisticRegression(C=10, max_iter=300)
    )
