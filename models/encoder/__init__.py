"""Code that models with a pre-trained encoder share: weights, attention, truncation, the classifier.

Imports `models.neural`; imported by the models.
"""
