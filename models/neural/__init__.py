"""Code that neural models share: the training loop, batching, CUDA graphs.

Imported by the models and by `models.encoder`.
"""
