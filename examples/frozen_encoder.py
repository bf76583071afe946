"""A frozen encoder and logistic regression: what pre-training gives before anything is fine-tuned."""

from typing import ClassVar

import numpy as np
import torch
from pydantic import PositiveFloat, PositiveInt
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score, log_loss
from torch import nn

from models.distilbert_mlp import DistilBertMlp, MeanPooledClassifier
from models.model import FitReport, Runtime


class FrozenEncoder(DistilBertMlp):
    """Mean of a frozen encoder's token vectors, and logistic regression on it."""

    name: ClassVar[str] = "frozen_encoder"

    def __init__(self, *, encoder: str = "minilm", max_length: PositiveInt = 256, C: PositiveFloat = 10.0) -> None:  # noqa: N803
        super().__init__(encoder=encoder, max_length=max_length)
        self.C = C

    def _network(self, num_classes: int) -> nn.Module:
        network = MeanPooledClassifier(self._config, num_classes, width=1, dropout=0.0)
        network.head = nn.Linear(self._config.dim, num_classes)
        return network

    def fit(self, train, valid, loss, runtime=Runtime(), monitor=None):  # noqa: B008
        """Encode the training texts once; scikit-learn's solver finds the weights of the head."""
        self._prepare(train)
        self._class_names = train.class_names
        network = self._network(train.num_classes)
        self._initialise(network)
        head, network.head = network.head, nn.Identity()
        self._place(network, runtime)
        vectors = self._logits(self.encode(train.texts).features).numpy()  # (N, D): the head is not there yet
        solver = LogisticRegression(C=self.C, solver="newton-cholesky", max_iter=100)
        solver.fit(vectors.astype(np.float64), train.labels, loss.sample_weight(train.lengths, train.labels))
        weight, bias = torch.from_numpy(solver.coef_), torch.from_numpy(solver.intercept_)
        if train.num_classes == 2:  # scikit-learn keeps the difference of the two classes only
            weight, bias = torch.cat([-weight, weight]) / 2, torch.cat([-bias, bias]) / 2
        head.load_state_dict({"weight": weight.float(), "bias": bias.float()})
        network.head = head.to(runtime.device)
        scores = self.score(self.encode(valid.texts))
        accuracy = float(accuracy_score(valid.labels, scores.argmax(axis=1)))
        judged = {"valid_accuracy": accuracy, "valid_loss": float(log_loss(valid.labels, scores))}
        return FitReport(bias.numel() + weight.numel(), [judged], converged=int(solver.n_iter_.max()) < 100)
