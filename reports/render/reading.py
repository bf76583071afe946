"""How to read the report: the same words in every kind of it."""

from reports import formats
from reports.analysis.noise import BUSY_SHARE
from reports.analysis.resampling import RESAMPLES

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
    "Rank of a throughput": "1 + the number of models that are faster by more than the largest spread of this run's "
    "A/A pairs: the same work timed twice, within a cell (even readings against odd ones, taken in turn) and in cells "
    "that differ in seed or loss only. Closer ones share a rank; without a pair there is none.",
    "Share of the ceiling": "operations of the matrix products a second over those of the fastest matrix product that "
    "this machine gave in the same precision before or after the cells. Operations are counted with the padding (by "
    "PyTorch's counter; for the LSTM by formula), a training step as three forward passes; embeddings, activations and "
    "the optimizer count for nothing, so no model reaches 100 %. Where a cell goes far beyond it, the ceiling was read "
    "on a machine that was held back, and there is no share.",
    "Padding efficiency": "share of real tokens among all that were computed; the rest is what fills a batch up.",
    "Energy": "is the hardware's own counter (NVML for a GPU, RAPL for processors) over the whole device, what it "
    "draws at rest included.",
    "Price": "is the time at the price of the machine (`--price-per-hour`): of one training, and of a million reviews "
    "from text to label at the measured rate.",
    "Busy": f"is a machine of whose processors' time others took more than {formats.percent(BUSY_SHARE)} while a cell "
    "ran, or whose processors were held back by a quota or their heat.",
    "Absolute times": "hold for this machine and its load; ratios between rows travel better.",
    "–": "means not measured, or not applicable; it is never zero.",
}
