"""From the options of the command line to the data section that a run uses."""

import pytest

from benchmarks.commands.data_options import DataOptions, MissingChoice, SplitOrderChoice
from benchmarks.config.datasets import load_dataset
from benchmarks.config.suite import Data
from benchmarks.errors import UsageError

OWN = Data(name="imdb-packaged", valid_size=1000, test_size=2500)


@pytest.mark.parametrize(
    ("options", "data"),
    [
        (DataOptions(), OWN),
        (DataOptions(dataset="imdb-packaged"), OWN),
        (DataOptions(dataset="reviews.csv"), Data(name="reviews.csv")),
        (DataOptions(dataset="a.csv", text_column="body"), Data(name="a.csv", text_column="body")),
        (DataOptions(test_size="0.2"), OWN.model_copy(update={"test_size": 0.2})),
        (DataOptions(valid_size="20%"), OWN.model_copy(update={"valid_size": 0.2})),
        (DataOptions(test_size="300"), OWN.model_copy(update={"test_size": 300})),
        (DataOptions(split_order=SplitOrderChoice.BLOCKS), OWN.model_copy(update={"split_order": "blocks"})),
        (
            DataOptions(dataset="a.csv", time_column="when", missing=MissingChoice.ERROR),
            Data(name="a.csv", time_column="when", missing="error"),
        ),
    ],
)
def test_sizes_of_a_suite_are_for_its_own_data(options, data):
    chosen = options.applied_to(OWN)
    assert chosen == data
    assert type(chosen.split_order) in (str, type(None))


@pytest.mark.parametrize("size", ["0", "-1", "1.5", "x", "", "nan", "inf", "0%", "100%", "1e3", "9" * 30])
@pytest.mark.parametrize("option", ["valid_size", "test_size"])
def test_a_size_is_a_number_or_a_share(option, size):
    with pytest.raises(UsageError, match="neither a number of rows nor a share") as caught:
        DataOptions(**{option: size}).applied_to(OWN)
    assert (caught.value.option, caught.value.value) == (option, size)


@pytest.mark.parametrize("option", ["label_map", "splits"])
def test_a_malformed_option_is_named(option):
    with pytest.raises(UsageError) as caught:
        DataOptions(**{option: "x"}).applied_to(OWN)
    assert caught.value.option == option


def test_own_data_has_shares_and_says_so(tmp_path):
    (tmp_path / "a.csv").write_text("text,label\n" + "".join(f"text {n},{n % 2}\n" for n in range(200)))
    dataset = load_dataset(DataOptions(dataset=str(tmp_path / "a.csv")).applied_to(OWN))
    assert [len(split) for split in (dataset.train, dataset.valid, dataset.test)] == [140, 20, 40]


def test_an_error_of_the_data_names_the_option_for_a_program(tmp_path):
    (tmp_path / "a.csv").write_text("a,b\n1,2\n")
    with pytest.raises(UsageError, match="name it with `text_column`") as caught:
        load_dataset(Data(name=str(tmp_path / "a.csv")))
    assert caught.value.option == "dataset"
