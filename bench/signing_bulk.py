"""A bulk send: envelopes from a template and a table, and what bare inserts of the rows cost.

    python -m bench.signing_bulk [--rows 1000] [--json FILE]

In this process, with a database as `bin/up` starts it: the table is checked, then the job makes
and sends one envelope a row (two recipients, a signature, a prefilled text; the first recipient
is written to). As a measure of the machine the same number of rows of eight tables is inserted
by one statement and one commit a row, without any rule.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import tempfile
import time
from pathlib import Path
from typing import Any

SOURCE = (
    "#set page(margin: 60pt)\n= Order\n#lorem(300)\n\n"
    "\\{\\{sign:1\\}\\}\n\n\\{\\{text:1:Price\\}\\}\n"
)
TABLES = 8


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000)
    parser.add_argument("--json", type=Path, help="write the figures to this file too")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="dealwright-bench-") as temporary:
        figures = measure(Path(temporary), arguments.rows)
    print(json.dumps(figures, indent=2))
    if arguments.json:
        arguments.json.write_text(json.dumps(figures, indent=2))


def measure(data_dir: Path, rows: int) -> dict[str, Any]:
    """Seconds of the check and of the send, and the ratio to bare inserts."""
    os.environ["DEALWRIGHT_DATA_DIR"] = str(data_dir)
    os.environ["DJANGO_SETTINGS_MODULE"] = "dealwright.site.settings"
    os.environ.pop("DATABASE_URL", None)
    from dealwright.base.database.server import EmbeddedServer

    with EmbeddedServer(data_dir):
        import django

        django.setup()
        from django.db import connections

        from dealwright.base.database.upgrade import bring_up_to_date

        bring_up_to_date(data_dir)
        try:
            figures = send(rows)
            bare = insert_bare(rows)
        finally:
            connections.close_all()
    return {
        **figures,
        "bare_inserts_seconds": round(bare, 2),
        "ratio_to_bare_inserts": round(figures["send_seconds"] / bare, 1),
    }


def send(rows: int) -> dict[str, Any]:
    """One bulk send from upload to the last envelope."""
    import typst

    from dealwright.base.access.actor import Actor
    from dealwright.base.jobs.running import run_jobs
    from dealwright.base.people.models import Profile, User
    from dealwright.signing.blueprints.contents import NewRole
    from dealwright.signing.blueprints.services import create_template
    from dealwright.signing.bulk import services
    from dealwright.signing.envelopes.drafts import NewDocument

    user = User.objects.create(
        email="ada@example.com", name="Ada Admin", profile=Profile.ADMINISTRATOR
    )
    actor = Actor(user=user, via="job")
    pdf = bytes(typst.compile(SOURCE.encode(), format="pdf"))
    template = create_template(
        actor,
        name="Order",
        documents=[NewDocument(name="Order.pdf", content=pdf)],
        roles=[
            NewRole(name="Customer"),
            NewRole(name="Seller", order=2, person_name="Cora", person_email="cora@example.com"),
        ],
    )
    lines = ["Customer name,Customer e-mail,Price"]
    lines += [f"Person {n},person{n}@example.com,{n} EUR" for n in range(rows)]
    began = time.perf_counter()
    table = io.BytesIO("\n".join(lines).encode())
    bulk = services.upload_rows(actor, template.pk, name="rows.csv", content=table)
    checked = services.check_rows(actor, bulk)
    checking = time.perf_counter() - began
    services.start_bulk_send(actor, bulk.pk)
    began = time.perf_counter()
    run_jobs()
    sending = time.perf_counter() - began
    told = services.counts(bulk)
    if (checked.good, told["sent"]) != (rows, rows):
        raise SystemExit(f"Of {rows} rows {told['sent']} were sent.")
    return {
        "rows": rows,
        "check_seconds": round(checking, 2),
        "send_seconds": round(sending, 2),
        "milliseconds_per_envelope": round(sending / rows * 1_000, 1),
    }


def insert_bare(rows: int) -> float:
    """Seconds for as many rows in plain tables, a commit for each envelope."""
    from django.db import connection, transaction

    with connection.cursor() as cursor:
        for number in range(TABLES):
            cursor.execute(f"create temp table bare_{number} (id int, body text)")
        began = time.perf_counter()
        for row in range(rows):
            with transaction.atomic():
                for number in range(TABLES):
                    cursor.execute(f"insert into bare_{number} values (%s, %s)", [row, "x" * 400])
    return time.perf_counter() - began


if __name__ == "__main__":
    main()
