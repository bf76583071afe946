"""What is known of a run before it begins."""

import pytest

from benchmarks.plan import Choices
from benchmarks.run import prepare_run
from benchmarks.suite import Suite
from models.model import Runtime

ROWS = 100


@pytest.fixture
def prepared(tmp_path):
    texts = (f"film {n} was {'good' if n % 2 else 'bad'} indeed,{n % 2}" for n in range(ROWS))
    (tmp_path / "reviews.csv").write_text("\n".join(["text,label", *texts, ""]))

    def prepare(*train_sizes):
        suite = Suite(
            name="small",
            data={"name": str(tmp_path / "reviews.csv"), "valid_size": 20, "test_size": 20},
            grid=[{"models": ["nbsvm"], "losses": ["ce"], "train_sizes": train_sizes}],
        )
        return prepare_run(suite, Choices(), Runtime, tmp_path / "out", ["python", "-m", "benchmarks", "run"])

    return prepare


def test_a_suite_s_size_that_the_data_does_not_have_is_said_and_becomes_all(prepared):
    run = prepared(50, 2_000)
    assert [spec.train_size for spec in run.specs] == [50, 60]
    (said,) = (value for key, value in run.dataset.provenance.items() if "of which there are fewer" in key)
    assert said == "2000"


def test_sizes_that_the_data_has_need_no_word(prepared):
    assert not any("fewer" in key for key in prepared(50, "all").dataset.provenance)
