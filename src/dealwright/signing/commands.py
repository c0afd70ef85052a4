"""``sign verify``, ``sign bulk``, ``sign evidence``, ``sign package``, ``sign verify-package``,
``sign ensure-key`` and ``sign root``."""

from __future__ import annotations

import argparse
import io
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

    bulk = verbs.add_parser(
        "bulk",
        help="send an envelope for each row of a table",
        description=(
            "Sends a signing template once for each row of a CSV, XLSX or ODS file. Columns are "
            "known by their names: “Customer name”, “Customer e-mail”, and the labels of fields. "
            "Tells what is wrong with which row and sends nothing, unless --skip-bad; the worker "
            "then sends. The exit status is 1 where a row cannot be sent."
        ),
    )
    bulk.add_argument("template", help="the template's id")
    bulk.add_argument("file", type=Path, help="a table with a row for each envelope")
    bulk.add_argument("--user", required=True, help="the e-mail address of who sends")
    bulk.add_argument("--check", action="store_true", help="look at the rows, send nothing")
    bulk.add_argument("--skip-bad", action="store_true", help="leave bad rows out")
    bulk.set_defaults(run=run_bulk)

    ensure = verbs.add_parser("ensure-key", help="make the seal key if there is none")
    ensure.set_defaults(run=run_ensure_key)

    bring = verbs.add_parser(
        "import-key",
        help="seal with the key of a PKCS#12 file",
        description=(
            "Takes the key and its certificates from a PKCS#12 file (.p12, .pfx), checks that they "
            "can seal, keeps them encrypted, and seals with them from now on. Asks for the "
            "password of the file."
        ),
    )
    bring.add_argument("file", type=Path, help="the PKCS#12 file")
    bring.add_argument("--password-file", type=Path, help="a file that holds the password")
    bring.add_argument("--keep-current", action="store_true", help="import, but do not use it yet")
    bring.set_defaults(run=run_import_key)

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


def run_bulk(arguments: argparse.Namespace) -> int:
    """Looks at every row, then has the worker send them."""
    from dealwright.base.access.actor import Actor
    from dealwright.base.people.models import User
    from dealwright.signing.bulk import services

    user = User.objects.filter(email__iexact=arguments.user, is_active=True).first()
    if user is None:
        raise Invalid(f"Nobody who can sign in has the address {arguments.user}.")
    actor = Actor(user=user, via="cli")
    table = io.BytesIO(_read(arguments.file))
    made = services.upload_rows(actor, arguments.template, name=arguments.file.name, content=table)
    checked = services.check_rows(actor, made)
    started = not arguments.check and bool(checked.good) and (arguments.skip_bad or not checked.bad)
    if started:
        made = services.start_bulk_send(actor, made.pk, skip_bad=arguments.skip_bad)
    if arguments.json:
        told = {
            "bulk_send": str(made.pk),
            "rows": checked.rows,
            "good": checked.good,
            "wrong": [{"row": number, "error": said} for number, said in checked.wrong],
            "started": started,
        }
        _say(json.dumps(told, ensure_ascii=False))
    else:
        for number, sentence in checked.wrong:
            _say(f"Row {number}: {sentence}")
        _say(f"{checked.good} of {checked.rows} rows can be sent.")
        _say(f"Sending: /bulk-sends/{made.pk}" if started else "Nothing was sent.")
    return 1 if checked.bad else 0


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


def run_import_key(arguments: argparse.Namespace) -> int:
    """Takes a key from a file; says what is wrong with it where it cannot seal."""
    from getpass import getpass

    from dealwright.base.access.actor import system
    from dealwright.signing.seals.administration import import_key

    content = _read(arguments.file)
    if arguments.password_file:
        password = _read(arguments.password_file).decode().rstrip("\r\n")
    else:
        password = getpass("Password of the file: ")
    actor = system("Command line", via="cli")
    row = import_key(actor, content, password, use=not arguments.keep_current)
    told = {"fingerprint": row.fingerprint, "valid_until": str(row.expires_at)}
    used = "Imported." if arguments.keep_current else "Imported; it seals from now on."
    _say(json.dumps(told) if arguments.json else f"{used} Valid until {row.expires_at:%Y-%m-%d}.")
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
