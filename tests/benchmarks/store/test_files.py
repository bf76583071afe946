"""Files appear whole or not at all, and no link leads a write elsewhere."""

import os
import subprocess
import sys
import time
from types import SimpleNamespace

import pytest

from benchmarks.hardware.origin import CHECKOUT
from benchmarks.store.files import (
    WriteError,
    check_replaceable,
    make_folder,
    open_log,
    opened,
    read_bytes,
    remove_abandoned,
    write_text,
    writing,
    writing_folder,
)

WRITER = """
import sys, time
from pathlib import Path
from benchmarks.store.files import writing, writing_folder
with (writing if sys.argv[2] == "file" else writing_folder)(Path(sys.argv[1])) as temporary:
    print(temporary.name, flush=True)
    time.sleep(600)
"""


@pytest.fixture
def victim(tmp_path):
    path = tmp_path / "victim"
    path.write_text("precious")
    return path


@pytest.fixture
def folder(tmp_path):
    path = tmp_path / "folder"
    path.mkdir()
    return path


def write_half(stream):
    stream.write(b"ne")
    raise ValueError("half")


@pytest.mark.parametrize("dangling", [False, True])
def test_a_link_is_replaced_and_its_target_stays(folder, victim, dangling):
    target = folder / "report.md"
    target.symlink_to(victim.with_name("nothing") if dangling else victim)
    write_text(target, "new")
    assert (target.read_text(), target.is_symlink()) == ("new", False)
    assert victim.read_text() == "precious"
    assert not victim.with_name("nothing").exists()


def test_a_temporary_name_cannot_be_taken_beforehand(folder, victim):
    names = set()
    for _ in range(20):
        with writing(folder / "report.md") as temporary:
            names.add(temporary.name)
            temporary.write_text("new")
    assert len(names) == 20
    assert all(str(os.getpid()) not in name.split(".") for name in names)


@pytest.mark.parametrize("target", ["/dev/null", "device", "pipe", "folder"])
def test_only_a_file_is_replaced(folder, target):
    os.mkfifo(folder / "pipe")
    (folder / "folder").mkdir()
    (folder / "device").symlink_to("/dev/null")
    with pytest.raises(WriteError, match="is not a regular file"):
        write_text(folder / target, "x")
    with pytest.raises(WriteError, match="is not a regular file"):
        check_replaceable(folder / target)
    assert sorted(path.name for path in folder.iterdir()) == ["device", "folder", "pipe"]


def test_an_error_leaves_the_old_file_and_nothing_else(folder):
    target = folder / "report.md"
    write_text(target, "old")
    with pytest.raises(ValueError, match="half"), opened(target) as stream:
        write_half(stream)
    assert [path.read_text() for path in folder.iterdir()] == ["old"]


def test_an_error_about_another_file_is_not_blamed_on_the_target(folder):
    with pytest.raises(FileNotFoundError, match="elsewhere"), opened(folder / "report.md"):
        open("/elsewhere/input.csv")  # noqa: PTH123, SIM115
    refusal = pytest.raises(WriteError, match=r"report\.md cannot be written: No space left on device")
    with refusal, opened(folder / "report.md"):
        os.write(os.open("/dev/full", os.O_WRONLY), b"x")


def test_a_folder_is_replaced_whole(folder):
    target = folder / "model"
    for content in ("old", "new"):
        with writing_folder(target) as temporary:
            (temporary / content).write_text(content)
    failing = pytest.raises(ValueError, match="half")
    with failing, writing_folder(target) as temporary, (temporary / "x").open("wb") as stream:
        write_half(stream)
    assert [path.name for path in folder.rglob("*")] == ["model", "new"]


def test_a_folder_that_is_a_link_is_replaced_not_emptied(folder, victim):
    (folder / "model").symlink_to(victim.parent)
    with writing_folder(folder / "model") as temporary:
        (temporary / "weights").write_text("w")
    assert victim.read_text() == "precious"
    assert not (folder / "model").is_symlink()


@pytest.mark.parametrize("linked", ["cells", "cells/a", "cells/a/b"])
def test_a_folder_below_the_root_may_not_be_a_link(folder, victim, linked):
    (folder / linked).parent.mkdir(parents=True, exist_ok=True)
    (folder / linked).symlink_to(victim.parent)
    before = sorted(victim.parent.iterdir())
    with pytest.raises(WriteError, match="is a link, and links are not followed") as caught:
        make_folder(folder / "cells" / "a" / "b", folder)
    assert str(folder / linked) in str(caught.value)
    assert sorted(victim.parent.iterdir()) == before


def test_the_root_itself_may_be_reached_through_a_link(folder, tmp_path):
    (tmp_path / "link").symlink_to(folder)
    make_folder(tmp_path / "link" / "cells" / "a", tmp_path / "link")
    assert (folder / "cells" / "a").is_dir()


def test_a_root_that_is_gone_is_not_made_again(tmp_path):
    with pytest.raises(WriteError, match=r"gone is gone: it was deleted or moved"):
        make_folder(tmp_path / "gone" / "cells", tmp_path / "gone")
    assert not (tmp_path / "gone").exists()


@pytest.mark.parametrize("kind", ["symbolic", "hard"])
def test_a_log_with_another_name_is_replaced(folder, victim, kind):
    log = folder / "log.txt"
    log.symlink_to(victim) if kind == "symbolic" else log.hardlink_to(victim)
    with open_log(log) as stream:
        stream.write(b"said")
    assert (log.read_text(), victim.read_text()) == ("said", "precious")


def test_a_log_is_appended_to(folder):
    for line in (b"trained\n", b"measured again\n"):
        with open_log(folder / "log.txt") as stream:
            stream.write(line)
    assert (folder / "log.txt").read_text() == "trained\nmeasured again\n"


def test_a_pipe_in_place_of_a_log_is_replaced(folder):
    os.mkfifo(folder / "log.txt")
    with open_log(folder / "log.txt") as stream:
        stream.write(b"said")
    assert (folder / "log.txt").read_text() == "said"


@pytest.mark.parametrize("name", ["pipe", "zero", "folder", "missing"])
def test_only_regular_files_are_read(folder, name):
    os.mkfifo(folder / "pipe")
    (folder / "zero").symlink_to("/dev/zero")
    (folder / "folder").mkdir()
    began = time.monotonic()
    with pytest.raises(OSError, match="No such file" if name == "missing" else r"not a regular file|Is a directory"):
        read_bytes(folder / name)
    assert time.monotonic() - began < 1


def test_a_large_file_is_refused_by_its_size(folder):
    (folder / "large").touch()
    os.truncate(folder / "large", 10**12)
    with pytest.raises(OSError, match="larger than the 67 MB"):
        read_bytes(folder / "large")


def test_a_file_that_grows_while_it_is_read_is_refused(folder, monkeypatch):
    """As files in /proc do, whose size is 0."""
    (folder / "growing").write_bytes(b"x" * 100)
    monkeypatch.setattr(os, "fstat", lambda _: SimpleNamespace(st_size=0, st_mode=0o100644))
    with pytest.raises(OSError, match="larger than"):
        read_bytes(folder / "growing", limit=10)


@pytest.mark.parametrize("kind", ["file", "folder"])
def test_what_a_killed_writer_left_is_removed_and_a_living_one_s_is_not(folder, kind):
    command = [sys.executable, "-c", WRITER, str(folder / "report.md"), kind]
    writer = subprocess.Popen(command, cwd=CHECKOUT, stdout=subprocess.PIPE, text=True)
    name = writer.stdout.readline().strip()
    remove_abandoned(folder)
    assert (folder / name).exists()
    writer.kill()
    writer.wait()
    remove_abandoned(folder, "other.md")
    assert (folder / name).exists()
    remove_abandoned(folder, "report.md")
    assert not list(folder.iterdir())


def test_files_of_others_are_no_temporary_ones(folder, victim):
    for name in (".report.md.tmp", ".report.md.12.tmp", "report.0123456789abcdef.tmp", ".x.0123456789ABCDEF.tmp"):
        (folder / name).write_text("mine")
    (folder / ".report.md.0123456789abcdef.tmp").symlink_to(victim)
    remove_abandoned(folder)
    remove_abandoned(folder / "missing")
    assert len(list(folder.iterdir())) == 5
    assert victim.read_text() == "precious"
