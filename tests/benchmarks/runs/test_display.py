"""Lines of a sweep on a terminal."""

import io

from rich.console import Console

from benchmarks.runs.display import Display
from benchmarks.schema.result import CellResult


def shown(specs, result):
    console = Console(file=io.StringIO(), width=80)
    with Display(console, specs) as display:
        for spec in specs:
            display.ended(spec, "accuracy 86.60%, fit in 0.7 s", result(spec))
    return console.file.getvalue()


def test_parameters_that_several_cells_differ_in_are_named(make_spec):
    first, second = (make_spec().model_copy(update={"model_params": {"epochs": n, "width": 8}}) for n in (1, 2))
    lines = shown([first, second], lambda spec: CellResult(spec=spec, status="ok"))
    assert "(epochs=1): accuracy" in " ".join(lines.split())
    assert "(epochs=2): accuracy" in " ".join(lines.split())
    assert "width" not in lines
    assert "epochs" not in shown([first], lambda spec: CellResult(spec=spec, status="ok"))


def test_lines_fit_the_terminal_and_speak_of_texts(make_spec):
    changes = {"model": "a_model_with_a_long_name", "loss": "length_weighted_ce", "role": "shuffled labels"}
    spec = make_spec().model_copy(update=changes)
    output = shown([spec], lambda spec: CellResult(spec=spec, status="ok"))
    assert max(map(len, output.splitlines())) <= 80
    assert " texts, seed " in output
    assert "review" not in output
