"""TextCNN (Kim 2014, arXiv:1408.5882): filters over runs of words, the maximum of each over the text."""

import torch
from pydantic import PositiveInt
from torch import nn

from models.word_classifier import WordClassifier

WIDTHS = (3, 5, 7)  # words that a filter sees; Kim had 3, 4 and 5


class TextCnn(WordClassifier):
    """Convolutions over runs of words, maximum over the text."""

    name = "textcnn"
    filters: PositiveInt = 100
    learning_rate = 2e-3
    min_steps = 600

    def build(self, words, classes):
        return Network(words, self.filters, classes)


class Network(nn.Module):
    """Embeddings -> convolutions -> ReLU -> maximum -> dropout -> logits."""

    def __init__(self, words, filters, classes):
        super().__init__()
        self.embedding = nn.Embedding(words, 128)
        self.convolutions = nn.ModuleList(nn.Conv1d(128, filters, width, padding="same") for width in WIDTHS)
        self.head = nn.Sequential(nn.Dropout(0.5), nn.Linear(len(WIDTHS) * filters, classes))

    def forward(self, input_ids, mask):
        present = mask[:, None]  # (B, 1, T); without it, a score would depend on the texts that share the batch
        embedded = self.embedding(input_ids).transpose(1, 2) * present  # (B, E, T)
        maxima = [(layer(embedded).relu() * present).amax(dim=2) for layer in self.convolutions]
        return self.head(torch.cat(maxima, dim=1))
