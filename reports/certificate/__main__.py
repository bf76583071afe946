"""Print or write the certificate: `python -m reports.certificate [--long] [--write FILE]`."""

import argparse
from collections.abc import Sequence
from pathlib import Path

from reports.certificate import accuracies, families, measurements
from reports.certificate.claims import Claim, Observed, observe

LONG = 4
"""Times as many replicates in the long run."""

HEAD = """# Certificate

A seeded simulation checks every verdict of a report: data with a known truth are drawn, the report's own code judges
them, and the share of wrong verdicts (error), of intervals that hold the truth (coverage) or of true effects that are
found (power) is counted. The level of every test is 0.05 and intervals are 95 %. A share may miss its range by three
standard errors of the simulation; ± is one. Rows marked "refused" or "no longer used" show what the report avoids.

`python -m reports.certificate --long --write docs/explanation/certificate.md` writes this page; the test suite repeats
the short run.
"""


def claims() -> list[Claim]:
    """Every claim, in the order of the table."""
    return [*accuracies.claims(), *families.claims(), *measurements.claims()]


def page(short: Sequence[Observed], long: Sequence[Observed]) -> str:
    """The certificate in Markdown.

    Args:
        short: of every claim.
        long: the same, with more replicates; empty to leave the column out.
    """
    columns = ["procedure", "setting", "quantity", "allowed", "short run", *(["long run"] if long else [])]
    rows = [columns, ["---"] * len(columns)]
    for index, one in enumerate(short):
        claim = one.claim
        extra = [long[index].text] if long else []
        rows.append([claim.procedure, claim.setting, claim.quantity, claim.range, one.text, *extra])
    return HEAD + "\n" + "".join(f"| {' | '.join(row)} |\n" for row in rows)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the simulations; 1 if a claim does not hold."""
    parser = argparse.ArgumentParser(prog="python -m reports.certificate", description=__doc__)
    parser.add_argument("--long", action="store_true", help=f"also run {LONG} times as many replicates")
    parser.add_argument("--write", type=Path, metavar="FILE", help="write the page instead of printing it")
    chosen = parser.parse_args(arguments)
    short = [observe(claim) for claim in claims()]
    long = [observe(claim, times=LONG) for claim in claims()] if chosen.long else []
    text = page(short, long)
    if chosen.write:
        chosen.write.write_text(text, encoding="utf-8", newline="\n")
    else:
        print(text, end="")
    missed = [one for one in (*short, *long) if not one.holds]
    for one in missed:
        print(f"does not hold: {one.claim.key}: {one.text}, {one.claim.range}")
    return 1 if missed else 0


if __name__ == "__main__":
    raise SystemExit(main())
