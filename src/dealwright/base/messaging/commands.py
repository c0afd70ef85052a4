"""``mail receive``, ``mail fetch``, ``mail deliver`` and ``mail test``."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from dealwright.base.errors import Conflict, Invalid


def add_commands(commands: Any) -> None:
    """Adds what a person may want to do with mail by hand."""
    mail = commands.add_parser("mail", help="receive, fetch and deliver mail; test the server")
    verbs = mail.add_subparsers(dest="verb", metavar="VERB", required=True)

    receive = verbs.add_parser("receive", help="take in mails from .eml files (- reads one)")
    receive.add_argument("file", nargs="+", type=Path, metavar="FILE.eml")
    receive.set_defaults(run=run_receive)

    fetch = verbs.add_parser("fetch", help="read what is new in the mailbox")
    fetch.set_defaults(run=run_fetch)

    deliver = verbs.add_parser("deliver", help="hand over what is due now")
    deliver.set_defaults(run=run_deliver)

    test = verbs.add_parser("test", help="send a test mail and say what the server answers")
    test.add_argument("address")
    test.set_defaults(run=run_test)


def run_receive(arguments: argparse.Namespace) -> int:
    """Takes mails in; says of each what it is and what it answers."""
    from dealwright.base.messaging.inbound import receive_email

    told = []
    for path in arguments.file:
        try:
            raw = sys.stdin.buffer.read() if str(path) == "-" else path.read_bytes()
        except OSError as error:
            raise Invalid(f"{path} cannot be read: {error.strerror}.") from None
        taken = receive_email(raw)
        told.append(
            {
                "file": str(path),
                "id": str(taken.id),
                "kind": taken.kind,
                "from": taken.from_address,
                "subject": taken.subject,
                "answers": str(taken.outbound_id) if taken.outbound_id else None,
                "object": taken.object,
                "record_id": str(taken.record_id) if taken.record_id else None,
            }
        )
    if arguments.json:
        _say(json.dumps(told, ensure_ascii=False))
        return 0
    for each in told:
        answers = f", answers message {each['answers']}" if each["answers"] else ""
        _say(f"{each['file']}: {each['kind']} from {each['from'] or 'nobody'}{answers}")
    return 0


def run_fetch(arguments: argparse.Namespace) -> int:
    """Reads the mailbox; exit status 1 where it could not be opened."""
    from dealwright.base.messaging.accounts import imap_account, mail_settings
    from dealwright.base.messaging.imap import fetch_mail

    if imap_account() is None:
        raise Conflict("No mailbox is set. An administrator sets one under Settings, Mail.")
    count = fetch_mail()
    problem = mail_settings().imap_error
    if arguments.json:
        _say(json.dumps({"fetched": count, "problem": problem or None}))
    else:
        _say(problem or f"{count} new mails.")
    return 1 if problem else 0


def run_deliver(arguments: argparse.Namespace) -> int:
    """Hands over what is due; says how many were tried."""
    from dealwright.base.messaging.delivery import deliver_messages

    tried = 0
    while count := deliver_messages():
        tried += count
    _say(json.dumps({"tried": tried}) if arguments.json else f"{tried} messages tried.")
    return 0


def run_test(arguments: argparse.Namespace) -> int:
    """Sends a test mail at once; the server's refusal becomes the command's."""
    from dealwright.base.access.actor import system
    from dealwright.base.messaging.delivery import send_test

    send_test(system("command line", via="cli"), arguments.address)
    told = {"sent_to": arguments.address}
    _say(json.dumps(told) if arguments.json else f"The server took a mail to {arguments.address}.")
    return 0


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
