"""scikit-learn with features like ours: hashed words and word pairs, sublinear tf-idf, logistic regression."""

from sklearn.feature_extraction.text import HashingVectorizer, TfidfTransformer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

from benchmarks.peers.contest import Side, text_to_labels, whole
from data.dataset import Dataset, IntArray
from models.model import Runtime

OURS = ("tfidf_logreg", "nbsvm")
SIZES = (5_000, 2_500)
WORK = "training texts → fitted model → classes of the test texts"
STRENGTH = 10.0
"""C; ours chooses it on validation, the peer is given a good one."""

MOST_STEPS = 1_000
"""Of the solver; its default of 100 may end before it converges."""


def sides(ours: str, data: Dataset, runtime: Runtime) -> tuple[Side, Side]:
    """Prepare our model and scikit-learn's hashing pipeline."""
    solver = "liblinear" if data.train.num_classes == 2 else "lbfgs"  # liblinear is faster, for two classes only

    def peer() -> IntArray:
        model = make_pipeline(
            HashingVectorizer(ngram_range=(1, 2), alternate_sign=False, norm=None),
            TfidfTransformer(sublinear_tf=True),
            LogisticRegression(C=STRENGTH, solver=solver, max_iter=MOST_STEPS),
        )
        labels: IntArray = model.fit(data.train.texts, data.train.labels).predict(data.test.texts)
        return labels

    return text_to_labels(ours, data, runtime), Side(whole(peer), precision="fp64")
