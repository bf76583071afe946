import pytest

from benchmarks.store.results import Store
from reports.analysis.results import read_results
from reports.analysis.run_analysis import analyse
from reports.formats import NOT_MEASURED
from reports.render import accuracy_tables, cost_tables, run_tables
from reports.render.accuracy_tables import MAJORITY, STRATIFIED
from reports.render.candidates import candidates_table
from reports.render.tables import tables


@pytest.fixture
def analysis(write_results, tmp_path):
    def analysis_of(accuracy=None, **options):
        write_results(tmp_path, accuracy, **options)
        return analyse(read_results(tmp_path))

    return analysis_of


def test_losses_stand_side_by_side(analysis):
    table = accuracy_tables.accuracy_table(analysis(seeds=(1, 2)))
    assert table.columns.tolist() == [
        "model",
        "training texts",
        "precision",
        "interval covers",
        "trainings",
        "ce: accuracy %",
        "length_weighted_ce: accuracy %",
        "against the cheapest",
        "may be the best",
    ]
    assert table["model"].tolist() == ["distilbert[minilm]", "tfidf_logreg", "lstm", MAJORITY, STRATIFIED]
    tfidf = table.set_index("model").loc["tfidf_logreg"]
    assert tfidf["trainings"] == "2 seeds, alike"
    assert tfidf["ce: accuracy %"] == "84.0 (81.6–86.1)"
    assert tfidf["against the cheapest"] == "the cheapest"


def test_each_interval_says_what_it_covers(analysis):
    def covered(**options):
        table = accuracy_tables.accuracy_table(analysis({("lstm", "ce"): 0.84}, **options))
        return table[["interval covers", "trainings"]].iloc[0].tolist()

    assert covered(seeds=(1,)) == ["test rows", "1"]
    assert covered(seeds=(1, 2)) == ["test rows and seeds", "2 seeds"]
    assert covered(repeats=3) == ["test rows, training rows and seeds", "3 repeats"]


def test_verdicts_and_the_best_stand_in_the_table_of_accuracies(analysis):
    found = analysis({("tfidf_logreg", "ce"): 0.84, ("lstm", "ce"): 0.84, ("distilbert", "ce"): 0.7})
    table = accuracy_tables.accuracy_table(found).set_index("model")
    assert table["may be the best"].to_dict() == {
        "tfidf_logreg": "yes",
        "lstm": "yes",
        "distilbert[minilm]": "no",
        MAJORITY: "–",
        STRATIFIED: "–",
    }
    assert table.loc["lstm", "against the cheapest"].startswith("unsettled (−")
    assert table.loc["distilbert[minilm]", "against the cheapest"].startswith("worse (−")


def test_both_baselines_are_the_last_rows_of_each_size(analysis):
    table = accuracy_tables.accuracy_table(analysis({("lstm", "ce"): 0.84}, train_sizes=(500, 2000)))
    assert table["model"].tolist() == ["lstm", MAJORITY, STRATIFIED] * 2
    assert table["ce: accuracy %"].tolist()[1:3] == ["52.3", "50.1"]


def test_no_better_below_the_majority_class(analysis):
    table = accuracy_tables.accuracy_table(analysis({("tfidf_logreg", "ce"): 0.3, ("lstm", "ce"): 0.45}))
    assert table.set_index("model").loc["lstm", "against the cheapest"] == "void: not shown to beat the majority class"
    assert "yes" not in set(table["may be the best"])


def test_the_device_stands_where_it_differs_and_the_precision_always(analysis):
    accuracy = {("lstm", "ce"): 0.84, ("distilbert", "ce"): 0.84}
    assert "device" not in accuracy_tables.accuracy_table(analysis(accuracy))
    assert set(accuracy_tables.accuracy_table(analysis(accuracy))["precision"]) == {"bf16", NOT_MEASURED}  # baselines
    mixed = accuracy_tables.accuracy_table(analysis(accuracy | {("tfidf_logreg", "ce"): 0.8}, device="cuda"))
    assert dict(zip(mixed["model"], mixed["device"], strict=True))["tfidf_logreg"] == "cpu"
    assert dict(zip(mixed["model"], mixed["precision"], strict=True))["lstm"] == "bf16"


def test_models_that_were_trained_on_several_devices_say_so(analysis):
    found = analysis({("lstm", "ce"): 0.84, ("tfidf_logreg", "ce"): 0.8}, device="cuda", devices=4)
    for table in (
        accuracy_tables.accuracy_table,
        cost_tables.throughput_table,
        cost_tables.size_table,
        accuracy_tables.quality_table,
    ):
        assert set(table(found)["model"]) - {MAJORITY, STRATIFIED} == {"lstm (devices=4)", "tfidf_logreg"}


def test_a_training_s_share_is_of_all_its_gpus_ceilings(analysis):
    def shares(devices, device):
        found = analysis({("lstm", "ce"): 0.84}, device=device, devices=devices)
        row = cost_tables.limit_table(found).iloc[0]
        return [float(row[f"{phase}: share of the ceiling"].split()[0]) for phase in ("training", "scoring")]

    training, scoring = shares(1, "cuda")
    assert shares(4, "cuda") == [pytest.approx(training / 4, abs=0.1), scoring]
    assert shares(4, "cpu") == [training, scoring]  # its processes share one CPU


def test_what_is_missing_is_a_dash(analysis):
    table = accuracy_tables.accuracy_table(analysis({("lstm", "ce"): 0.84, ("distilbert", "length_weighted_ce"): 0.9}))
    lstm = table.set_index("model").loc["lstm"]
    assert lstm["length_weighted_ce: accuracy %"] == "–"
    assert table.set_index("model").loc["distilbert[minilm]", "against the cheapest"] == "–"  # ran with another loss


def test_seeds_that_failed_show(analysis, tmp_path):
    from benchmarks.schema.result import CellResult

    first = analysis({("lstm", "ce"): 0.84, ("lstm", "length_weighted_ce"): 0.84}).results.ok[0]
    Store(tmp_path).write_result(CellResult(spec=first.spec, status="failed", reason="broken"))
    assert accuracy_tables.accuracy_table(analyse(read_results(tmp_path)))["trainings"].iloc[0] == "2 seeds / 3 seeds"


def test_accuracy_with_and_without_leaks_shows_where_there_are_any(analysis):
    columns = {"accuracy on all rows", "accuracy without leaked rows"}
    accuracy = {("lstm", "ce"): 0.84}
    assert not columns & set(accuracy_tables.quality_table(analysis(accuracy)))
    found = analysis(accuracy, leaked=500)
    assert columns <= set(accuracy_tables.quality_table(found))
    without = accuracy_tables.quality_table(found)["accuracy without leaked rows"].iloc[0]
    shown = accuracy_tables.accuracy_table(found)["ce: accuracy %"].iloc[0]
    assert shown.startswith(f"{without.removesuffix(' %')} (")  # more than a trace leaks


def test_the_calibration_error_stands_beside_that_of_perfect_calibration(analysis):
    (row,) = accuracy_tables.quality_table(analysis({("lstm", "ce"): 0.84})).to_dict("records")
    assert row["calibration error, ECE % (debiased)"].count("–") == 1  # an interval
    assert row["ECE % if perfectly calibrated"].startswith("up to ")


def test_quality_is_the_mean_over_seeds(analysis):
    found = analysis({("lstm", "ce"): 0.84})
    mean = sum(cell.metrics["log_loss"] for cell in found.results.ok) / 3
    assert accuracy_tables.quality_table(found)["log loss (nats)"].tolist() == [f"{mean:.3f}"]
    assert accuracy_tables.quality_table(found)["macro-F1"].tolist() == ["83.9 %"]


def test_throughput_has_dashes_and_no_noughts(analysis):
    table = cost_tables.throughput_table(analysis()).set_index("model")
    assert table.loc["tfidf_logreg", "training (samples/s)"] == "–"
    assert table.loc["lstm", "training (samples/s)"] == "160"
    assert table.loc["lstm", "text → label (texts/s)"] == "1,020"
    assert table.loc["lstm", "fit, ce (s)"] == "12.2 (12.1–12.4)"
    assert table.loc["lstm", "one text p50 (ms)"].startswith("3.00 (≤ ")
    assert table.loc["lstm", "processes timed"] == "6"


@pytest.mark.parametrize(
    ("single", "shown"),
    [
        (58, ["needs 59 readings", "needs 299 readings"]),
        (298, ["4.81 (≤ ", "needs 299"]),
        (299, ["4.80 (≤ ", "4.96 (≤ "]),
    ],
)
def test_a_percentile_is_shown_from_enough_texts_on(analysis, single, shown):
    """However many seeds read them again."""
    found = analysis({("lstm", "ce"): 0.84}, seeds=range(6), single=single)
    (row,) = cost_tables.throughput_table(found).to_dict("records")
    assert row["p95 (ms)"].startswith(shown[0])
    assert row["p99 (ms)"].startswith(shown[1])


def test_ranks_of_throughputs_are_ranges_and_need_repeats(analysis):
    table = cost_tables.throughput_table(analysis()).set_index("model")
    assert table["text → label: rank"].tolist() == ["1–3", "1–3", "1–3"]  # the same readings everywhere
    assert table.loc["tfidf_logreg", "training: rank"] == "–"
    few = cost_tables.throughput_table(analysis(seeds=(1, 2)))  # four cells of each model
    assert set(few["text → label: rank"]) == {"not decided"}


def test_times_of_different_machines_have_no_rank(analysis, tmp_path):
    analysis()
    store = Store(tmp_path)
    result = next(store.results())
    store.write_result(result.model_copy(update={"environment": result.environment | {"processor": "another"}}))
    table = cost_tables.throughput_table(analyse(read_results(tmp_path)))
    assert set(table["text → label: rank"]) == {"–"}


def test_rates_against_the_ceiling(analysis):
    table = cost_tables.limit_table(analysis()).set_index("model")
    assert table.index.tolist() == ["lstm", "distilbert[minilm]"]
    assert table.loc["lstm"].tolist() == [
        "2,000", "bf16", "32,000", "80.0 %", "30.0", "37.5 %", "512,000", "80.0 %", "40.0", "50.0 %",
    ]  # fmt: skip


def test_no_share_of_a_ceiling_of_another_machine(analysis, tmp_path):
    found = analysis()
    store = Store(tmp_path)
    run = store.read_run()
    store.write_run(run | {"environment": run["environment"] | {"processor": "another"}})
    shares = cost_tables.limit_table(analyse(read_results(tmp_path)))["training: share of the ceiling"]
    assert set(shares) == {"–"}
    assert "37.5 %" in set(cost_tables.limit_table(found)["training: share of the ceiling"])


def test_prices_stand_where_the_machine_has_one(analysis, tmp_path):
    assert "price of a million texts" not in cost_tables.size_table(analysis())
    store = Store(tmp_path)
    store.write_run(store.read_run() | {"price_per_hour": 3.6})
    table = cost_tables.size_table(analyse(read_results(tmp_path))).set_index("model")
    assert table.loc["lstm", "price to fit"] == "0.0122"
    assert table.loc["lstm", "price of a million texts"] == "0.977"


def test_sizes(analysis):
    table = cost_tables.size_table(analysis(device="cuda")).set_index("model")
    assert table.loc["lstm"].tolist() == [
        "2,000",
        "cuda",
        "bf16",
        "500",
        "–",
        "900",
        "12,345",
        "3.00",
        *["not measured"] * 2,
    ]
    assert table.loc["tfidf_logreg", "peak memory, device (MB)"] == "–"


def test_cells_that_failed_are_listed_with_their_reason(analysis):
    found = analysis(seeds=(1,), failed={("lstm", "ce"): ("out_of_memory", "killed")}, missing=[("distilbert", "ce")])
    table = run_tables.not_ok_table(found.results)
    assert table[["model", "loss", "seed", "status", "reason"]].to_numpy().tolist() == [
        ["lstm", "ce", "1", "out_of_memory", "killed"],
        ["distilbert", "ce", "1", "not run", "the run stopped before it"],
    ]


def test_findings_of_one_model_share_a_row(analysis):
    found = analysis({("lstm", "ce"): 0.8, ("lstm", "length_weighted_ce"): 0.8, ("tfidf_logreg", "ce"): 0.8}).results
    assert run_tables.findings_table(found)["loss (seeds)"].tolist() == ["ce (1, 2, 3); length_weighted_ce (1, 2, 3)"]
    counts = run_tables.audits_table(found).set_index("audit")
    assert counts.loc["truncation"].tolist() == ["9", "3", "6", "6"]
    assert counts.loc["splits_disjoint"].tolist() == ["9", "9", "0", "0"]


def test_the_length_tables(analysis):
    found = analysis({("lstm", "ce"): 0.8, ("lstm", "length_weighted_ce"): 0.9})
    (row,) = accuracy_tables.length_table(found).to_dict("records")
    assert row["all rows (points)"].startswith("+10.00 (")
    assert row["verdict"] == "better"
    assert row["holds for"] == "these training rows, over seeds"
    buckets = ["shortest", "bucket 2", "bucket 3", "longest"]
    assert accuracy_tables.bucket_effects_table(found).columns.tolist()[-4:] == buckets
    by_class = accuracy_tables.class_effects_table(found)
    assert len(by_class) == len(set(found.evidence[0].rows.labels))
    counts = [int(count) for count in by_class["test texts"]]
    gains = [float(text.split()[0]) for text in by_class["recall gained (points)"]]
    assert sum(count * gain for count, gain in zip(counts, gains, strict=True)) / sum(counts) == pytest.approx(
        10, abs=0.1
    )
    by_length = accuracy_tables.bucket_table(found)
    assert by_length.columns.tolist()[-5:] == ["buckets end at (words)", *buckets]
    assert by_length[["texts cut", "tokens never read"]].drop_duplicates().values.tolist() == [["7.0 %", "12.0 %"]]


def test_primary_comparisons_are_against_the_cheapest(analysis):
    found = analysis({("tfidf_logreg", "ce"): 0.8, ("distilbert", "ce"): 0.9, ("lstm", "ce"): 0.9})
    table = accuracy_tables.primary_table(found)
    assert table["second"].tolist() == ["tfidf_logreg"] * 2
    assert table["first is"].tolist() == ["better"] * 2
    assert table["first less second (points)"].iloc[0].startswith("+10.00 (")
    assert set(table["holds for"]) == {"these training rows, over seeds"}


def test_all_other_pairs_are_listed_as_exploratory(analysis):
    shares = {"tfidf_logreg": 0.7, "distilbert": 0.9, "lstm": 0.8, "nbsvm": 0.85}
    found = analysis({(model, "ce"): share for model, share in shares.items()})
    table = tables(found)["exploratory"]
    assert table[["first", "second"]].to_numpy().tolist() == [["lstm", "nbsvm"]]
    assert table["first is"].tolist() == ["worse (exploratory)"]


def test_how_far_each_may_be_behind_the_best(analysis):
    found = analysis({("tfidf_logreg", "ce"): 0.8, ("distilbert", "ce"): 0.9})
    table = accuracy_tables.best_table(found)
    assert table["model"].tolist() == ["distilbert[minilm]", "tfidf_logreg"]
    assert table["may be the best"].tolist() == ["yes", "no"]
    assert table["behind the best by at most (points)"].iloc[0] == "0.00"
    assert 10 < float(table["behind the best by at most (points)"].iloc[1]) < 14


def test_nothing_that_ended_ok_makes_empty_tables(analysis):
    found = analysis({("lstm", "ce"): 0.8}, missing=[("lstm", "ce")])
    assert len(run_tables.not_ok_table(found.results)) == 3
    for table in (
        accuracy_tables.accuracy_table,
        accuracy_tables.quality_table,
        accuracy_tables.primary_table,
        accuracy_tables.best_table,
        accuracy_tables.length_table,
        accuracy_tables.bucket_effects_table,
        accuracy_tables.bucket_table,
        cost_tables.throughput_table,
        cost_tables.limit_table,
        cost_tables.noise_table,
        cost_tables.size_table,
    ):
        assert table(found).empty


def test_costs_that_were_timed_once_say_so(analysis):
    """A ratio of two readings has no range, and no table shows it as if it were exact."""
    shares = {("tfidf_logreg", "ce"): 0.8, ("lstm", "ce"): 0.84}
    once, thrice = (analysis(shares, seeds=seeds) for seeds in ((1,), (1, 2, 3)))
    column = "training cost (× cheapest)"
    shown = [candidates_table(one.recommendation).set_index("candidate").loc["lstm", column] for one in (once, thrice)]
    assert shown == ["15.0 [one process]", "15.0 [14.7–15.3]"]
    fits = [cost_tables.throughput_table(one)["fit, ce (s)"].tolist() for one in (once, thrice)]
    assert fits == [["0.808 (one reading)", "12.1 (one reading)"], ["0.816 (0.808–0.824)", "12.2 (12.1–12.4)"]]
