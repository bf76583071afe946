"""What a report says of the software it stands on."""

import sys

from benchmarks.hardware import environment


def test_the_version_is_that_of_the_library_that_is_imported(tmp_path, monkeypatch):
    for place, version in (("second", "1.0"), ("first", "2.0")):
        information = tmp_path / place / "tabulate_twice-0.dist-info"
        information.mkdir(parents=True)
        (information / "METADATA").write_text(f"Metadata-Version: 2.1\nName: tabulate-twice\nVersion: {version}\n")
        monkeypatch.setattr(sys, "path", [str(tmp_path / place), *sys.path])
    monkeypatch.setattr(environment, "PACKAGES", ("tabulate-twice", "not-installed"))
    assert environment.environment()["packages"] == {"tabulate-twice": "2.0"}
