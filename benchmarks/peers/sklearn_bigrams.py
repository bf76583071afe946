"""scikit-learn with the classes of its text tutorial: TfidfVectorizer and LogisticRegression, words and word pairs."""

from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

from benchmarks.peers.contest import Side, text_to_labels, whole
from data.dataset import Dataset, IntArray
from models.model import Runtime

OURS = ("nbsvm", "tfidf_logreg")
SIZES = (5_000, 2_500)
WORK = "training texts → fitted model → classes of the test texts"


def sides(ours: str, data: Dataset, runtime: Runtime) -> tuple[Side, Side]:
    """Prepare our model and scikit-learn with its defaults, word pairs aside."""

    def stock() -> IntArray:
        model = make_pipeline(TfidfVectorizer(ngram_range=(1, 2)), LogisticRegression())
        labels: IntArray = model.fit(data.train.texts, data.train.labels).predict(data.test.texts)
        return labels

    return text_to_labels(ours, data, runtime), Side(whole(stock), precision="fp64")
