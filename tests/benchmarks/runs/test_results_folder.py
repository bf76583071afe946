"""The folder of a run that names none: one per suite and dataset."""

import pytest

from benchmarks.config.suite import read_suite
from benchmarks.runs.results_folder import default_folder


@pytest.mark.parametrize(
    ("dataset", "folder"),
    [
        (None, "results/quick"),
        ("imdb-packaged", "results/quick"),
        ("imdb", "results/quick-imdb"),
        ("reviews.csv", "results/quick-reviews"),
        ("a/reviews.csv.gz", "results/quick-a-reviews"),
        ("b/reviews.csv", "results/quick-b-reviews"),
        ("/data/shop/mails/", "results/quick-shop-mails"),
        ("../x.CSV", "results/quick-x"),
        ("reviews/*.jsonl.gz", "results/quick-reviews"),
        ("hf:stanfordnlp/sst2@main", "results/quick-stanfordnlp-sst2"),
        ("hf:nyu/glue/cola@0123abc", "results/quick-glue-cola"),
        ("$(rm -r x)/..;.csv", "results/quick-rm-r-x"),
        ("日本.csv", "results/quick-data"),
        (f"{'long' * 40}.csv", f"results/quick-{'long' * 15}"),
    ],
)
def test_another_dataset_has_a_folder_of_its_own(dataset, folder):
    assert default_folder(read_suite("quick"), dataset).as_posix() == folder


def test_a_dot_is_named_by_its_folder(tmp_path, monkeypatch):
    (tmp_path / "mails").mkdir()
    monkeypatch.chdir(tmp_path / "mails")
    assert default_folder(read_suite("quick"), ".").as_posix() == "results/quick-mails"
