import pytest

from benchmarks.hardware import processor

EPYC = """processor\t: 0
vendor_id\t: AuthenticAMD
model name\t: AMD EPYC: the first
flags\t\t: fpu avx2 avx512f avx512_bf16 sse2

processor\t: 1
vendor_id\t: GenuineIntel
"""


@pytest.fixture
def cpuinfo(monkeypatch, tmp_path):
    """Writes what Linux says of its processors."""
    path = tmp_path / "cpuinfo"
    monkeypatch.setattr(processor, "CPUINFO", path)
    return path.write_text


def test_a_processor_is_named_with_its_matrix_instructions(cpuinfo):
    cpuinfo(EPYC)
    assert processor.processor() == "AMD EPYC: the first (avx2, avx512_bf16, avx512f)"


@pytest.mark.parametrize(("vendor", "amd"), [("AuthenticAMD", True), ("GenuineIntel", False)])
def test_the_maker_is_the_first_processor_s(cpuinfo, vendor, amd):
    cpuinfo(EPYC.replace("AuthenticAMD", vendor))
    assert processor.made_by_amd() is amd


@pytest.mark.parametrize(
    ("said", "amd"), [("AMD64 Family 26 Model 2 Stepping 1, AuthenticAMD", True), ("arm", False), ("", False)]
)
def test_where_there_is_no_linux_the_platform_s_word_counts(cpuinfo, monkeypatch, said, amd):
    monkeypatch.setattr(processor.platform, "processor", lambda: said)
    assert (processor.processor(), processor.made_by_amd()) == (said, amd)
