"""``bin/dealwright demo``."""

from __future__ import annotations

import argparse
import json
import sys
from typing import Any


def add_commands(subparsers: Any) -> None:
    """Add the command of the demo company."""
    demo = subparsers.add_parser("demo", help="fill an empty database with a made-up company")
    demo.set_defaults(run=run_demo)


def run_demo(arguments: argparse.Namespace) -> int:
    """Make the company and print who can sign in."""
    from dealwright.site.demo.company import count_deals, fill_empty_company

    made = fill_empty_company()
    if arguments.json:
        text = json.dumps({"users": list(made.emails), "password": made.password})
        sys.stdout.write(f"{text}\n")
    else:
        sys.stdout.write(
            f"Made {count_deals()} deals. Sign in as {made.emails[0]} "
            f"with the password {made.password}\n"
        )
    return 0
