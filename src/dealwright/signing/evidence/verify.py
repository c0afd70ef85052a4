#!/usr/bin/env python3
"""Checks an evidence package of an envelope: verify.py PACKAGE [--trust ROOT.pem] [--json]

Stand-alone: Python's standard library (3.9 or newer) and the program ``openssl``, no network,
nothing else of Dealwright. PACKAGE is the ZIP file or the folder it was unpacked to. For each of
seven claims it gives TOTAL-PASSED, TOTAL-FAILED or INDETERMINATE (the words of ETSI EN 319 102-1)
with named reasons.

Exit status: 0 nothing failed and content, order, completeness and seal are shown; 1 something
failed; 2 there is nothing to check at PACKAGE; 3 nothing failed, but one of the four is not shown.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from dealwright.signing.evidence.verifier.package import check
from dealwright.signing.evidence.verifier.vocabulary import (
    CLAIMS,
    FAILED,
    OPEN,
    PASSED,
    Report,
    Unreadable,
)


def told(report: Report) -> str:
    """The report for people."""
    lines = ["Envelope {}: {}".format(report.envelope or "(unknown)", report.overall), ""]
    for claim, meaning in CLAIMS.items():
        lines.append(f"{claim:<13} {report.verdict(claim):<13} {meaning}")
        reasons = report.failures[claim] + report.doubts[claim]
        lines += [f"    {each['message']} ({each['code']})" for each in reasons]
        lines += [f"    {each}" for each in report.shown[claim]]
    return "\n".join(lines)


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("package", nargs="?", default=str(Path(__file__).resolve().parent))
    parser.add_argument("--trust", help="root certificates of seals that you trust (PEM)")
    parser.add_argument("--tsa-roots", help="root certificates of time stamps you trust (PEM)")
    parser.add_argument("--openssl", default="openssl", help="where the program openssl is")
    parser.add_argument("--json", action="store_true", help="answer as JSON")
    given = parser.parse_args(arguments)
    try:
        report = check(given.package, given.trust, given.tsa_roots, given.openssl)
    except Unreadable as error:
        sys.stderr.write(f"{error}\n")
        return 2
    text = json.dumps(report.as_json(), indent=2, ensure_ascii=True) if given.json else told(report)
    sys.stdout.write(text.encode("utf-8", "replace").decode("utf-8") + "\n")
    return {PASSED: 0, FAILED: 1, OPEN: 3}[report.overall]


if __name__ == "__main__":
    sys.exit(main())
