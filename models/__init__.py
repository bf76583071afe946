"""Models, one file each; `model.py` is the contract, `torch_classifier.py` holds the only training loop."""
