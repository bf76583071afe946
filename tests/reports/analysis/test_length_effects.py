import pytest

from reports.analysis.results import read_results
from reports.analysis.run_analysis import analyse
from reports.analysis.verdicts import Verdict

LOSS = "length_weighted_ce"


@pytest.fixture
def effects(write_results, tmp_path):
    def effects_of(accuracy, **options):
        write_results(tmp_path, accuracy, test_rows=2000, **options)
        return analyse(read_results(tmp_path)).length_effects

    return effects_of


@pytest.mark.parametrize("model", ["tfidf_logreg", "lstm"])
@pytest.mark.parametrize(("share", "says"), [(0.90, "better"), (0.78, "worse")])
def test_a_planted_effect_is_found(effects, model, share, says):
    (effect,) = effects({(model, "ce"): 0.84, (model, LOSS): share})
    assert effect.comparison.finding.value == pytest.approx(share - 0.84)
    assert effect.verdict.startswith(f"{LOSS} is {says} than ce for these training rows, over seeds: between ")


@pytest.mark.parametrize("model", ["tfidf_logreg", "lstm"])
def test_no_effect_that_is_seen_is_unsettled_with_its_interval(effects, model):
    (effect,) = effects({(model, "ce"): 0.84, (model, LOSS): 0.84})
    assert effect.comparison.verdict is Verdict.UNSETTLED
    assert effect.verdict.startswith(f"Unsettled for these training rows, over seeds: {LOSS} less ce is between ")
    low, high = effect.comparison.finding.interval
    assert low < 0 < high
    assert f"between −{abs(100 * low):.2f} and +{100 * high:.2f} points" in effect.verdict
    assert "no effect" not in effect.verdict


def test_a_loss_that_changes_nothing_is_said_to(effects, write_results, tmp_path):
    (effect,) = effects({("lstm", "ce"): 0.84, ("lstm", LOSS): 0.84}, seed_noise=0.0)
    assert effect.verdict == f"{LOSS} changes nothing: same predictions on every test text as with ce."


@pytest.mark.parametrize("gain", [1.0, -1.0])
def test_a_planted_difference_between_lengths_is_shown_as_exploration(effects, gain):
    (effect,) = effects({("lstm", "ce"): 0.84, ("lstm", LOSS): 0.84}, long_gain={LOSS: gain})
    by_bucket = [bucket.effect.value for bucket in effect.buckets]
    assert effect.gap.value == pytest.approx(by_bucket[-1] - by_bucket[0])
    low, high = effect.gap.interval
    assert (low > 0) if gain > 0 else (high < 0)
    assert "Exploratory: its effect on the longest texts less that on the shortest is between" in effect.verdict


def test_a_bucket_without_rows_has_no_gap(effects, tmp_path, write_results):
    store = write_results(tmp_path, {("lstm", "ce"): 0.84, ("lstm", LOSS): 0.84}, seeds=(1,))
    for result in list(store.results()):
        result.length_edges = [0.0, 10_000.0]
        store.write_result(result)
    (effect,) = analyse(read_results(tmp_path)).length_effects
    assert effect.verdict.endswith("There are too few test rows to compare long texts with short ones.")


def test_buckets_split_the_rows_at_the_training_quartiles(effects, write_results, tmp_path):
    (effect,) = effects({("lstm", "ce"): 0.84, ("lstm", LOSS): 0.9})
    results = read_results(tmp_path)
    cell = results.ok[0]
    lengths = results.predictions(cell).lengths
    assert [b.rows for b in effect.buckets] == [
        int(((lengths > b.shortest) & (lengths <= b.longest)).sum()) for b in effect.buckets
    ]
    weighted = sum(b.rows * b.effect.value for b in effect.buckets) / len(lengths)
    assert weighted == pytest.approx(effect.comparison.finding.value)


def test_each_alpha_is_a_row_of_its_own(effects):
    found = effects(
        {("lstm", "ce"): 0.84, ("lstm", LOSS): 0.9},
        loss_params={LOSS: [{"alpha": 0.5, "cap": 512}, {"alpha": 2.0, "cap": 512}]},
    )
    assert [e.comparison.first.loss for e in found] == [f"{LOSS} (alpha=0.5)", f"{LOSS} (alpha=2.0)"]
    assert {e.comparison.second.loss for e in found} == {"ce"}


def test_models_and_sizes_are_kept_apart(effects):
    found = effects(
        {("lstm", "ce"): 0.84, ("lstm", LOSS): 0.9, ("distilbert", "ce"): 0.9, ("distilbert", "other"): 0.9},
        train_sizes=(500, 2000),
    )
    assert [(e.comparison.first.model, e.comparison.first.loss, e.comparison.first.train_size) for e in found] == [
        ("lstm", LOSS, 500),
        ("distilbert[minilm]", "other", 500),
        ("lstm", LOSS, 2000),
        ("distilbert[minilm]", "other", 2000),
    ]


def test_without_cross_entropy_there_is_nothing_to_compare_with(effects):
    assert effects({("lstm", LOSS): 0.84}) == ()
