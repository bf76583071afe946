import re

import pytest

from benchmarks.schema.performance import PeerRow, ScalingRow
from benchmarks.store.performance import PEERS_FILE, SCALING_FILE, add_rows
from reports.render.performance import write_performance

ENVIRONMENT = {
    "processor": "Toy | CPU",
    "threads": 2,
    "accelerator": None,
    "python": "3.11",
    "packages": {"numpy": "2.4"},
}


def contest(**facts):
    shared = {
        "name": "nbsvm",
        "peer": "fasttext",
        "work": "all of it",
        "dataset": "imdb",
        "train_size": 25_000,
        "test_size": 25_000,
        "precision": "fp32",
        "environment": ENVIRONMENT,
        "command": "python -m benchmarks peers",
    }
    return PeerRow(**(shared | facts))


def growth(size, **facts):
    shared = {
        "model": "nbsvm",
        "dataset": "imdb",
        "size": size,
        "made": size > 25_000,
        "precision": "bf16",
        "fit_seconds": size**2 / 1e6,
        "score_seconds": size / 1e3,
        "memory": size * 1_000_000,
        "memory_start": 10**8,
        "environment": ENVIRONMENT,
        "command": "python -m benchmarks scaling",
    }
    return ScalingRow(**(shared | facts))


def page(tmp_path, peers=(), scaling=()):
    folder = tmp_path / "published" / "performance"
    add_rows(folder / PEERS_FILE, PeerRow, peers)
    add_rows(folder / SCALING_FILE, ScalingRow, scaling)
    return re.sub(" +", " ", write_performance(folder, tmp_path / "PERFORMANCE.md").read_text())


def test_a_contest_shows_its_ratio_medians_and_extremes(tmp_path):
    facts = {"accuracy": 0.915, "peer_accuracy": 0.897, "agreement": 0.95}
    text = page(tmp_path, [contest(seconds=[2.0, 1.0, 3.0], peer_seconds=[6.0, 6.5, 5.5], **facts)])
    assert "| nbsvm | fasttext | all of it | 25,000 / 25,000 | fp32 | 3.29 (0.675–16.1) |" in text
    assert "2.00 (1.00–3.00) | 6.00 (5.50–6.50) | 91.5 | 89.7 | 95.0 |" in text
    assert "python -m benchmarks peers" in text
    assert "Toy \\| CPU" in text


def test_a_contest_that_decides_nothing_shows_why_and_no_ratio(tmp_path):
    facts = {"seconds": [2.0] * 3, "peer_seconds": [6.0] * 3, "accuracy": 0.5, "peer_accuracy": 0.5, "agreement": 1.0}
    text = page(tmp_path, [contest(status="void", reason="not shown to beat the majority class", **facts)])
    assert "| void: not shown to beat the majority class |" in text
    assert "3.00" not in text


def test_a_row_names_its_encoder_and_what_makes_the_work_equal(tmp_path):
    facts = {"seconds": [1.0], "peer_seconds": [2.0], "accuracy": 0.9, "peer_accuracy": 0.9, "agreement": 1.0}
    equal = {"batches": "16", "peer_batches": "8, padded", "precision": "bf16", "peer_precision": "fp32"}
    text = page(tmp_path, [contest(name="distilbert", encoder="minilm", **equal, **facts)])
    assert "| distilbert\\[minilm\\] | fasttext | all of it; batches: 16 / 8, padded |" in text
    assert "| bf16 / fp32 | 2.00 (one reading) |" in text


def test_a_contest_on_another_machine_is_a_row_of_its_own(tmp_path):
    facts = {"seconds": [1.0], "accuracy": 0.9, "peer_accuracy": 0.9, "agreement": 1.0}
    other = ENVIRONMENT | {"processor": "Other CPU"}
    rows = [contest(peer_seconds=[5.0], **facts), contest(peer_seconds=[2.0], **facts)]
    text = page(tmp_path, [*rows, contest(peer_seconds=[3.0], environment=other, **facts)], [growth(1_000)])
    ratios = re.findall(r"25,000 / 25,000 \| fp32 \| (\d\.00) \(one reading\) \|.*\| (\d) \|$", text, re.MULTILINE)
    assert ratios == [("2.00", "1"), ("3.00", "2")]
    assert re.search(r"^\| nbsvm \| 1,000 \| bf16 \|.*\| 1 \|$", text, re.MULTILINE)
    assert "1. Toy \\| CPU, 2 processors" in text
    assert "2. Other CPU, 2 processors" in text


BUSY = {"load_average": 3.0, "others": 0.4, "stolen": 0.0}


def test_the_device_is_shown_where_one_is_not_the_cpu(tmp_path):
    facts = {"seconds": [1.0] * 3, "accuracy": 0.9, "peer_accuracy": 0.9, "agreement": 1.0}
    gpu = ENVIRONMENT | {"accelerator": "Toy GPU"}
    rows = [
        contest(peer_seconds=[seconds] * 3, device=device, environment=gpu, **facts)
        for seconds, device in ((4.0, "cuda"), (2.0, "cpu"))
    ]
    text = page(tmp_path, rows)
    assert re.findall(r"\| (\d\.00) \(.*\| (\w+) \|$", text, re.MULTILINE) == [("4.00", "cuda"), ("2.00", "cpu")]
    assert "| device |" not in page(tmp_path / "alone", [contest(peer_seconds=[2.0] * 3, **facts)])


def test_growth_on_another_device_is_another_curve(tmp_path):
    gpu = ENVIRONMENT | {"accelerator": "Toy GPU"}
    sizes = (1_000, 2_000, 4_000)
    rows = [growth(size, device=device, environment=gpu) for size in sizes for device in ("cuda", "cpu")]
    text = page(tmp_path, scaling=rows)
    assert "| nbsvm (computed on cuda) |" in text
    assert "| nbsvm (computed on cpu) |" in text


def test_times_beside_another_program_are_in_doubt(tmp_path):
    facts = {"seconds": [1.0] * 3, "peer_seconds": [2.0] * 3, "accuracy": 0.9, "peer_accuracy": 0.9, "agreement": 1.0}
    text = page(tmp_path, [contest(load=BUSY, **facts)], [growth(1_000, load=BUSY), growth(2_000)])
    assert "| 2.00 (2.00–2.00), in doubt |" in text
    assert "| 1.00, in doubt |" in text
    assert text.count("in doubt") == 2


def test_a_row_of_an_older_program_was_on_the_cpu_where_there_was_no_other():
    assert contest().device == "cpu"
    assert contest(environment=ENVIRONMENT | {"accelerator": "Toy GPU"}).device == ""
    older = contest(seconds=[1.0] * 3, peer_seconds=[2.0] * 3).model_dump() | {"ratio": 7.0}
    assert PeerRow.model_validate(older).ratio == pytest.approx(2.0)


def test_one_machine_needs_no_number(tmp_path):
    assert "| machine |" not in page(tmp_path, [contest(status="failed", reason="none")], [growth(1_000)])


def test_a_failure_shows_its_reason(tmp_path):
    text = page(tmp_path, [contest(status="failed", reason="RuntimeError: NaN | <b>")])
    assert "failed: RuntimeError: NaN \\| &lt;b>" in text


def test_growth_shows_exponents_made_texts_and_figures(tmp_path):
    rows = [growth(100_000), growth(1_000), growth(5_000)]
    text = page(tmp_path, scaling=[*rows, growth(7_000, status="failed", reason="MemoryError", fit_seconds=None)])
    assert "| nbsvm | 2.00 (2.00–2.00) | 1.00 (1.00–1.00) | 1.00 (1.00–1.00) |" in text
    assert "100,000\\*" in text
    assert "Texts made by joining" in text
    assert "failed: MemoryError" in text
    for name in ("fit", "inference", "memory"):
        assert f"](published/performance/figures/scaling-{name}.svg)" in text
        assert (tmp_path / f"published/performance/figures/scaling-{name}.svg").read_text().startswith("<svg")


def test_growth_with_classes_is_shown_by_itself(tmp_path):
    of_classes = [growth(1_300, classes=number, fit_seconds=number / 10) for number in (10, 50, 150)]
    text = page(tmp_path, scaling=[growth(1_000), growth(5_000), growth(25_000), *of_classes])
    with_texts, _, with_classes = text.partition("## Growth with the number of classes")
    assert "| nbsvm | 2.00 (2.00–2.00) | 1.00" in with_texts
    assert "| nbsvm | 150 | 1,300 | bf16 | 15.0 |" in with_classes
    assert "| nbsvm | 1.00 (1.00–1.00) |" in with_classes
    assert (tmp_path / "published/performance/figures/classes-fit.svg").exists()


@pytest.mark.parametrize(
    ("other", "named"),
    [
        ({"precision": "fp32"}, ["nbsvm (bf16)", "nbsvm (fp32)"]),
        ({"dataset": "others"}, ["nbsvm (others)"]),
        ({"code": "0.2.0+abc"}, ["nbsvm (code unknown)", "nbsvm (code 0.2.0+abc)"]),
        ({"encoder": "minilm"}, ["nbsvm (no encoder)", "nbsvm (minilm)"]),
    ],
)
def test_an_exponent_never_mixes_precisions_data_code_or_encoders(tmp_path, other, named):
    """The second curve grows as another power; a mixture would have neither."""
    sizes = (1_000, 5_000, 100_000)
    rows = [*map(growth, sizes), *(growth(size, fit_seconds=float(size), **other) for size in sizes)]
    text = page(tmp_path, scaling=rows)
    for name in named:
        assert f"| {name} |" in text
    assert "2.00 (2.00–2.00) | 1.00" in text
    assert "| 1.00 (1.00–1.00) | 1.00" in text


def test_an_exponent_never_mixes_machines(tmp_path):
    slower = [growth(size, environment=ENVIRONMENT | {"threads": 1}, fit_seconds=9.0) for size in (2_000, 3_000)]
    text = page(tmp_path, scaling=[growth(1_000), *slower])
    exponents = text.partition("separate curves")[2].partition("![")[0]
    assert "| nbsvm" not in exponents  # neither has three sizes


def test_nothing_measured_is_no_figure(tmp_path):
    assert "![" not in page(tmp_path)


def test_remarks_beside_the_measurements_stand_on_the_page(tmp_path):
    assert "## Remarks" not in page(tmp_path, [contest(status="failed", reason="none")])
    (tmp_path / "published" / "performance" / "notes.md").write_text("## Remarks\n\nRead *ratios* as ranges.\n")
    text = page(tmp_path)
    assert "\n## Remarks\n\nRead *ratios* as ranges.\n\n## Against peers\n" in text
