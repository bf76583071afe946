"""What looking at data found, as files; hostile texts stay text."""

import io
import re

import pytest
from rich.console import Console

from benchmarks.schema.exploration import (
    Exploration,
    Histogram,
    Lengths,
    Oddity,
    OddRow,
    SplitCounts,
    Telling,
    Term,
    Tokens,
    Truncation,
)
from benchmarks.store.results import StoreError
from reports.render.exploration import (
    counts_table,
    print_exploration,
    render_html,
    render_markdown,
    sentences,
    tokens_table,
    write_exploration,
)

EVIL = "<script>alert(1)</script> | [x](javascript:y)\n\x1b[31m"


@pytest.fixture
def exploration():
    quantiles = [1, 2, 3, 4, 5, 6, 7, 8]
    classes = ["neg", EVIL, "pos"]
    return Exploration(
        name=f"reviews.csv {EVIL}",
        fingerprint="f" * 64,
        classes=classes,
        provenance={"text column": EVIL},
        splits=[
            SplitCounts(name="training", texts=60, by_class=[50, 4, 6]),
            SplitCounts(name="validation", texts=10, by_class=[8, 1, 1]),
            SplitCounts(name="test", texts=20, by_class=[10, 6, 4]),
        ],
        lengths=[
            Lengths(of=of, quantiles=quantiles, mean=4.4)
            for of in ("training", "validation", "test", *(f"training, {name}" for name in classes))
        ],
        histogram=Histogram(edges=[1, 2, 4, 9], by_class=[[10, 20, 20], [4, 0, 0], [0, 6, 0]]),
        tokens=[
            Tokens(
                model="lstm",
                reads=400,
                quantiles=[100, 300, 900],
                truncation=[Truncation(limit=n, texts_cut=0.25, tokens_cut=0.1) for n in (128, 400)],
            ),
            Tokens(model="tfidf", note="reads texts whole"),
        ],
        token_texts=60,
        leaked=2,
        near_duplicates=None,
        telling=[Telling(of=EVIL, terms=[Term(term=EVIL, z=3.21, inside=4, outside=1)]), Telling(of="neg", terms=[])],
        oddities=[Oddity(what="short", count=7, rows=[OddRow(split="test", row=3, label=EVIL, words=1, text=EVIL)])],
    )


def test_the_accuracy_to_beat_and_the_imbalance_are_said(exploration):
    said = " ".join(sentences(exploration))
    assert "neg, would be right in 50.0 %" in said
    assert "4 of the training texts are of" in said
    assert "2 of 20 test texts also occur" in said
    assert "not looked for" in said


def test_tables(exploration):
    assert counts_table(exploration)["training"].tolist() == ["50 (83.3 %)", "4 (6.7 %)", "6 (10.0 %)", "60"]
    tokens = tokens_table(exploration)
    assert tokens["cut at 400: texts, tokens"].tolist() == ["25.0 %, 10.0 %", "–"]
    assert list(tokens["note"]) == ["–", "reads texts whole"]


def test_markdown_keeps_texts_as_texts(exploration):
    text = render_markdown(exploration)
    assert "<script" not in text
    assert "\x1b" not in text
    assert "[x](javascript" not in text
    for heading in ("## Counts", "## Lengths in words", "## Odd texts", "test row 3"):
        assert heading in text


def test_html_keeps_texts_as_texts_and_needs_nothing_else(exploration):
    page = render_html(exploration)
    assert "<script>alert" not in page
    assert "\x1b" not in page
    assert page.count("<script>") == 1
    assert not re.search(r"""(?:src|href)=["']?(?:https?:)?//""", page)
    assert "<svg" in page


def test_the_same_exploration_gives_the_same_files(exploration, tmp_path):
    paths = write_exploration(exploration, tmp_path / "a")
    assert [path.name for path in paths] == ["exploration.json", "exploration.md", "exploration.html"]
    again = write_exploration(exploration, tmp_path / "b")
    assert [path.read_bytes() for path in paths] == [path.read_bytes() for path in again]
    assert Exploration.model_validate_json(paths[0].read_bytes()) == exploration


def test_a_folder_that_cannot_be_written(exploration, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="cannot be written"):
        write_exploration(exploration, tmp_path / "file")


def test_the_terminal_shows_the_short_of_it_in_80_columns(exploration):
    output = io.StringIO()
    print_exploration(exploration, Console(file=output, width=80))
    shown = output.getvalue()
    assert "Texts by split and class" in shown
    assert "\x1b" not in shown
    assert max(map(len, shown.splitlines())) <= 80
    (row,) = (line.split() for line in shown.splitlines() if line.startswith("lstm "))
    assert row == ["lstm", "100", "300", "400", "25.0", "%", "10.0", "%"]
    assert "tfidf: reads texts whole" in shown


def test_of_many_classes_the_terminal_shows_the_first_ones(exploration):
    classes = [f"class {number}" for number in range(150)]
    splits = [split.model_copy(update={"by_class": [1] * 150}) for split in exploration.splits]
    telling = [exploration.telling[0].model_copy(update={"of": name}) for name in classes]
    many = exploration.model_copy(update={"classes": classes, "splits": splits, "telling": telling})
    output = io.StringIO()
    print_exploration(many, Console(file=output, width=80))
    shown = output.getvalue()
    assert len(shown.splitlines()) < 120
    assert "Of 150 classes, 20 are shown; the files have all." in shown
    assert "class 149" not in shown
    assert "class 149" in render_markdown(many)
