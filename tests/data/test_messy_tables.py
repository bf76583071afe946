"""Tables as people have them: whatever can be read is read, whatever is left out is counted and said."""

import pandas as pd
import pytest

from data.errors import DataError, respelt
from data.files import open_path
from data.label_map import parse_label_map
from data.prepare import prepare
from data.reading import Reading
from data.times import TimesError, parse_times


def load(path, reading=Reading(), **sizes):
    return prepare(open_path(path, reading), path.name, **({"valid_size": None, "test_size": None} | sizes))


@pytest.fixture
def messy(tmp_path):
    """No column `text`, missing labels, empty texts, a misspelt class, look-alike spaces."""
    rows = [f'{row},"a review, number {row}",{("Positive", "Negative ")[row % 2]},{row % 7}' for row in range(100)]
    rows[10] = '10,"no label, here",,3'
    rows[20] = "20,,Positive,3"
    rows[21] = '21,"   ",Negative,3'
    rows[30] = "30,a slip of the pen,Positve,3"
    path = tmp_path / "messy.csv"
    path.write_text("id,Review Text,Sentiment,week\n" + "\n".join(rows) + "\n", encoding="utf-8")
    return path


def test_a_messy_table_is_read_in_one_round(messy):
    dataset = load(messy)
    assert len(dataset.train) + len(dataset.valid) + len(dataset.test) == 97
    assert dataset.train.class_names == ("Negative", "Positive", "Positve")
    assert (dataset.provenance["text column"], dataset.provenance["label column"]) == ("Review Text", "Sentiment")
    assert dataset.provenance["rows dropped, their label missing"] == "1 of 100"
    assert dataset.provenance["rows dropped, their text missing"] == "2 of 100"
    said = "\n".join(dataset.notes)
    assert "1 of 100 rows dropped, their label missing (messy.csv: line 12)" in said
    assert "2 of 100 rows dropped, their text missing (messy.csv: line 22, line 23)" in said
    assert "'Positive' (48 rows) and 'Positve' (1 row); join them with `label_map`" in said
    proposed = said.partition("`label_map` '")[2].partition("'")[0]
    joined = load(messy, Reading(label_map=parse_label_map(proposed)))
    assert joined.train.class_names == ("Negative", "Positive")
    assert len(joined.train) + len(joined.valid) + len(joined.test) == 97


def test_missing_values_are_refused_on_demand_all_of_them_in_one_line(messy):
    with pytest.raises(DataError) as caught:
        load(messy, Reading(missing="error"))
    assert str(caught.value) == (
        "messy.csv: 1 labels are missing (line 12); messy.csv: 2 texts are missing (line 22, line 23); "
        "with `missing` drop, such rows are left out"
    )


def test_every_problem_of_the_columns_is_in_one_message(tmp_path):
    pd.DataFrame({"a": [1, 2], "b": [3.5, 4.5]}).to_csv(tmp_path / "a.csv", index=False)
    with pytest.raises(DataError) as caught:
        load(tmp_path / "a.csv", Reading(group_column="author", time_column="date"))
    assert str(caught.value) == (
        "a.csv: no text column; name it with `text_column`; no label column; name it with `label_column`; "
        "`group_column` 'author': no such column; `time_column` 'date': no such column (choices: a, b)"
    )


def test_messages_name_options_as_their_reader_spells_them():
    message = "name it with `text_column`, not `texts`"
    assert respelt(message, lambda option: f"--{option.replace('_', '-')}") == "name it with --text-column, not `texts`"


def test_columns_without_a_usual_name_are_recognised_by_their_content(tmp_path):
    rows = {
        "key": range(40),
        "what they said": [f"some words and more, {n}" for n in range(40)],
        "what it is": ["y", "n"] * 20,
    }
    pd.DataFrame(rows).to_csv(tmp_path / "a.csv", index=False)
    dataset = load(tmp_path / "a.csv")
    assert dataset.train.class_names == ("n", "y")
    assert dataset.notes == (
        "a.csv: the text column is 'what they said', by its content; name another with `text_column`",
        "a.csv: the label column is 'what it is', by its content; name another with `label_column`",
    )


def test_of_several_names_the_content_decides(tmp_path):
    rows = {"review": range(40), "body": [f"some words, {n}" for n in range(40)], "label": ["y", "n"] * 20}
    pd.DataFrame(rows).to_csv(tmp_path / "a.csv", index=False)
    assert load(tmp_path / "a.csv").provenance["text column"] == "body"
    rows["review"] = [f"other words, {n}" for n in range(40)]
    pd.DataFrame(rows).to_csv(tmp_path / "a.csv", index=False)
    with pytest.raises(DataError, match="several columns could be the text: review, body; name it with `text_column`"):
        load(tmp_path / "a.csv")


def test_of_columns_with_like_content_one_that_is_named_in_part_is_taken(tmp_path):
    rows = {
        "Branch": ["north", "south"] * 20,
        "Stars given": [1, 5] * 20,
        "Guest comment": [f"some words and number {n}" for n in range(40)],
        "Answer": [f"other words and number {n}" for n in range(40)],
    }
    pd.DataFrame(rows).to_csv(tmp_path / "a.csv", index=False)
    facts = load(tmp_path / "a.csv").provenance
    assert (facts["text column"], facts["label column"]) == ("Guest comment", "Stars given")
    pd.DataFrame(rows).rename(columns={"Stars given": "Given"}).to_csv(tmp_path / "a.csv", index=False)
    with pytest.raises(DataError, match="several columns could be the label: Branch, Given"):
        load(tmp_path / "a.csv")


def test_a_group_without_a_name_is_a_group_of_its_own(tmp_path):
    rows = {
        "text": [f"review {n}" for n in range(60)],
        "label": ["y", "n"] * 30,
        "movie": [f"m{n // 4}" for n in range(60)],
    }
    rows["movie"][:8] = [""] * 8
    pd.DataFrame(rows).to_csv(tmp_path / "a.csv", index=False)
    raw = open_path(tmp_path / "a.csv").load()
    assert raw.train.groups[:3] == ("row 0", "row 1", "row 2")
    assert raw.train.groups[8] == "m2"


def test_too_few_groups_are_none_unless_named(tmp_path):
    rows = {
        "text": [f"review {n}" for n in range(60)],
        "label": ["y", "n"] * 30,
        "movie": [f"m{n // 20}" for n in range(60)],
    }
    pd.DataFrame(rows).to_csv(tmp_path / "a.csv", index=False)
    assert load(tmp_path / "a.csv").train.groups is None
    assert "column 'movie' has 3 different values, too few for groups" in load(tmp_path / "a.csv").notes[0]
    assert load(tmp_path / "a.csv", Reading(group_column="movie"), valid_size=10, test_size=20).test.groups is not None


@pytest.mark.parametrize(
    "dates",
    [
        [f"2024-{1 + n // 28:02d}-{1 + n % 28:02d}" for n in range(100)],
        [f"2024-01-01T{n // 60:02d}:{n % 60:02d}:00+00:00" for n in range(100)],
        list(range(1900, 2000)),
        [n / 7 for n in range(100)],
    ],
    ids=["dates", "times", "years", "numbers"],
)
def test_a_date_column_holds_out_the_latest_rows(tmp_path, dates):
    order = [(37 * n) % 100 for n in range(100)]
    rows = {"text": [f"review {n}" for n in order], "label": [("y", "n")[n % 2] for n in order]}
    pd.DataFrame(rows | {"when": [dates[n] for n in order]}).to_csv(tmp_path / "a.csv", index=False)
    dataset = load(tmp_path / "a.csv", Reading(time_column="when"))
    assert set(dataset.test.texts) == {f"review {n}" for n in range(80, 100)}
    assert set(dataset.valid.texts) == {f"review {n}" for n in range(70, 80)}
    assert dataset.provenance["time column"] == "when"
    assert dataset.name == "a.csv (time when)"
    assert dataset.by_time
    again = dataset.redrawn(2)
    assert set(again.train.texts) == {f"review {n}" for n in range(70)}
    assert again.valid.texts == dataset.valid.texts


def test_a_row_without_a_date_is_dropped_and_another_word_refused(tmp_path):
    rows = {
        "text": [f"review {n}" for n in range(40)],
        "label": ["y", "n"] * 20,
        "when": [str(2000 + n) for n in range(40)],
    }
    rows["when"][3] = ""
    pd.DataFrame(rows).to_csv(tmp_path / "a.csv", index=False)
    assert (
        "1 of 40 rows dropped, their time missing (a.csv: line 5)"
        in load(tmp_path / "a.csv", Reading(time_column="when")).notes
    )
    rows["when"][5] = "yesterday"
    pd.DataFrame(rows).to_csv(tmp_path / "a.csv", index=False)
    with pytest.raises(
        DataError, match=r"column 'when', line 7: 1 value neither a number nor a date as 2024-12-31, first 'y"
    ):
        load(tmp_path / "a.csv", Reading(time_column="when"))


@pytest.mark.parametrize("values", [["03/04/2024", "2024-01-01"], ["2024-13-01"], ["x"]])
def test_a_date_that_could_be_two_is_none(values):
    with pytest.raises(TimesError):
        parse_times(values)


def test_labels_in_another_case_are_named(tmp_path):
    rows = {"text": [f"review {n}" for n in range(40)], "label": ["TRUE", "False"] * 20}
    pd.DataFrame(rows).to_csv(tmp_path / "a.csv", index=False)
    with pytest.raises(DataError, match="no row is of class 'p'; did you mean 'TRUE', 'False'"):
        load(tmp_path / "a.csv", Reading(label_map=parse_label_map("true=p;false=n")))


def test_null_is_a_word_in_a_csv_file_and_in_a_copy_of_one_from_the_hub(tmp_path):
    words = ["NA", "None", "null", "007", "7"]
    rows = pd.DataFrame(
        {"text": [f"{words[n % 5]} {n}" for n in range(100)], "label": [words[n % 5] for n in range(100)]}
    )
    rows.to_csv(tmp_path / "data.csv", index=False)
    (tmp_path / "copy").mkdir()
    rows.to_csv(tmp_path / "copy" / "train.csv", index=False)
    (tmp_path / "copy" / "README.md").write_text(
        "---\nconfigs:\n- config_name: default\n  data_files:\n  - split: train\n    path: train.csv\n---\n"
    )
    plain, copy = load(tmp_path / "data.csv"), load(tmp_path / "copy")
    assert plain.train.class_names == ("007", "7", "NA", "None", "null")
    assert copy.fingerprint == plain.fingerprint
    assert "classes that look alike: '007' (20 rows) and '7' (20 rows)" in plain.notes[0]


@pytest.mark.parametrize("withheld", [None, -1])
def test_a_class_of_the_hub_that_is_null_or_withheld_is_a_missing_label(tmp_path, withheld):
    from datasets import ClassLabel, Dataset, Features, Value

    labels = [withheld if row in (3, 7) else row % 2 for row in range(60)]
    features = Features({"text": Value("string"), "label": ClassLabel(names=["neg", "pos"])})
    (tmp_path / "data").mkdir()
    Dataset.from_dict({"text": [f"text {n}" for n in range(60)], "label": labels}, features=features).to_parquet(
        tmp_path / "data" / "train-00000-of-00001.parquet"
    )
    dataset = load(tmp_path)
    assert dataset.train.class_names == ("neg", "pos")
    assert dataset.notes == ("2 of 60 rows dropped, their label missing (split 'train': row 3, row 7)",)


@pytest.mark.parametrize(
    "labels",
    [
        pd.array([1, 2] * 29 + [None, 1], dtype="Int64"),
        pd.Categorical(["1", "2"] * 29 + [None, "1"]),
        pd.array([1.0, 2.0] * 29 + [None, 1.0], dtype="Float64"),
    ],
    ids=["nullable", "categories", "floats"],
)
def test_types_of_parquet_and_its_index(tmp_path, labels):
    frame = pd.DataFrame(
        {"text": [f"text {n}" for n in range(60)], "label": labels, "movie": [f"m{n // 4}" for n in range(60)]}
    )
    frame.set_index("movie").to_parquet(tmp_path / "a.parquet")
    dataset = load(tmp_path / "a.parquet")
    assert dataset.train.class_names == ("1", "2")
    assert dataset.train.groups is not None
    assert "row 58" in dataset.notes[0]
