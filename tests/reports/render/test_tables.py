import pytest

from benchmarks.store.results import Store
from reports.analysis.results import read_results
from reports.analysis.run_analysis import analyse
from reports.render import tables


@pytest.fixture
def analysis(write_results, tmp_path):
    def analysis_of(accuracy=None, **options):
        write_results(tmp_path, accuracy, **options)
        return analyse(read_results(tmp_path))

    return analysis_of


def test_losses_stand_side_by_side(analysis):
    table = tables.accuracy_table(analysis(seeds=(1, 2)))
    assert table.columns.tolist() == [
        "model",
        "training reviews",
        "precision",
        "seeds",
        "ce: accuracy %",
        "ce: rank",
        "length_weighted_ce: accuracy %",
        "length_weighted_ce: rank",
    ]
    assert table["model"].tolist() == ["distilbert", "tfidf_logreg", "lstm"]
    tfidf = table.set_index("model").loc["tfidf_logreg"]
    assert tfidf["seeds"] == "2 (alike)"
    assert tfidf["ce: accuracy %"] == "84.0 (81.6–86.1)"


def test_ties_share_a_rank(analysis):
    table = tables.accuracy_table(
        analysis({("lstm", "ce"): 0.84, ("tfidf_logreg", "ce"): 0.84, ("distilbert", "ce"): 0.7})
    )
    assert dict(zip(table["model"], table["ce: rank"], strict=True)) == {
        "lstm": "1=",
        "tfidf_logreg": "1=",
        "distilbert": "3",
    }


def test_device_and_precision_stand_where_they_differ(analysis):
    accuracy = {("lstm", "ce"): 0.84, ("distilbert", "ce"): 0.84}
    assert not {"device", "precision"} & set(tables.accuracy_table(analysis(accuracy)))
    mixed = tables.accuracy_table(analysis(accuracy | {("tfidf_logreg", "ce"): 0.8}, device="cuda"))
    assert dict(zip(mixed["model"], mixed["device"], strict=True))["tfidf_logreg"] == "cpu"
    assert dict(zip(mixed["model"], mixed["precision"], strict=True))["lstm"] == "bf16"


def test_models_that_were_trained_on_several_devices_say_so(analysis):
    found = analysis({("lstm", "ce"): 0.84, ("tfidf_logreg", "ce"): 0.8}, device="cuda", devices=4)
    for table in (tables.accuracy_table, tables.throughput_table, tables.size_table, tables.quality_table):
        assert set(table(found)["model"]) == {"lstm (devices=4)", "tfidf_logreg"}


def test_a_training_s_share_is_of_all_its_gpus_ceilings(analysis):
    def shares(devices, device):
        found = analysis({("lstm", "ce"): 0.84}, device=device, devices=devices)
        row = tables.limit_table(found).iloc[0]
        return [float(row[f"{phase}: share of the ceiling"].split()[0]) for phase in ("training", "scoring")]

    training, scoring = shares(1, "cuda")
    assert shares(4, "cuda") == [pytest.approx(training / 4, abs=0.1), scoring]
    assert shares(4, "cpu") == [training, scoring]  # its processes share one CPU


def test_what_is_missing_is_a_dash(analysis):
    table = tables.accuracy_table(analysis({("lstm", "ce"): 0.84, ("distilbert", "length_weighted_ce"): 0.9}))
    lstm = table.set_index("model").loc["lstm"]
    assert lstm["length_weighted_ce: accuracy %"] == lstm["length_weighted_ce: rank"] == "–"


def test_seeds_that_failed_show(analysis, tmp_path):
    from benchmarks.schema.result import CellResult

    first = analysis({("lstm", "ce"): 0.84, ("lstm", "length_weighted_ce"): 0.84}).results.ok[0]
    Store(tmp_path).write_result(CellResult(spec=first.spec, status="failed", reason="broken"))
    assert tables.accuracy_table(analyse(read_results(tmp_path)))["seeds"].tolist() == ["2 / 3"]


def test_accuracy_without_leaks_shows_where_there_are_any(analysis):
    column = "accuracy without leaked rows"
    accuracy = {("lstm", "ce"): 0.84}
    assert column not in tables.quality_table(analysis(accuracy))
    assert column in tables.quality_table(analysis(accuracy, leaked=10))


def test_quality_is_the_mean_over_seeds(analysis):
    found = analysis({("lstm", "ce"): 0.84})
    mean = sum(cell.metrics["log_loss"] for cell in found.results.ok) / 3
    assert tables.quality_table(found)["log loss (nats)"].tolist() == [f"{mean:.3f}"]
    assert tables.quality_table(found)["macro-F1"].tolist() == ["83.9 %"]


def test_throughput_has_dashes_and_no_noughts(analysis):
    table = tables.throughput_table(analysis()).set_index("model")
    assert table.loc["tfidf_logreg", "training (samples/s)"] == "–"
    assert table.loc["lstm", "training (samples/s)"] == "160"
    assert table.loc["lstm", "text → label (reviews/s)"] == "1,020"
    assert table.loc["lstm", "fit, ce (s)"] == "12.2"
    assert table.loc["lstm", "one review p50 (ms)"] == "3.00"


def test_throughputs_closer_than_the_same_work_timed_twice_share_a_rank(analysis):
    table = tables.throughput_table(analysis()).set_index("model")
    assert table["text → label: rank"].tolist() == ["1=", "1=", "1="]
    assert table.loc["tfidf_logreg", "training: rank"] == "–"


def test_rates_against_the_ceiling(analysis):
    table = tables.limit_table(analysis()).set_index("model")
    assert table.index.tolist() == ["lstm", "distilbert"]
    assert table.loc["lstm"].tolist() == [
        "2,000", "32,000", "80.0 %", "30.0", "37.5 %", "512,000", "80.0 %", "40.0", "50.0 %",
    ]  # fmt: skip


def test_no_share_of_a_ceiling_of_another_machine(analysis, tmp_path):
    found = analysis()
    store = Store(tmp_path)
    run = store.read_run()
    store.write_run(run | {"environment": run["environment"] | {"processor": "another"}})
    shares = tables.limit_table(analyse(read_results(tmp_path)))["training: share of the ceiling"]
    assert set(shares) == {"–"}
    assert "37.5 %" in set(tables.limit_table(found)["training: share of the ceiling"])


def test_prices_stand_where_the_machine_has_one(analysis, tmp_path):
    assert "price of a million reviews" not in tables.size_table(analysis())
    store = Store(tmp_path)
    store.write_run(store.read_run() | {"price_per_hour": 3.6})
    table = tables.size_table(analyse(read_results(tmp_path))).set_index("model")
    assert table.loc["lstm", "price to fit"] == "0.0122"
    assert table.loc["lstm", "price of a million reviews"] == "0.977"


def test_sizes(analysis):
    table = tables.size_table(analysis(device="cuda")).set_index("model")
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
    table = tables.not_ok_table(found.results)
    assert table[["model", "loss", "seed", "status", "reason"]].to_numpy().tolist() == [
        ["lstm", "ce", "1", "out_of_memory", "killed"],
        ["distilbert", "ce", "1", "not run", "the run stopped before it"],
    ]


def test_findings_of_one_model_share_a_row(analysis):
    found = analysis({("lstm", "ce"): 0.8, ("lstm", "length_weighted_ce"): 0.8, ("tfidf_logreg", "ce"): 0.8}).results
    assert tables.findings_table(found)["loss (seeds)"].tolist() == ["ce (1, 2, 3); length_weighted_ce (1, 2, 3)"]
    counts = tables.audits_table(found).set_index("audit")
    assert counts.loc["truncation"].tolist() == ["9", "3", "6"]
    assert counts.loc["splits_disjoint"].tolist() == ["9", "9", "0"]


def test_the_length_tables(analysis):
    found = analysis({("lstm", "ce"): 0.8, ("lstm", "length_weighted_ce"): 0.9})
    (row,) = tables.length_table(found).to_dict("records")
    assert row["all rows (points)"].startswith("+10.00 (")
    assert row["p over seeds alone"] == "needs 6 seeds"
    buckets = ["shortest", "bucket 2", "bucket 3", "longest"]
    assert tables.bucket_effects_table(found).columns.tolist()[-4:] == buckets
    by_length = tables.bucket_table(found)
    assert by_length.columns.tolist()[-5:] == ["buckets end at (words)", *buckets]
    assert by_length[["texts cut", "tokens never read"]].drop_duplicates().values.tolist() == [["7.0 %", "12.0 %"]]


def test_comparisons_name_the_better_one(analysis):
    table = tables.comparisons_table(
        analysis({("lstm", "ce"): 0.8, ("distilbert", "ce"): 0.9, ("tfidf_logreg", "ce"): 0.9})
    )
    assert table["better"].tolist() == ["distilbert", "tfidf_logreg", "cannot be told apart"]
    assert table["first less second (points)"].iloc[0].startswith("\u221210.00 (")


def test_nothing_that_ended_ok_makes_empty_tables(analysis):
    found = analysis({("lstm", "ce"): 0.8}, missing=[("lstm", "ce")])
    assert len(tables.not_ok_table(found.results)) == 3
    for table in (
        tables.accuracy_table,
        tables.quality_table,
        tables.comparisons_table,
        tables.length_table,
        tables.bucket_effects_table,
        tables.bucket_table,
        tables.throughput_table,
        tables.limit_table,
        tables.noise_table,
        tables.size_table,
    ):
        assert table(found).empty
