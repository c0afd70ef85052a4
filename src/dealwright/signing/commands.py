"""``sign verify``, ``sign evidence``, ``sign package``, ``sign verify-package``,
``sign ensure-key`` and ``sign root``."""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

from dealwright.base.errors import Invalid


def add_commands(commands: Any) -> None:
    """Adds the care for signed documents."""
    sign = commands.add_parser("sign", help="check signed documents and their evidence")
    verbs = sign.add_subparsers(dest="verb", metavar="VERB", required=True)

    verify = verbs.add_parser(
        "verify",
        help="check any signed PDF",
        description=(
            "Says whether a signed PDF is unchanged (integrity) and whether someone you trust "
            "vouches for the signer (trust): TOTAL-PASSED, TOTAL-FAILED or INDETERMINATE, with "
            "reasons. The exit status is 0 only where the file is unchanged and, with --trust, "
            "its signers are vouched for."
        ),
    )
    verify.add_argument("file", type=Path, help="a PDF file")
    verify.add_argument("--trust", type=Path, help="root certificates to trust (PEM)")
    verify.set_defaults(run=run_verify, database="none")

    evidence = verbs.add_parser("evidence", help="check the evidence of an envelope")
    evidence.add_argument("envelope", help="the envelope's id")
    evidence.set_defaults(run=run_evidence)

    package = verbs.add_parser("package", help="write the evidence package of an envelope")
    package.add_argument("envelope", help="the envelope's id")
    package.add_argument("-o", "--output", type=Path, help="the ZIP file to write")
    package.set_defaults(run=run_package)

    verify_package = verbs.add_parser(
        "verify-package",
        help="check an evidence package",
        description=(
            "Checks an evidence package as the verify.py in it does, and answers as it does: the "
            "exit status is 0 where it is sound, 1 where something failed, 3 where something is "
            "not shown. Needs the program openssl, and neither database nor network."
        ),
    )
    verify_package.add_argument("file", type=Path, help="the ZIP file, or the folder of it")
    verify_package.add_argument("--trust", type=Path, help="root certificates to trust (PEM)")
    verify_package.add_argument("--tsa-roots", type=Path, help="roots of time stamps (PEM)")
    verify_package.set_defaults(run=run_verify_package, database="none")

    ensure = verbs.add_parser("ensure-key", help="make the seal key if there is none")
    ensure.set_defaults(run=run_ensure_key)

    root = verbs.add_parser("root", help="print the root certificate of the seal (PEM)")
    root.set_defaults(run=run_root)


def run_verify(arguments: argparse.Namespace) -> int:
    """Prints the report; the whole of it with ``--json``."""
    from dealwright.signing.verification.services import verify_signed_pdf

    report = verify_signed_pdf(
        _read(arguments.file), trust=_read(arguments.trust) if arguments.trust else b""
    )
    if arguments.json:
        _say(json.dumps(report, ensure_ascii=False, indent=2))
    else:
        _tell(report)
    passed = report["integrity"]["verdict"] == "TOTAL-PASSED"
    if arguments.trust:
        passed = passed and report["trust"]["verdict"] == "TOTAL-PASSED"
    return 0 if passed else 1


def run_evidence(arguments: argparse.Namespace) -> int:
    """Checks the chain of one envelope and the details beside it."""
    from dealwright.base.access.actor import system
    from dealwright.base.access.visibility import get_visible
    from dealwright.signing.evidence.services import verify_envelope

    envelope = get_visible(system("Command line", via="cli"), "envelope", arguments.envelope)
    result = verify_envelope(envelope)
    if arguments.json:
        _say(
            json.dumps(
                {
                    "ok": result.ok,
                    "chain": result.chain,
                    "entries": result.entries,
                    "head": result.head,
                    "problems": [asdict(each) for each in result.problems],
                }
            )
        )
    else:
        _say(result.summary)
    return 0 if result.ok else 1


def run_package(arguments: argparse.Namespace) -> int:
    """Writes the package, whole or not at all; stamps the newest anchor first where it can."""
    from dealwright.base.access.actor import system
    from dealwright.base.evidence.timestamps import stamp_anchors
    from dealwright.signing.evidence.package import prepare_package, stream_package

    stamp_anchors()
    package = prepare_package(system("Command line", via="cli"), arguments.envelope)
    target: Path = arguments.output or Path(package.name)
    draft = target.with_name(f".{target.name}.draft")
    try:
        with draft.open("wb") as out:
            for piece in stream_package(package):
                out.write(piece)
        draft.replace(target)
    except OSError as error:
        reason = (error.strerror or "unknown").lower()
        raise Invalid(f"{target} cannot be written: {reason}.") from None
    finally:
        draft.unlink(missing_ok=True)
    told = {"package": str(target), "size": target.stat().st_size}
    _say(json.dumps(told) if arguments.json else f"The evidence package is in {target}.")
    return 0


def run_verify_package(arguments: argparse.Namespace) -> int:
    """Runs the verifier that every package brings along: this installation's own copy of it."""
    from dealwright.signing.evidence import verify

    given = [str(arguments.file)]
    for option, path in (("--trust", arguments.trust), ("--tsa-roots", arguments.tsa_roots)):
        given += [option, str(path)] if path else []
    return verify.main([*given, "--json"] if arguments.json else given)


def run_ensure_key(arguments: argparse.Namespace) -> int:
    """Makes the key where there is none, renews it where it is due; safe to repeat."""
    from dealwright.signing.seals.services import ensure_organisation_seal

    key = ensure_organisation_seal()
    until = key.certificate.not_valid_after_utc
    if arguments.json:
        serial = f"{key.certificate.serial_number:x}"
        told = {"organisation": key.organisation, "serial": serial, "valid_until": str(until)}
        _say(json.dumps(told))
    else:
        _say(f"The seal of {key.organisation} is valid until {until:%Y-%m-%d}.")
    return 0


def run_root(arguments: argparse.Namespace) -> int:
    from dealwright.signing.seals.services import ensure_organisation_seal

    sys.stdout.write(ensure_organisation_seal().root_pem.decode())
    return 0


def _tell(report: dict[str, Any]) -> None:
    for key in ("integrity", "trust"):
        _say(f"{key.capitalize()}: {report[key]['verdict']}")
        for reason in report[key]["reasons"]:
            _say(f"  {reason['text']} ({reason['code']})")
    for each in report["signatures"]:
        _say(f"{each['kind'].capitalize()} {each['number']} in “{each['field']}”")
        for label, name in (("Signer", "signer"), ("Stated time", "stated_time")):
            if each.get(name):
                _say(f"  {label}: {each[name]}")
    for change in report["changes"]:
        _say(f"Page {change['page']} is shown otherwise than it was signed.")


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise Invalid(f"{path} cannot be read: {(error.strerror or 'unknown').lower()}.") from None


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
