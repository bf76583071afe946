"""Training losses, one file each; a loss that is a weighting serves torch and scikit-learn from one definition."""
