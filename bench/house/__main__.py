"""``python -m bench.house``: load a large company, measure the house on it, print a table."""

from __future__ import annotations

import argparse
import logging
import os
from pathlib import Path


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.house", description=__doc__)
    parser.add_argument("--scale", type=float, default=1.0, help="1 is the size of the budgets")
    parser.add_argument("--data-dir", type=Path, default=Path("data-bench"), help="kept and reused")
    parser.add_argument("--json", type=Path, help="write the figures to this file too")
    parser.add_argument("--rounds", type=int, default=3, help="rounds per case, house and bare")
    parser.add_argument("--requests", type=int, default=20, help="requests per client and round")
    parser.add_argument("--only", default="", help="cases whose name holds this")
    parser.add_argument("--explain", action="store_true", help="print the plans of the lists")
    parser.add_argument("--load-only", action="store_true", help="load the company and stop")
    arguments = parser.parse_args()
    data_dir = arguments.data_dir.resolve()
    data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    os.environ["DEALWRIGHT_DATA_DIR"] = str(data_dir)
    os.environ["DJANGO_SETTINGS_MODULE"] = "dealwright.site.settings"
    os.environ.pop("DATABASE_URL", None)

    from dealwright.base.database.server import EmbeddedServer

    with EmbeddedServer(data_dir):
        import django

        django.setup()
        logging.disable(logging.INFO)  # of the requests that are looked at in this process
        (data_dir / "static").mkdir(exist_ok=True)
        from django.db import connections

        from bench.house.load import load_company
        from dealwright.base.database.migrate import migrate_tables

        migrate_tables()  # without the backup that an upgrade makes: what is here can be made again
        try:
            company = load_company(data_dir, arguments.scale)
            if not arguments.load_only:
                from bench.house.report import measure_house

                measure_house(data_dir, company, arguments)
        finally:
            connections.close_all()


if __name__ == "__main__":
    main()
