"""How to read the report: the same words in every kind of it."""

from reports import formats
from reports.analysis.noise import BUSY_SHARE
from reports.analysis.rate_ratios import PROCESSES_NEEDED

GUIDE = {
    "Verdicts": "are better, worse, equal within a margin (only if you set one), or unsettled. Unsettled means that "
    "the data do not decide; it never means equal. A comparison is void where the better model is not shown to beat "
    "the majority class. Each verdict gives its interval and what it holds for; two models with the same predictions "
    "on every test text have no interval to give.",
    "One training": "allows a verdict for that trained model. A claim about the model needs repeats that draw "
    "training rows, validation rows and seed anew (--repeats); seeds alone cover the seed and not the training rows.",
    "Accuracy interval": "is 95 % for that figure alone: Wilson's score interval for one training, or for trainings "
    "that predict alike; otherwise Student's t, with test rows and trainings as crossed random effects. Where test "
    "rows come in groups, groups are counted instead of rows.",
    "Primary comparisons": "follow a rule that is fixed before any accuracy is seen: with the reference loss each "
    "model against the cheapest and against the most accurate, and each other loss against the reference loss. They "
    "are one family: "
    "their p-values are adjusted step by step and their intervals hold together with 95 %. Two single trainings are "
    "compared by the mid-p McNemar test.",
    "May be the best": "marks a set of models that holds the best one with 95 %. Of several equally good ones it may "
    "hold only some.",
    "Exploratory": "comparisons have intervals and p-values of their own. With many of them some differ by chance.",
    "Calibration error (ECE)": "over 15 equal-width bins of confidence, debiased, with its 95 % interval; beside it, "
    "the error that a perfectly calibrated model would show. The Brier score is summed over classes, 0 to 2; log "
    "loss is in nats.",
    "Inference": "is measured in three regimes: text → label from raw text to the predicted class; encoded → scores "
    "the model alone; one text at a time, text to label. Rates are medians over all readings.",
    "Training samples/s": "counts texts within optimizer steps, without warm-up and validation; models that are "
    "not trained by steps have none. Padding is never counted.",
    "Rank of a throughput": "is the range of places that simultaneous 95 % intervals of all ratios leave. It needs "
    f"{PROCESSES_NEEDED} processes with the same work on both sides; with fewer it is not decided.",
    "Times": "are medians over trainings, with the smallest and the largest in brackets; what a cache of vectors "
    "spared a training is added. A ratio of training times is "
    f"an interval from {PROCESSES_NEEDED} trainings on each side, else the range of the readings.",
    "Percentiles of latency": "stand before the bound below which the true percentile lies with 95 % confidence. The "
    "50th is shown from readings of 5 different texts on, the 95th from 59, the 99th from 299.",
    "Share of the ceiling": "operations of the matrix products a second over those of the fastest matrix product "
    "that this machine gave in the same precision before or after the cells. Operations are counted with the padding "
    "(by PyTorch's counter; for the LSTM by formula), a training step as three forward passes; embeddings, "
    "activations and the optimizer count for nothing, so no model reaches 100 %. Where a cell goes far beyond it, "
    "the ceiling was read on a machine that was held back, and there is no share.",
    "Padding efficiency": "is the share of real tokens among all that were computed; the rest fills batches up.",
    "Energy": "is the hardware's own counter (NVML for a GPU, RAPL for processors) over the whole device, what it "
    "draws at rest included.",
    "Price": "is the time at the price of the machine (--price-per-hour): of one training, and of a million "
    "texts from text to label at the measured rate.",
    "Busy": f"is a machine of whose processors' time others took more than {formats.percent(BUSY_SHARE)} while a cell "
    "ran, or whose processors were held back by a quota or their heat.",
    "Absolute times": "hold for this machine and its load; ratios between rows travel better.",
    "–": "means not measured, or not applicable; it is never zero.",
}
