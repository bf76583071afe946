"""What every registered source of data must do. A source without tests of its own fails the suite."""

from pathlib import Path

import pytest

from benchmarks.registry.entries import entry, names, source_class
from data.source import Source


@pytest.mark.parametrize("name", names("datasets"))
def test_every_source_has_tests_of_its_own(name):
    module = entry("datasets", name).target.partition(":")[0].rpartition(".")[2]
    assert (Path(__file__).parent / f"test_{module}.py").is_file()


@pytest.mark.parametrize("name", names("datasets"))
def test_a_source_reads_nothing_before_it_is_asked(name, monkeypatch):
    def refuse(*arguments, **options):
        raise AssertionError("a file was opened")

    loaded = source_class(name)
    monkeypatch.setattr(Path, "open", refuse)
    assert isinstance(loaded(), Source)
