"""The import engine on a pipeline of 8,800 deals beside the same rows by plain psycopg, in one run.

    python bench/importing.py [FOLDER] [--json FILE]

FOLDER holds the four files of a CRM export (accounts, products, sales_teams, sales_pipeline);
without one, such files are made. Both load the rows, then load them again unchanged. The engine
maps, checks, audits, indexes for the search and keeps what undo needs; the plain program writes
the texts of the pipeline into one table by ``INSERT … ON CONFLICT DO UPDATE``.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import random
import tempfile
import time
from collections.abc import Callable, Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Any

REAL = Path(__file__).resolve().parents[2] / "shared" / "data" / "maven"
SECTORS = ["retail", "medical", "software", "finance", "telecommunications"]
PRODUCTS = ["GTX Basic", "GTX Pro", "MG Special", "MG Advanced", "GTX Plus Pro"]
DEALS = 8_800


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, nargs="?", help="default: the real export, else made")
    parser.add_argument("--deals", type=int, default=0, help="make so many instead, not read")
    parser.add_argument("--json", type=Path, help="write the figures to this file too")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="dealwright-bench-") as temporary:
        made = arguments.deals or not REAL.exists()
        folder = arguments.folder or (
            make_export(Path(temporary), arguments.deals or DEALS) if made else REAL
        )
        figures = measure_import(folder, Path(temporary) / "data")
    print(json.dumps(figures, indent=2))
    if arguments.json:
        arguments.json.write_text(json.dumps(figures, indent=2))


def measure_import(folder: Path, data_dir: Path) -> dict[str, Any]:
    """Seconds and rows a second of both, each in an empty database of its own folder."""
    os.environ["DEALWRIGHT_DATA_DIR"] = str(data_dir)
    os.environ["DJANGO_SETTINGS_MODULE"] = "dealwright.site.settings"
    os.environ.pop("DATABASE_URL", None)
    from dealwright.base.database.server import EmbeddedServer

    with EmbeddedServer(data_dir) as server:
        import django

        django.setup()
        from django.db import connections

        from dealwright.base.database.upgrade import bring_up_to_date

        bring_up_to_date(data_dir)
        try:
            with (folder / "sales_pipeline.csv").open(newline="") as file:
                header, *rows = list(csv.reader(file))
            plain = [timed(lambda: insert_plainly(server.url, header, rows)) for _ in range(2)]
            counted = sum(len(path.read_text().splitlines()) - 1 for path in files_of(folder))
            house = [timed(lambda: import_folder(folder)) for _ in range(2)]
        finally:
            connections.close_all()
    return {
        "rows": counted,
        "rows_of_pipeline": len(rows),
        "house": _figures(counted, house),
        "plain": _figures(len(rows), plain),
        "times_plain_first": round(house[0] / counted * len(rows) / plain[0], 1),
        "times_plain_again": round(house[1] / counted * len(rows) / plain[1], 1),
    }


def _figures(rows: int, seconds: Sequence[float]) -> dict[str, float]:
    first, again = seconds
    return {
        "seconds_first": round(first, 2),
        "rows_per_second_first": round(rows / first),
        "seconds_again": round(again, 2),
        "rows_per_second_again": round(rows / again),
    }


def import_folder(folder: Path) -> None:
    """What ``bin/dealwright import`` does, whole folder at once."""
    from dealwright.base.access.actor import system
    from dealwright.base.transfer.services import import_tables, open_tables, propose_plans

    actor = system("Bench", via="cli")
    pairs = [
        (table, plan)
        for path in files_of(folder)
        for table, plan in propose_plans(actor, open_tables(path))
        if plan is not None
    ]
    import_tables(actor, pairs, title=folder.name)


def files_of(folder: Path) -> list[Path]:
    """The files of the export; a second pipeline in other dates is left out."""
    names = ("accounts", "products", "sales_teams", "sales_pipeline")
    return [folder / f"{name}.csv" for name in names]


def insert_plainly(url: str, header: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """The pipeline's texts into a table of their own, in one transaction."""
    import psycopg

    columns = ", ".join(f'"{name}"' for name in header)
    values = ", ".join(["%s"] * len(header))
    updates = ", ".join(f'"{name}" = excluded."{name}"' for name in header[1:])
    with psycopg.connect(url) as connection:
        connection.execute(
            f"create table if not exists bench_plain ({columns.replace(',', ' text,')} text, "
            f'primary key ("{header[0]}"))'
        )
        connection.cursor().executemany(
            f"insert into bench_plain ({columns}) values ({values}) "
            f'on conflict ("{header[0]}") do update set {updates}',
            rows,
        )


def timed(what: Callable[[], None]) -> float:
    start = time.perf_counter()
    what()
    return time.perf_counter() - start


def make_export(parent: Path, size: int = DEALS) -> Path:
    """An export of the same shape and size, made up."""
    dice = random.Random(20_270_101)
    folder = parent / "export"
    folder.mkdir()
    accounts = [f"Company {number}" for number in range(1, 86)]
    agents = [f"Agent Number{number}" for number in range(1, 36)]

    def write(name: str, header: str, rows: Sequence[Sequence[object]]) -> None:
        with (folder / f"{name}.csv").open("w", newline="") as file:
            csv.writer(file).writerows([header.split(), *rows])

    write(
        "accounts",
        "account sector year_established revenue employees office_location subsidiary_of",
        [
            [name, dice.choice(SECTORS), dice.randint(1980, 2015), dice.randint(5, 9_000),
             dice.randint(10, 20_000), "United States", ""]
            for name in accounts
        ],
    )  # fmt: skip
    write(
        "products",
        "product series sales_price",
        [[name, name.split()[0], dice.randint(50, 6_000)] for name in PRODUCTS],
    )
    write(
        "sales_teams",
        "sales_agent manager regional_office",
        [[name, f"Manager Number{at % 5}", ["East", "West"][at % 2]] for at, name in
         enumerate(agents)],
    )  # fmt: skip
    deals = []
    for number in range(size):
        stage = dice.choices(["Won", "Lost", "Engaging", "Prospecting"], [48, 28, 18, 6])[0]
        engaged = date(2016, 10, 20) + timedelta(days=dice.randrange(400))
        closed = engaged + timedelta(days=dice.randrange(140)) if stage in ("Won", "Lost") else ""
        value = dice.randint(50, 6_000) if stage == "Won" else 0 if stage == "Lost" else ""
        account = dice.choice(accounts) if dice.random() < 0.84 else ""
        deals.append([f"{number:08X}", dice.choice(agents), dice.choice(PRODUCTS), account, stage,
                      "" if stage == "Prospecting" else engaged, closed, value])  # fmt: skip
    write(
        "sales_pipeline",
        "opportunity_id sales_agent product account deal_stage engage_date close_date close_value",
        deals,
    )
    return folder


if __name__ == "__main__":
    main()
