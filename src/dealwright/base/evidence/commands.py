"""``evidence verify``, ``evidence anchor`` and ``evidence prove``."""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

from dealwright.base.evidence.anchors import (
    anchor_chains,
    prove_inclusion,
    verify_anchors,
)
from dealwright.base.evidence.models import EvidenceAnchor, EvidenceLeaf, EvidenceTimestamp
from dealwright.base.evidence.publication import verify_published
from dealwright.base.evidence.timestamps import stamp_anchors, verify_timestamps
from dealwright.base.evidence.verification import Verification, verify_all, verify_chain


def add_commands(commands: Any) -> None:
    """Adds the care for the evidence."""
    evidence = commands.add_parser("evidence", help="verify, anchor and prove the evidence")
    verbs = evidence.add_subparsers(dest="verb", metavar="VERB", required=True)

    verify = verbs.add_parser("verify", help="check every chain, anchor and time stamp")
    verify.add_argument("chain", nargs="*", help="only these chains")
    verify.add_argument(
        "--against", type=Path, metavar="FILE", help="roots that were published, to compare with"
    )
    verify.set_defaults(run=run_verify)

    anchor = verbs.add_parser("anchor", help="anchor what is new, and have it time-stamped")
    anchor.set_defaults(run=run_anchor)

    prove = verbs.add_parser("prove", help="print the proof that a chain is under an anchor")
    prove.add_argument("chain")
    prove.set_defaults(run=run_prove)


def run_verify(arguments: argparse.Namespace) -> int:
    """Checks; exit status 1 where anything is wrong."""
    chains = (verify_chain(key) for key in arguments.chain) if arguments.chain else verify_all()
    broken: list[Verification] = []
    count = entries = 0
    for result in chains:
        count, entries = count + 1, entries + result.entries
        if not result.ok:
            broken.append(result)
        if not arguments.json and (arguments.chain or not result.ok):
            _say(result.summary)
    anchors = [] if arguments.chain else [*verify_anchors(), *verify_timestamps()]
    if arguments.against:
        anchors += verify_published(arguments.against)
    sound = not broken and not anchors
    if arguments.json:
        told = {
            "ok": sound,
            "chains": count,
            "entries": entries,
            "anchors": EvidenceAnchor.objects.count(),
            "timestamps": EvidenceTimestamp.objects.count(),
            "broken": [
                {"chain": each.chain, "problems": [asdict(one) for one in each.problems]}
                for each in broken
            ],
            "anchor_problems": [asdict(each) for each in anchors],
        }
        _say(json.dumps(told, ensure_ascii=False))
        return 0 if sound else 1
    for problem in anchors:
        _say(problem.message)
    if sound and not arguments.chain:
        _say(f"{count} chains with {entries} entries and every anchor are sound.")
    return 0 if sound else 1


def run_anchor(arguments: argparse.Namespace) -> int:
    """Anchors and stamps; says how many heads are under the newest root."""
    made = anchor_chains()
    stamped = stamp_anchors()
    newest = made or EvidenceAnchor.objects.order_by("-size").first()
    if arguments.json:
        told = {
            "anchored": EvidenceLeaf.objects.filter(anchor=made).count() if made else 0,
            "stamped": stamped,
            "size": newest.size if newest else 0,
            "root": newest.root if newest else None,
        }
        _say(json.dumps(told))
    elif newest is None:
        _say("There is no evidence to anchor yet.")
    elif made is None:
        _say(f"Nothing new: {newest.size} heads stand under {newest.root}.")
    else:
        _say(f"Anchored: {newest.size} heads stand under {newest.root}.")
    return 0


def run_prove(arguments: argparse.Namespace) -> int:
    """Prints the proof, which anyone can check without us (RFC 6962)."""
    _say(json.dumps(asdict(prove_inclusion(arguments.chain)), indent=2))
    return 0


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
