"""Standard streams that are closed, full, or of another encoding, and signals: one line at most, and no traceback."""

import os
import signal
import subprocess
import sys
import time

import pytest

from benchmarks.hardware.origin import CHECKOUT

ENVIRONMENT = {**os.environ, "PYTHONPATH": str(CHECKOUT)}
PROGRAM = [sys.executable, "-m", "benchmarks"]


def shell(command, **environment):
    """Run a shell command, `$PROGRAM` standing for this program."""
    line = command.replace("$PROGRAM", f"'{sys.executable}' -m benchmarks")
    return subprocess.run(
        ["bash", "-c", line], capture_output=True, text=True, timeout=60, check=False, env=ENVIRONMENT | environment
    )


def program(code, **environment):
    """Run Python code that uses the command line's internals."""
    command = [sys.executable, "-c", code]
    return subprocess.run(
        command, capture_output=True, timeout=60, check=False, env=ENVIRONMENT | environment, cwd=CHECKOUT
    )


@pytest.mark.parametrize("streams", [">&-", "2>&-", "<&-", ">&- 2>&- <&-"])
def test_a_closed_stream_ends_nothing(streams):
    ended = shell(f"$PROGRAM list {streams}")
    assert (ended.returncode, ended.stderr) == (0, "")


def test_a_file_never_takes_the_number_of_a_closed_stream(tmp_path):
    """Else what is printed would be written into the file."""
    code = (
        "import os, sys; from benchmarks.cli import _repair_streams; _repair_streams(); "
        f"file = open({str(tmp_path / 'data')!r}, 'w'); print('printed'); sys.stdout.flush(); os._exit(file.fileno())"
    )
    ended = shell(f"'{sys.executable}' -c \"{code}\" <&- >&-")
    assert ended.returncode > 2
    assert (tmp_path / "data").read_text() == ""


def test_a_full_output_is_one_line_and_status_3():
    ended = shell("$PROGRAM list > /dev/full")
    assert (ended.returncode, ended.stderr) == (3, "error: the output cannot be written: No space left on device\n")


@pytest.mark.parametrize("command", ["list", "list --json"])
def test_a_reader_that_goes_ends_the_program_quietly(command):
    """As `| head` does, before the program writes; through rich, and through print."""
    reading, writing = os.pipe()
    os.close(reading)
    ended = subprocess.run(
        [*PROGRAM, *command.split()], stdout=writing, stderr=subprocess.PIPE, timeout=60, check=False, env=ENVIRONMENT
    )
    os.close(writing)
    assert (ended.returncode, ended.stderr) == (141, b"")


def test_another_broken_pipe_is_not_hidden():
    code = (
        "import sys; from benchmarks import cli; sys.argv = ['benchmarks', 'list']\n"
        "def run(arguments): raise BrokenPipeError\n"
        "cli._run = run; cli.main()"
    )
    ended = program(code)
    assert ended.returncode == 1
    assert b"BrokenPipeError" in ended.stderr


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "utf-8"])
def test_characters_that_the_terminal_lacks_are_replaced(encoding):
    code = (
        "import sys; from benchmarks.cli import _repair_streams; _repair_streams(); "
        "print('a × b'); print('c × d', file=sys.stderr)"
    )
    ended = program(code, PYTHONIOENCODING=encoding)
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout in {b"a ? b\n", "a × b\n".encode(encoding, "replace")}


def test_a_terminal_of_ascii_shows_tables():
    ended = shell("$PROGRAM list", PYTHONIOENCODING="ascii")
    assert ended.returncode == 0, ended.stderr
    assert "nbsvm" in ended.stdout


def test_ctrl_c_while_importing_is_one_line(tmp_path):
    """A module that this program imports first behaves as if the user pressed the keys."""
    (tmp_path / "typer.py").write_text("raise KeyboardInterrupt\n")
    ended = subprocess.run(
        [*PROGRAM, "list"],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env=ENVIRONMENT | {"PYTHONPATH": f"{tmp_path}:{CHECKOUT}"},
        cwd=CHECKOUT,
    )
    assert (ended.returncode, ended.stderr) == (130, "interrupted\n")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_is_one_line(number):
    code = "import sys; from benchmarks import cli; cli._run = lambda _: (print('up', flush=True), input()); cli.main()"
    process = subprocess.Popen(
        [sys.executable, "-c", code],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=ENVIRONMENT,
        cwd=CHECKOUT,
    )
    assert process.stdout.readline() == b"up\n"
    time.sleep(0.1)
    process.send_signal(number)
    _, errors = process.communicate(timeout=30)
    assert (process.returncode, errors) == (130, b"interrupted\n")
