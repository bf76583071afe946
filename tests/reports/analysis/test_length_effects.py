from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from reports.analysis.length_effects import sign_flip_test
from reports.analysis.resampling import Estimate
from reports.analysis.results import read_results
from reports.analysis.run_analysis import analyse
from reports.formats import Interval

LOSS = "length_weighted_ce"


@pytest.fixture
def effects(write_results, tmp_path):
    def effects_of(accuracy, **options):
        write_results(tmp_path, accuracy, test_rows=2000, **options)
        return analyse(read_results(tmp_path)).length_effects

    return effects_of


@pytest.mark.parametrize("model", ["tfidf_logreg", "lstm"])
@pytest.mark.parametrize(("share", "says"), [(0.90, "helps"), (0.78, "hurts")])
def test_a_planted_effect_is_found(effects, model, share, says):
    (effect,) = effects({(model, "ce"): 0.84, (model, LOSS): share})
    assert effect.comparison.difference == pytest.approx(share - 0.84)
    assert f"{LOSS} {says} against ce (" in effect.verdict
    assert f"{100 * (share - 0.84):+.2f} points".replace("-", "\u2212") in effect.verdict


@pytest.mark.parametrize("model", ["tfidf_logreg", "lstm"])
def test_no_effect_is_reported_with_what_could_have_been_seen(effects, model):
    (effect,) = effects({(model, "ce"): 0.84, (model, LOSS): 0.84})
    assert f"no effect larger than {100 * effect.comparison.detectable:.2f} points could be seen" in effect.verdict
    assert "its effect is not seen to differ between the longest and the shortest texts" in effect.verdict
    assert 0.005 < effect.comparison.detectable < 0.05


@pytest.mark.parametrize(
    ("interval", "p", "says"),
    [
        ((-0.003, -0.0003), 0.06, "95 % interval \u22120.30 to \u22120.03; p 0.060 after Holm's correction)"),
        ((-0.003, 0.0003), 0.2, "95 % interval \u22120.30 to +0.03)"),
        ((-0.003, -0.0003), 0.01, "95 % interval \u22120.30 to \u22120.03)"),
        ((-0.003, 0.0001), 0.04, "95 % interval \u22120.30 to +0.01; p 0.040 after Holm's correction)"),
    ],
)
def test_an_interval_that_seems_to_say_otherwise_is_explained(effects, interval, p, says):
    (effect,) = effects({("lstm", "ce"): 0.84, ("lstm", LOSS): 0.84})
    comparison = replace(effect.comparison, interval=Interval(*interval), p_corrected=p)
    assert says in replace(effect, comparison=comparison).verdict
    low, high = interval
    gap = Estimate((low + high) / 2, (high - low) / 2 / stats.norm.ppf(0.975), np.inf)
    assert gap.interval == pytest.approx(interval)
    assert replace(effect, gap=gap, gap_p_corrected=p).verdict.endswith(f"{says}.")


def test_a_loss_that_changes_nothing_is_said_to(effects, write_results, tmp_path):
    (effect,) = effects({("lstm", "ce"): 0.84, ("lstm", LOSS): 0.84}, seed_noise=0.0)
    assert effect.verdict.startswith(f"{LOSS} changes nothing: it is right on the very same test rows as ce")


@pytest.mark.parametrize(("gain", "says"), [(1.0, "more"), (-1.0, "less")])
def test_a_planted_difference_between_lengths_is_found(effects, gain, says):
    (effect,) = effects({("lstm", "ce"): 0.84, ("lstm", LOSS): 0.84}, long_gain={LOSS: gain})
    assert f"the longest texts gain {says} from it than the shortest" in effect.verdict
    by_bucket = [bucket.effect.value for bucket in effect.buckets]
    assert effect.gap.value == pytest.approx(by_bucket[-1] - by_bucket[0])
    assert np.sign(effect.gap.value) == np.sign(gain)
    low, high = effect.gap.interval
    assert low < effect.gap.value < high


def test_buckets_split_the_rows_at_the_training_quartiles(effects, write_results, tmp_path):
    (effect,) = effects({("lstm", "ce"): 0.84, ("lstm", LOSS): 0.9})
    results = read_results(tmp_path)
    cell = results.ok[0]
    lengths = results.predictions(cell).lengths
    assert [b.rows for b in effect.buckets] == [
        int(((lengths > b.shortest) & (lengths <= b.longest)).sum()) for b in effect.buckets
    ]
    weighted = sum(b.rows * b.effect.value for b in effect.buckets) / len(lengths)
    assert weighted == pytest.approx(effect.comparison.difference)


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
        ("distilbert", "other", 500),
        ("lstm", LOSS, 2000),
        ("distilbert", "other", 2000),
    ]


def test_without_cross_entropy_there_is_nothing_to_compare_with(effects):
    assert effects({("lstm", LOSS): 0.84}) == ()


def test_too_few_seeds_refuse_the_test_over_seeds(effects):
    (effect,) = effects({("lstm", "ce"): 0.84, ("lstm", LOSS): 0.9}, seeds=(1, 2, 3, 4, 5))
    assert effect.seeds.p_value is None
    assert effect.seeds.seeds_needed == 6


def test_enough_seeds_are_tested_exactly():
    assert sign_flip_test(np.full(6, 0.01)).p_value == pytest.approx(2 / 2**6)
    assert sign_flip_test(np.array([3.0, -1.0, 2.0, 5.0, 4.0, 6.0])).p_value == pytest.approx(4 / 2**6)
    assert sign_flip_test(np.array([0.01] * 5 + [0.0])).p_value is None


def test_a_deterministic_model_has_no_test_over_seeds(effects):
    (effect,) = effects({("tfidf_logreg", "ce"): 0.84, ("tfidf_logreg", LOSS): 0.9})
    assert effect.seeds is None
