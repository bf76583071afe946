"""Hostile input: whatever comes in, a clear line or a correct run; never a traceback, a hang or half a file."""

import sys
import traceback

import pytest

from benchmarks.cli import main


def tree(folder):
    """Every file below `folder` with its content."""
    return {str(p.relative_to(folder)): p.read_bytes() if p.is_file() else None for p in folder.rglob("*")}


@pytest.fixture(scope="module")
def outcome(tmp_path_factory):
    """Type a command in an empty folder; what holds for every command is checked on the way."""
    place = tmp_path_factory.mktemp("place")
    patch = pytest.MonkeyPatch()
    patch.chdir(place)
    patch.setenv("COLUMNS", "200")

    def type_in(*arguments, capture):
        before = tree(place)
        patch.setattr(sys, "argv", ["benchmarks", *map(str, arguments)])
        capture.readouterr()
        try:
            main()
        except SystemExit as ended:
            status = ended.code or 0
        except BaseException:  # noqa: BLE001  (whatever it is, it should not have got here)
            pytest.fail(f"{arguments!r}: {traceback.format_exc()}")
        output, errors = capture.readouterr()
        assert "Traceback" not in errors
        if status == 2:
            assert errors.startswith("error: "), errors
            assert len(errors.splitlines()) == 1, errors
            assert errors[:-1].isprintable()
            assert tree(place) == before
        return status, output, errors

    type_in.place = place
    yield type_in
    patch.undo()
