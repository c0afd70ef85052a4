"""``reindex`` on the command line."""

from __future__ import annotations

import argparse
import json
from typing import Any

from dealwright.base.objects.registry import object_type, object_types
from dealwright.base.search.triggers import is_searched, reindex


def add_commands(commands: Any) -> None:
    """Adds the repair of the search, which keeps itself up to date otherwise."""
    parser = commands.add_parser("reindex", help="write the search index anew")
    parser.add_argument(
        "objects", nargs="*", metavar="OBJECT", help="keys such as account; all when none is given"
    )
    parser.set_defaults(run=run_reindex)


def run_reindex(arguments: argparse.Namespace) -> int:
    """Prints how many records of each object can be found."""
    chosen = [object_type(key) for key in arguments.objects] or object_types()
    counts = {of.key: reindex(of) for of in chosen if is_searched(of)}
    if arguments.json:
        print(json.dumps(counts))
    else:
        for key, count in counts.items():
            print(f"{object_type(key).label_plural}: {count:,}")
    return 0
