"""``bin/dealwright import`` and ``export``."""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path
from typing import Any

from dealwright.base.errors import Invalid


def add_commands(subparsers: Any) -> None:
    """Add the commands of import and export to the command line."""
    importing = subparsers.add_parser(
        "import",
        help="import a CSV, XLSX or ODS file, or a folder of them",
        description=(
            "Import tables. Known exports are recognised by their headers; other files by the "
            "names of their columns. What is odd is reported, not hidden, and nothing is written "
            "of a file that cannot be read. Importing the same file again changes nothing."
        ),
    )
    importing.add_argument("path", type=Path, help="a file or a folder")
    importing.add_argument("--object", default="", help="what the rows are, e.g. contact")
    importing.add_argument("--user", default="", help="act as this user (e-mail)")
    importing.add_argument("--dry-run", action="store_true", help="say what would happen")
    importing.add_argument(
        "--accept-suggestions",
        action="store_true",
        help="take the proposed record where a name matches none",
    )
    importing.add_argument("--errors", type=Path, help="write rejected rows to this CSV file")
    importing.set_defaults(run=run_import_command)

    undoing = subparsers.add_parser("undo-import", help="take an import back")
    undoing.add_argument("job", help="the import's id, as `import` printed it")
    undoing.set_defaults(run=run_undo_command)

    exporting = subparsers.add_parser("export", help="export what is there as CSV, XLSX or NDJSON")
    exporting.add_argument("object", help="what to export, e.g. opportunity")
    exporting.add_argument("file", type=Path, help="ends in .csv, .xlsx or .ndjson")
    exporting.add_argument("--filter", default="", help="a filter tree as JSON")
    exporting.add_argument("--user", default="", help="export what this user may see")
    exporting.set_defaults(run=run_export_command)


def run_import_command(arguments: argparse.Namespace) -> int:
    """Import and print the report; 0 also when rows were rejected, since the report says so."""
    from dealwright.base.transfer.services import (
        import_tables,
        open_tables,
        propose_plans,
        try_import,
    )

    actor = acting_user(arguments.user)
    started = time.perf_counter()
    pairs = propose_plans(actor, open_tables(arguments.path), object_key=arguments.object)
    planned = [(table, plan) for table, plan in pairs if plan is not None]
    left_out = [table.path.name for table, plan in pairs if plan is None]
    if not planned:
        raise Invalid(
            f"It is not clear what {arguments.path} holds. Say it with --object, e.g. contact."
        )
    if arguments.dry_run:
        report = try_import(
            actor, planned, accept_suggestions=arguments.accept_suggestions
        ).as_json()
        result: dict[str, Any] = {"dry_run": True, **report}
    else:
        job = import_tables(
            actor,
            planned,
            title=arguments.path.name,
            accept_suggestions=arguments.accept_suggestions,
            error_file=arguments.errors,
        )
        result = {"job": str(job.id), **job.report}
    seconds = time.perf_counter() - started
    result["left_out"] = left_out
    result["tables"] = [
        {"file": table.path.name, "object": plan.object, "columns": _formats(plan)}
        for table, plan in planned
    ]
    result["seconds"] = round(seconds, 2)
    if arguments.json:
        print(json.dumps(result, ensure_ascii=False))
    else:
        _print_report(result)
    return 0


def run_undo_command(arguments: argparse.Namespace) -> int:
    """Undo an import and print what went, came back, and stayed."""
    from dealwright.base.transfer.services import get_import
    from dealwright.base.transfer.undo import undo_import

    actor = acting_user("")
    done = undo_import(actor, get_import(actor, arguments.job))
    if arguments.json:
        print(json.dumps(done))
    else:
        print(f"Removed {done['removed']}, restored {done['restored']}, kept {done['kept']}.")
    return 0


def run_export_command(arguments: argparse.Namespace) -> int:
    """Export one object to a file."""
    from dealwright.base.api.responses import parse_filter
    from dealwright.base.objects.registry import object_type
    from dealwright.base.transfer.export import export_to_file

    count = export_to_file(
        acting_user(arguments.user),
        object_type(arguments.object),
        arguments.file,
        format=arguments.file.suffix.lstrip("."),
        filter=parse_filter(arguments.filter),
    )
    if arguments.json:
        print(json.dumps({"rows": count, "file": str(arguments.file)}))
    else:
        print(f"Wrote {count:,} rows to {arguments.file}.")
    return 0


def acting_user(email: str) -> Any:
    """Who the command line acts as: the product itself, or a user within that user's rights."""
    from dealwright.base.access.actor import Actor, system
    from dealwright.base.people.models import User

    if not email:
        return system("command line", via="cli")
    user = User.objects.filter(email=email.strip().lower(), is_active=True).first()
    if user is None:
        raise Invalid(f"There is no active user {email}.")
    return Actor(user=user, via="cli")


def _formats(plan: Any) -> dict[str, str]:
    """Which field each column went to, with the date format it was read by."""
    return {
        column.column: column.field + (f" ({column.date_format})" if column.date_format else "")
        for column in plan.columns
        if column.field
    }


def _print_report(result: dict[str, Any]) -> None:
    out = sys.stdout.write
    for name, counter in result["counts"].items():
        out(f"{name}: " + ", ".join(f"{count:,} {what}" for what, count in counter.items()) + "\n")
    for name, counter in result["groups"].items():
        out(f"{name}: " + ", ".join(f"{what} {count:,}" for what, count in counter.items()) + "\n")
    for name, amount in result["sums"].items():
        out(f"{name}: {amount}\n")
    for odd in result["oddities"]:
        where = f" ({odd['count']:,} rows, first {odd['rows'][:3]})" if odd["count"] else ""
        out(f"look: {odd['message']}{where}\n")
    for name in result["left_out"]:
        out(f"left out: {name}\n")
    if "job" in result:
        out(f"import {result['job']} in {result['seconds']} s; undo-import takes it back\n")
