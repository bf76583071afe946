"""The shortest network: the mean of the words' embeddings, and a linear layer."""

import torch
from torch import nn

from models.word_classifier import WordClassifier


class MeanOfWords(WordClassifier):
    """Mean of word embeddings, linear layer."""

    name = "mean_of_words"
    learning_rate = 5e-3

    def build(self, words, classes):
        return Network(words, classes)


class Network(nn.Module):
    """Embeddings -> mean over the words -> linear layer -> logits."""

    def __init__(self, words, classes):
        super().__init__()
        self.embedding, self.head = nn.Embedding(words, 128), nn.Linear(128, classes)

    def forward(self, input_ids, mask):  # (B, T), (B, T) -> (B, C)
        embedded = torch.where(mask[..., None], self.embedding(input_ids), 0.0)
        return self.head(embedded.sum(dim=1) / mask.sum(dim=1, keepdim=True).clamp(min=1))
