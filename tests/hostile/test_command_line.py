"""Options and suite files that nobody would type, and some that somebody would to do harm."""

import json

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from benchmarks.config.plan import Choices, combinations
from benchmarks.config.suite import read_suite
from benchmarks.errors import UsageError
from benchmarks.registry.entries import entries

fuzz = settings.get_profile("fuzz")

TEXT = st.text(max_size=20)
NAMES = st.sampled_from(
    [
        f"{entry.name}.{parameter}"
        for kind in ("models", "losses")
        for entry in entries(kind)
        for parameter in entry.parameters
    ]
    + ["lstm.", ".epochs", "lstm", "ce.x", "no.such", "__class__.__init__", "lstm.__class__"]
)
VALUES = TEXT | st.sampled_from(
    [
        "1",
        "0",
        "-1",
        "nan",
        "inf",
        "1e999",
        "9" * 5_000,
        "none",
        "None",
        "true",
        "1_0",
        "0x10",
        "",
        "1,2",
        "٣",
        "[/red]",
    ]
)
NUMBERS = (
    st.sampled_from(["0", "1", "3", "1,2", ",", "1,,2", "²", "٣", "9" * 5_000, "999999999999", "all", "-1", "1e3"])
    | TEXT
)


@fuzz
@given(st.tuples(NAMES | TEXT, VALUES))
@example(("lstm.epochs", "9" * 5_000))
@example(("distilbert.encoder", "a\0b"))
def test_settings(outcome, capsys, setting):
    outcome("run", "--set", "=".join(setting), "--dry-run", capture=capsys)


@fuzz
@given(NUMBERS, NUMBERS)
def test_numbers(outcome, capsys, seeds, sizes):
    outcome("run", f"--seeds={seeds}", f"--train-size={sizes}", "--models=lstm", "--dry-run", capture=capsys)


@fuzz
@given(st.sampled_from(["--models", "--losses", "--suite", "--dataset", "--device", "--timeout", "--audit"]), TEXT)
@example("--dataset", "[/red]x.csv")
@example("--dataset", "[link=http://example.org]x.csv")
@example("--timeout", "nan")
@example("--timeout", "inf")
@example("--timeout", "1e300")
@example("--models", "[")
@example("--suite", "x" * 300 + ".toml")
@example("--suite", "/dev/zero.toml")
@example("--dataset", "\udcff.csv")
def test_options(outcome, capsys, option, value):
    outcome("run", f"{option}={value}", "--dry-run", capture=capsys)


@fuzz
@given(
    st.lists(
        st.sampled_from(["run", "list", "report", "compare", "doctorx", "--", "--json", "-", "--fail-on"]) | TEXT,
        max_size=4,
    )
)
@example(["compare", "a", "b", "--fail-on", "accuracy:" + "9" * 5_000 + "pp"])
@example(["list", "\x1b[31m"])
@example(["report", "x" * 5_000])
@example(["report", "a\0b"])
def test_words(outcome, capsys, words):
    outcome(*words, *(["--dry-run"] if "run" in words else []), capture=capsys)


def test_an_escape_sequence_never_reaches_the_terminal(outcome, capsys):
    (outcome.place / "odd.csv").write_text("t\x1b[31mx,lab\u202eel\n1,2\n")
    status, _, errors = outcome("run", "--suite", "smoke", "--dataset", "odd.csv", capture=capsys)
    assert status == 2
    assert "t [31mx, lab el" in errors


TOML = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | TEXT | st.sampled_from(["*", "lstm", "all", "ce"]),
    lambda children: st.lists(children, max_size=3) | st.dictionaries(TEXT, children, max_size=3),
    max_leaves=6,
)
SECTIONS = st.dictionaries(
    st.sampled_from(["name", "valid_size", "rows", "models", "losses", "train_sizes", "seeds", "set", "x"]),
    TOML,
    max_size=4,
)
SUITES = st.dictionaries(st.sampled_from(["name", "description", "x"]), TOML, max_size=2).flatmap(
    lambda top: st.fixed_dictionaries(
        {}, optional={"data": SECTIONS, "measure": SECTIONS, "grid": st.lists(SECTIONS, max_size=2) | TOML}
    ).map(lambda sections: top | sections)
)


def toml(value):
    """JSON is nearly TOML for values; what is not (null, NaN) makes a bad file, which is as good."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{json.dumps(key)} = {toml(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(toml, value)) + "]"
    return json.dumps(value)


def plan(path):
    """Plan the suite of that file, or refuse it in a line."""
    refusal = ""
    try:
        assert combinations(read_suite(str(path)), Choices())
    except UsageError as error:
        refusal = str(error)
    assert "\n" not in refusal
    assert len(refusal) < 5_000


@fuzz
@given(SUITES)
def test_suites_of_any_content(outcome, content):
    path = outcome.place / "odd.toml"
    path.write_text("\n".join(f"{key} = {toml(value)}" for key, value in content.items()), encoding="utf-8")
    plan(path)


@fuzz
@given(st.binary(max_size=60) | st.text(max_size=60).map(str.encode))
@example(b"\xff")
@example(b"x = " + b"9" * 5_000)
@example(b"[[grid]]\ntrain_sizes = [0x" + b"f" * 5_000 + b"]")
@example(b'[[grid]]\nset = {"lstm.epochs" = 0x' + b"f" * 5_000 + b"}")
@example(b"[[grid]]\nseeds = [18446744073709551616]")
@example(b"x = " + b"[" * 20_000)
@example(b"x = " + b"{a=" * 20_000)
@example(b".".join([b"a"] * 5_000) + b" = 1")
@example(b"name = '" + b"-- " * 20_000 + b"'\n[[grid]]")
@example(b"name = '../../up'\n[[grid]]")
@example(b"[[grid]]\nseeds = [2020-01-01]")
@example(b"[data]\nname = 3\n[[grid]]")
def test_suites_of_any_bytes(outcome, content):
    path = outcome.place / "odd.toml"
    path.write_bytes(content)
    plan(path)


def test_a_grid_without_end_is_refused_at_once():
    values = {
        f"lstm.{name}": ["1"] * 1 + [str(n) for n in range(2, 200)] for name in ("epochs", "batch_size", "max_words")
    }
    with pytest.raises(UsageError, match="15,761,198 cells, but a run has at most 100,000"):
        combinations(read_suite("smoke"), Choices(models=["lstm"], set=values))


@pytest.mark.parametrize("option", [["--seeds", "100000000000"], ["--seeds", "18446744073709551616,1"]])
def test_more_seeds_than_there_are(outcome, capsys, option):
    status, _, errors = outcome("run", *option, "--dry-run", capture=capsys)
    assert status == 2
    assert "is not a whole number (choices: 0 to " in errors
