"""The processor, as the system describes it."""

import platform
from pathlib import Path

CPUINFO = Path("/proc/cpuinfo")
INSTRUCTIONS = frozenset({"avx2", "avx512f", "avx512_bf16", "amx_bf16"})
"""Instruction sets that decide the speed of a matrix product."""


def processor() -> str:
    """Return the processor's name, with the matrix instructions that decide its speed."""
    if not (facts := _facts()):
        return platform.processor()
    flags = set(facts.get("flags", "").split()) & INSTRUCTIONS
    return f"{facts.get('model name', platform.processor())} ({', '.join(sorted(flags))})"


def made_by_amd() -> bool:
    """Whether AMD made the processor."""
    return "AuthenticAMD" in _facts().get("vendor_id", platform.processor())


def _facts() -> dict[str, str]:
    """Linux's description of the first processor; empty elsewhere."""
    if not CPUINFO.exists():
        return {}
    lines = (line.split(":", 1) for line in CPUINFO.read_text().split("\n\n")[0].splitlines() if ":" in line)
    return {key.strip(): value.strip() for key, value in lines}
