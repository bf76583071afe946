"""Training losses, one file each; every loss serves torch and scikit-learn from one definition."""
