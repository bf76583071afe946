"""How to read the report: the same words in every kind of it."""

from reports.resampling import RESAMPLES

GUIDE = {
    "Accuracy interval": "Wilson's score interval where there is one seed, or all seeds predict alike (marked (alike): "
    "they count as one). Otherwise seeds and test reviews are resampled together "
    f"({RESAMPLES:,} times), with Student's t for so few seeds.",
    "Rank": "1 + the number of models that are significantly better with the same loss and training reviews. Two "
    "models are compared on the same test reviews: McNemar's test for one seed, a paired bootstrap over reviews and "
    "seeds for several; p-values are corrected by Holm's method over all comparisons of the table, the intervals "
    "are not.",
    "One seed": "says how good one trained model is, not how good the next training will be.",
    "A significance test over seeds alone": "needs at least six of them; with fewer it is refused rather "
    "than reported.",
    "Calibration error (ECE)": "15 equal-width bins of confidence. The Brier score is summed over classes, 0 to 2; log "
    "loss is in nats.",
    "Inference": "is measured in three regimes: text → label from raw text to the predicted class; encoded → scores "
    "the model alone; one review at a time, text to label. Rates are medians over repeats.",
    "Training samples/s": "counts reviews within optimizer steps, without warm-up and validation; models that are not "
    "trained by steps have none. Padding is never counted.",
    "Absolute times": "hold for this machine and its load; ratios between rows travel better.",
    "–": "means not measured, or not applicable; it is never zero.",
}
