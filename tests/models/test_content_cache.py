import errno
import re

import numpy as np
import pytest

from models.content_cache import cache_folder, cached_vectors, code_digest


@pytest.fixture
def cache(monkeypatch, tmp_path):
    monkeypatch.setenv("BENCHMARKS_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


class Counter:
    """Letters of a text as its vector, and the texts it was asked for."""

    def __init__(self):
        self.asked = []

    def __call__(self, texts):
        self.asked.append(list(texts))
        return np.array([[len(text), text.count("a")] for text in texts], dtype=np.float32)


def test_a_text_is_computed_once_across_sets_that_overlap(cache):
    compute = Counter()
    first = cached_vectors("space", ["aa", "b", "aa"], compute)
    second = cached_vectors("space", ["b", "ca", "aa"], compute)
    assert compute.asked == [["aa", "b"], ["ca"]]
    assert (first.reused, second.reused) == (0, 2)
    assert first.values.tolist() == [[2, 2], [1, 0], [2, 2]]
    assert second.values.tolist() == [[1, 0], [2, 1], [2, 2]]
    assert second.values.dtype == np.float32


def test_vectors_of_another_space_are_not_reused(cache):
    compute = Counter()
    cached_vectors("one", ["a"], compute)
    assert cached_vectors("two", ["a"], compute).reused == 0


def test_it_can_be_switched_off(cache, monkeypatch):
    monkeypatch.setenv("BENCHMARKS_CACHE", "off")
    compute = Counter()
    for _ in range(2):
        assert cached_vectors("space", ["a"], compute).reused == 0
    assert cache_folder() is None
    assert len(compute.asked) == 2
    assert not cache.exists()


def test_its_default_is_the_user_s_cache_folder(monkeypatch):
    monkeypatch.delenv("BENCHMARKS_CACHE")
    monkeypatch.setenv("XDG_CACHE_HOME", "/somewhere")
    assert str(cache_folder()) == "/somewhere/text-classification-baselines"


@pytest.mark.parametrize("damage", [b"", b"{}", b"\x00" * 100])
def test_a_damaged_file_is_removed_and_computed_again(cache, damage, caplog):
    cached_vectors("space", ["a"], Counter())
    (path,) = cache.rglob("*.safetensors")
    path.write_bytes(damage)
    found = cached_vectors("space", ["a"], Counter())
    assert "a damaged file of the cache is removed" in caplog.text
    assert (found.reused, found.values.tolist()) == (0, [[1, 1]])
    assert cached_vectors("space", ["a"], Counter()).reused == 1


def test_a_file_that_cannot_be_read_just_now_is_kept(cache, monkeypatch, caplog):
    cached_vectors("space", ["a"], Counter())
    with monkeypatch.context() as patch:
        patch.setattr("models.content_cache.safe_open", raising(OSError(errno.ESTALE, "Stale file handle")))
        patch.setattr("models.content_cache.write_whole", lambda path, write: None)
        assert cached_vectors("space", ["a"], Counter()).reused == 0
    assert re.search("cannot be read: .*Stale file handle", caplog.text)
    assert cached_vectors("space", ["a"], Counter()).reused == 1


def test_a_damaged_file_in_a_cache_that_cannot_be_written_to_is_a_warning(cache, monkeypatch, caplog):
    cached_vectors("space", ["a"], Counter())
    (path,) = cache.rglob("*.safetensors")
    path.write_bytes(b"")
    monkeypatch.setattr("pathlib.Path.unlink", raising(OSError(errno.EROFS, "Read-only file system")))
    monkeypatch.setattr("models.content_cache.write_whole", lambda path, write: None)
    assert cached_vectors("space", ["a"], Counter()).values.tolist() == [[1, 1]]
    assert re.search("cannot be removed: .*Read-only file system", caplog.text)


def raising(error):
    def fail(*arguments, **named):
        raise error

    return fail


def test_a_folder_that_cannot_be_written_to_is_a_warning(cache, caplog):
    cache.write_text("no folder")
    assert cached_vectors("space", ["a"], Counter()).values.tolist() == [[1, 1]]
    assert re.search("cannot be written to: .*; BENCHMARKS_CACHE=off uses none", caplog.text)


def test_code_is_every_module_of_a_folder_and_a_file(tmp_path):
    (tmp_path / "package").mkdir()
    paths = [tmp_path / "package" / "one.py", tmp_path / "package" / "two.py", tmp_path / "three.py"]
    for path in paths:
        path.write_text("WIDTH = 1\n")
    digests = {code_digest(tmp_path / "package", tmp_path / "three.py")}
    for path in paths:
        path.write_text("WIDTH = 2\n")
        digests.add(code_digest(tmp_path / "package", tmp_path / "three.py"))
    assert len(digests) == 4


def test_no_temporary_file_is_left(cache):
    cached_vectors("space", ["a"], Counter())
    assert [path.suffix for path in cache.rglob("*") if path.is_file()] == [".safetensors"]
