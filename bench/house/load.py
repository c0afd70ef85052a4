"""Fills a data folder with the company, once; later runs find it there.

Rows come by COPY with the house's triggers off and indexes and foreign keys set aside. What the
triggers would have kept (stage history, contact points, the audit, the search) is then filled by
one statement each, and the foreign keys that come back check that all of it fits together.
"""

from __future__ import annotations

import json
import random
import time
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg

from bench.house.company import COLUMNS, SEED, Company, Sizes, Stage

KEPT = "bench-house.json"
VERSION = 1
CHUNK = 2_000
BATCH = 50_000
FILLED = ["crm_stagehistory", "crm_contactpoint", "crm_accountcontact", "base_auditevent"]

HISTORY = """
insert into crm_stagehistory (id, opportunity_id, from_stage_id, to_stage_id, at, by_id, amount,
                              currency, close_date, probability)
select gen_random_uuid(), id, null, stage_id, stage_entered_at, owner_id, amount, currency,
       close_date, probability
  from crm_opportunity"""
POINTS = """
insert into crm_contactpoint (id, contact_id, kind, value, label, is_primary)
select gen_random_uuid(), id, kind, value, '', true
  from crm_contact, lateral (values ('email', email), ('phone', phone)) as point (kind, value)
 where value <> ''"""
PLACES = """
insert into crm_accountcontact (id, account_id, contact_id, role, influence, is_primary)
select gen_random_uuid(), account_id, id, '', '', true
  from crm_contact where account_id is not null"""
# Of activities only the search is filled: a line of audit each would double the load's time, and
# no page that is measured reads them.
AUDIT = """
insert into base_auditevent (at, "table", record_id, action, after, actor_id, actor_name, via,
                             request_id)
select created_at, '{table}', id, 'insert', to_jsonb(row), owner_id, 'Load', 'import', ''
  from {table} row order by id"""


def load_company(data_dir: Path, scale: float) -> dict[str, Any]:
    """The company of the data folder, whose database runs; loaded first where there is none.

    Raises SystemExit where the folder holds one of another scale, or anything else.
    """
    path = data_dir / KEPT
    if path.exists():
        kept: dict[str, Any] = json.loads(path.read_text())
        if kept["scale"] != scale or kept["version"] != VERSION:
            raise SystemExit(
                f"{data_dir} holds a company of scale {kept['scale']}: name another --data-dir, or "
                "remove it."
            )
        return kept
    from dealwright.crm.accounts.models import Account

    if Account.everything.exists():
        raise SystemExit(f"{data_dir} holds records that are not the bench's: name another folder.")
    began = time.monotonic()
    people = _hire()
    _load_records(Sizes.of(scale), people)
    _share(people)
    seconds = round(time.monotonic() - began)
    kept = {"version": VERSION, "scale": scale, "seconds": seconds, "people": people}
    path.write_text(json.dumps(kept, indent=2))
    return kept


def _hire() -> dict[str, Any]:
    """200 users: an administrator, a head of sales, nine managers with 20 or 21 reps each; ten
    teams across the tree. The measured manager is in two of the teams."""
    from dealwright.base.access.actor import system
    from dealwright.base.people.models import Profile, Role, User
    from dealwright.base.people.organization import update_organization
    from dealwright.base.people.structure import create_team

    robot = system("Bench")
    update_organization(robot, name="Bench", currency="EUR", timezone="UTC", language="en")
    top = Role.objects.create(name="Sales")

    def user(name: str, profile: str, role: Role | None) -> User:
        email = name.lower().replace(" ", ".") + "@bench.example"
        made = User(email=email, name=name, profile=profile, role=role)
        made.set_unusable_password()
        return made

    people = [
        user("Administrator", Profile.ADMINISTRATOR, None),
        user("Head of Sales", Profile.MANAGER, top),
    ]
    for number in range(1, 10):
        region = Role.objects.create(name=f"Region {number}", parent=top)
        reps = Role.objects.create(name=f"Reps {number}", parent=region)
        people.append(user(f"Manager {number}", Profile.MANAGER, region))
        size = 20 if number == 1 else 21
        people += [user(f"Rep {number} {each}", Profile.REP, reps) for each in range(1, size + 1)]
    User.objects.bulk_create(people)
    dice = random.Random(SEED)
    sellers = [each for each in people if each.profile != Profile.ADMINISTRATOR]
    manager = next(each for each in people if each.name == "Manager 1")
    rep = next(each for each in people if each.name == "Rep 1 1")
    teams = []
    for number in range(1, 11):
        members = set(dice.sample([each for each in sellers if each not in (manager, rep)], 15))
        members |= {manager} if number in (1, 2) else set()
        members |= {rep} if number == 3 else set()
        teams.append(create_team(robot, name=f"Team {number}", members=members))
    return {
        "administrator": str(people[0].pk),
        "manager": str(manager.pk),
        "rep": str(rep.pk),
        "sellers": [str(each.pk) for each in sellers],
        "teams": [str(each.pk) for each in teams],
    }


def _share(people: dict[str, Any]) -> None:
    """Sharing rules by the house's own service, and a few records shared by hand."""
    from dealwright.base.access.actor import Actor
    from dealwright.base.people.models import User
    from dealwright.base.records.services import share_record
    from dealwright.base.web.settings.access_services import save_sharing_rule
    from dealwright.crm.opportunities.models import Opportunity

    administrator = Actor(User.objects.get(pk=people["administrator"]), "web")
    teams = people["teams"]
    rules: list[tuple[str, str, dict[str, Any], str, str]] = [
        ("opportunity", "Team 4 shows its deals to Team 1", {}, teams[3], teams[0]),
        (
            "opportunity",
            "Large expansions are shown to Team 2",
            {
                "all": [
                    {"field": "kind", "op": "is", "value": "expansion"},
                    {"field": "amount", "op": "gte", "value": 100_000},
                ]
            },
            "",
            teams[1],
        ),
        (
            "account",
            "Energy companies are shown to Team 1",
            {"field": "industry", "op": "is", "value": "Energy"},
            "",
            teams[0],
        ),
    ]
    for of, name, tree, giver, receiver in rules:
        save_sharing_rule(
            administrator,
            None,
            object_key=of,
            name=name,
            filter=tree,
            from_whom=giver,
            to_whom=receiver,
            may_write=False,
        )
    hidden = Opportunity.objects.exclude(owner_id=people["manager"]).order_by("-id")[:20]
    for record in hidden:
        share_record(administrator, "opportunity", record.pk, User(pk=people["manager"]).pk)


def _load_records(sizes: Sizes, people: dict[str, Any]) -> None:
    from django.apps import apps
    from django.db import connection

    from dealwright.crm.opportunities.models import Stage as StageRow

    stages = [
        Stage(row.pk, row.pipeline_id, row.category, str(row.probability), row.forecast_category)
        for row in StageRow.objects.filter(pipeline__is_default=True).order_by("position")
    ]
    company = Company(sizes, people["sellers"], people["teams"], stages, "EUR")
    models = {model._meta.db_table: model for model in apps.get_models()}
    tables = [*COLUMNS, *FILLED]
    with _set_aside([*tables, "base_searchentry"]):
        for table in COLUMNS:
            with _told(table):
                _copy(models[table], company.lines(table))
        del company
        with _told("what the triggers keep"):
            audits = [AUDIT.format(table=name) for name in COLUMNS if name != "crm_activity"]
            _run_all([HISTORY, POINTS, PLACES, *audits])
        with _told("search"):
            _fill_search()
    with _told("analyze"), connection.cursor() as cursor:
        for table in [*tables, "base_searchentry"]:
            cursor.execute(f"vacuum analyze {table}")


def _copy(model: Any, lines: Iterable[str]) -> None:
    """COPY with the columns that vary; the others get the model's defaults for its time."""
    from django.db import connection

    table = model._meta.db_table
    given = COLUMNS[table].split()
    others = {
        column.column: column
        for column in model._meta.concrete_fields
        if column.column not in given and not column.null and not column.generated
    }
    with psycopg.connect(**connection.get_connection_params()) as own:
        for name, column in others.items():
            value = column.get_db_prep_save(column.get_default(), connection)
            shown = psycopg.sql.Literal(value)
            own.execute(
                psycopg.sql.SQL("alter table {} alter {} set default {}").format(
                    psycopg.sql.Identifier(table), psycopg.sql.Identifier(name), shown
                )
            )
        with own.cursor().copy(f"copy {table} ({', '.join(given)}) from stdin") as copy:
            for chunk in _chunks(lines):
                copy.write(chunk)
        for name in others:
            own.execute(f'alter table {table} alter "{name}" drop default')


def _chunks(lines: Iterable[str]) -> Iterator[str]:
    chunk: list[str] = []
    for line in lines:
        chunk.append(line)
        if len(chunk) == CHUNK:
            yield "".join(chunk)
            chunk.clear()
    yield "".join(chunk)


@contextmanager
def _set_aside(tables: Sequence[str]) -> Iterator[None]:
    """The tables without triggers, foreign keys and further indexes; all come back after."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(
            "select conrelid::regclass::text, conname, pg_get_constraintdef(oid) "
            "from pg_constraint where contype = 'f' and conrelid = any(%s::regclass[])",
            [list(tables)],
        )
        keys = cursor.fetchall()
        cursor.execute(
            "select indexrelid::regclass::text, pg_get_indexdef(indexrelid) from pg_index i "
            "where indrelid = any(%s::regclass[]) and not exists "
            "(select from pg_constraint where conindid = i.indexrelid)",
            [list(tables)],
        )
        indexes = cursor.fetchall()
        for table, name, _ in keys:
            cursor.execute(f'alter table {table} drop constraint "{name}"')
        for name, _ in indexes:
            cursor.execute(f"drop index {name}")
        for table in tables:
            cursor.execute(f"alter table {table} disable trigger user")
    yield
    with _told("indexes"):
        _run_all([made for _, made in indexes])
    with _told("foreign keys"), connection.cursor() as cursor:
        for table, name, made in keys:
            cursor.execute(f'alter table {table} add constraint "{name}" {made}')
        for table in tables:
            cursor.execute(f"alter table {table} enable trigger user")


def _fill_search() -> None:
    """Writes the search's rows by the functions that the triggers call."""
    from django.db import connection

    jobs = []
    for table in COLUMNS:
        of = table.removeprefix("crm_")
        with connection.cursor() as cursor:
            cursor.execute(
                "select array_agg(id) from "
                f"(select id, row_number() over (order by id) - 1 as place from {table}) each "
                f"group by place / {BATCH}"
            )
            bounds = [(min(ids), max(ids)) for (ids,) in cursor.fetchall()]
        jobs += [
            f"select dealwright_index_{of}(array(select id from {table} "
            f"where id between '{first}' and '{last}'))"
            for first, last in bounds
        ]
    _run_all(jobs)


def _run_all(statements: Sequence[str]) -> None:
    """Each in a transaction of its own, two at a time."""
    from django.db import connection

    params = connection.get_connection_params()

    def run(statement: str) -> None:
        with psycopg.connect(**params, autocommit=True) as own:
            own.execute("set maintenance_work_mem = '1GB'")
            own.execute("set work_mem = '256MB'")
            own.execute(statement)

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(run, statements))


@contextmanager
def _told(what: str) -> Iterator[None]:
    began = time.monotonic()
    yield
    print(f"  {what}: {time.monotonic() - began:.0f} s", flush=True)
