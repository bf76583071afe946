"""The size, coverage and power of every verdict, by simulation; `CERTIFICATE=long` repeats the long run as well."""

import os

import pytest

from benchmarks.hardware.origin import CHECKOUT
from reports.certificate.__main__ import LONG, claims, main, page
from reports.certificate.claims import Claim, Observed, observe

PAGE = CHECKOUT / "docs" / "explanation" / "certificate.md"
RUNS = {"short run": 1} | ({"long run": LONG} if os.environ.get("CERTIFICATE") == "long" else {})


def published():
    """(procedure, setting, quantity) -> the row of the published table."""
    lines = [
        line.strip("|\n ").split(" | ") for line in PAGE.read_text(encoding="utf-8").splitlines() if line[:1] == "|"
    ]
    return {tuple(row[:3]): dict(zip(lines[0], row, strict=True)) for row in lines[2:]}


@pytest.mark.parametrize("run", RUNS)
@pytest.mark.parametrize("claim", claims(), ids=lambda claim: claim.key)
def test_a_claim_holds_and_is_what_is_published(claim, run):
    """If it is not what is published: python -m reports.certificate --long --write docs/explanation/certificate.md."""
    found = observe(claim, times=RUNS[run])
    assert found.holds, f"{found.text}, {claim.range}"
    row = published()[claim.procedure, claim.setting, claim.quantity]
    assert (row["allowed"], row[run]) == (claim.range, found.text)


def test_every_claim_is_published_and_nothing_else():
    assert list(published()) == [(claim.procedure, claim.setting, claim.quantity) for claim in claims()]


def test_the_published_long_run_holds():
    for claim in claims():
        share = float(published()[claim.procedure, claim.setting, claim.quantity]["long run"].split()[0])
        assert Observed(claim, share, claim.replicates * LONG).holds, claim.key


def never(generator, replicates):
    return 0


@pytest.mark.parametrize(("low", "high", "holds"), [(0, 0.05, True), (0.9, 1, False)])
def test_a_claim_that_does_not_hold_is_found(low, high, holds):
    assert observe(Claim("a", "b", "c", low, high, never, 100)).holds is holds


def test_a_share_may_miss_its_range_by_the_error_of_the_simulation_alone():
    claim = Claim("a", "b", "c", 0, 0.05, lambda generator, replicates: round(0.08 * replicates), 100)
    assert observe(claim).holds  # 0.08 of 100 is within three standard errors of 0.05
    assert not observe(claim, times=100).holds


def test_the_command_says_which_claims_do_not_hold(monkeypatch, capsys, tmp_path):
    monkeypatch.setattr("reports.certificate.__main__.claims", lambda: [Claim("a", "b", "c", 0.9, 1, never, 100)])
    assert main(["--write", str(tmp_path / "page.md")]) == 1
    assert "does not hold: a; b; c: 0.000 ± 0.000, at least 0.9" in capsys.readouterr().out
    assert "| a | b | c | at least 0.9 | 0.000 ± 0.000 |" in (tmp_path / "page.md").read_text(encoding="utf-8")


def test_the_same_seed_gives_the_same_page():
    claim = next(claim for claim in claims() if claim.procedure == "growth exponent")
    assert page([observe(claim)], []) == page([observe(claim)], [])
