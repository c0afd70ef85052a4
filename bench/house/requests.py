"""What is asked of the house: per person and case some requests to take in turn."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from importlib import import_module
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

AMOUNT = "7777777.77"  # stands for an amount that differs with each save
TEXTS = ["silver lab", "johnson", "jhonson", "emma fischer", "rollout med", "amber", "quartz opt",
         "maria.silva", "migraton", "5550123", "indigo robotics gmbh", "su"]  # fmt: skip
CONTROL = ("BEGIN", "COMMIT", "ROLLBACK", "SAVEPOINT", "RELEASE")
MADE = re.compile(r"\b[0-9a-f]{8}-?[0-9a-f]{4}-?7[0-9a-f]{3}-?[0-9a-f]{4}-?[0-9a-f]{12}\b")


@dataclass(frozen=True, slots=True)
class Request:
    """One request as a client sends it."""

    path: str
    method: str = "GET"
    body: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class Case:
    """Requests of one kind. ``budget`` is milliseconds at the 95th percentile, 0 where there is
    none; ``sql`` holds per request what the house ran."""

    person: str
    name: str
    budget: int
    requests: Sequence[Request]
    sql: list[list[str]] = field(default_factory=list)
    fresh: list[int] = field(default_factory=list)

    @property
    def key(self) -> str:
        return f"{self.person}-{self.name}".replace(" ", "-")

    @property
    def statements(self) -> int:
        """The most statements that one of the requests takes."""
        counts = [
            sum(not each.startswith(CONTROL) for each in statements) for statements in self.sql
        ]
        return max(counts, default=0)


def fresh_name(number: int) -> str:
    """What stands for an id that the house makes anew each time."""
    return f"@@fresh{number}@@"


def make_cases(people: Mapping[str, Any], only: str = "") -> list[Case]:
    """The cases of the three people whose key holds ``only``, with the statements of each."""
    from dealwright.base.people.models import User

    cases = []
    for person in ("administrator", "manager", "rep"):
        user = User.objects.get(pk=people[person])
        cases += [case for case in _cases_of(person, user) if only in case.key and case.requests]
    for case in cases:
        _watch(case)
    return cases


def _cases_of(person: str, user: Any) -> list[Case]:
    headers = _signed_in(user)
    deals = _busiest(user, "opportunity")
    accounts = _busiest(user, "account")

    def pages(name: str, budget: int, paths: Sequence[str]) -> Case:
        return Case(person, name, budget, [Request(path, headers=headers) for path in paths])

    lists = [f"/opportunities?{query}" for query in _queries()]
    seconds = [_second(path, headers) for path in lists]
    htmx = headers | {"HX-Request": "true"}
    json_headers = headers | {"Accept": "application/json"}
    token = _token(user)
    tree = json.dumps({"field": "status", "op": "is", "value": "open"})
    api = [
        "/api/v1/opportunities?limit=50",
        f"/api/v1/opportunities?{urlencode({'limit': 50, 'sort': '-amount', 'filter': tree})}",
        f"/api/v1/opportunities?{urlencode({'limit': 50, 'sort': 'close_date', 'filter': tree})}",
    ]
    body = json.dumps(
        {"values": {"amount": AMOUNT}, "columns": "name,account,stage,amount,close_date,owner"}
    )
    writes = headers | {"Content-Type": "application/json"}
    return [
        pages("list", 150, lists),
        Case(person, "list page 2", 150, [Request(path, headers=htmx) for path in seconds if path]),
        pages("list totals", 0, [path.replace("?", "/totals?") for path in lists]),
        pages("opportunity", 200, [f"/opportunities/{key}" for key in deals]),
        pages("opportunity side", 200, [f"/opportunities/{key}/side" for key in deals]),
        pages("account", 200, [f"/accounts/{key}" for key in accounts]),
        pages("account side", 200, [f"/accounts/{key}/side" for key in accounts]),
        Case(
            person,
            "palette search",
            150,
            [Request(f"/search?{urlencode({'q': text})}", headers=json_headers) for text in TEXTS],
        ),
        Case(
            person,
            "API search",
            150,
            [Request(f"/api/v1/search?{urlencode({'q': text})}", headers=token) for text in TEXTS],
        ),
        pages("board", 200, ["/opportunities/board", "/opportunities/board?sort=-amount"]),
        pages("board sums", 0, ["/opportunities/board/sums"]),
        Case(
            person,
            "save a cell",
            100,
            [
                Request(f"/opportunities/{key}/cells", "POST", body, writes)
                for key in _own_deals(user)
            ],
        ),
        Case(person, "API list", 150, [Request(path, headers=token) for path in api]),
    ]


def _queries() -> list[str]:
    """Filters and orders that people use: one's open deals by size, those due soon, an industry."""
    is_open = {"field": "status", "op": "is", "value": "open"}
    trees: list[tuple[Any, str]] = [
        (is_open, "-amount"),
        ({"all": [is_open, {"field": "amount", "op": "gte", "value": 20_000}]}, "close_date"),
        (
            {"all": [is_open, {"field": "account.industry", "op": "is", "value": "Energy"}]},
            "-created_at",
        ),
        ({"field": "kind", "op": "is", "value": "expansion"}, "-amount"),
    ]
    return [urlencode({"filter": json.dumps(tree), "sort": sort}) for tree, sort in trees]


def _signed_in(user: Any) -> dict[str, str]:
    """The headers of a browser in which the user is signed in."""
    from django.conf import settings
    from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
    from django.utils.crypto import get_random_string

    store = import_module(settings.SESSION_ENGINE).SessionStore()
    store[SESSION_KEY] = str(user.pk)
    store[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
    store[HASH_SESSION_KEY] = user.get_session_auth_hash()
    store.save()
    secret = get_random_string(32)
    return {
        "Cookie": f"{settings.SESSION_COOKIE_NAME}={store.session_key}; csrftoken={secret}",
        "X-CSRFToken": secret,
        "Accept": "text/html",
    }


def _token(user: Any) -> dict[str, str]:
    from dealwright.base.access.actor import Actor
    from dealwright.base.people.credentials import ApiToken
    from dealwright.base.people.tokens import create_token

    ApiToken.objects.filter(user=user, name="bench").delete()
    made = create_token(Actor(user, "web"), name="bench", scopes=["crm:read"])
    return {"Authorization": f"Bearer {made.secret}"}


def _busiest(user: Any, column: str) -> list[str]:
    """Ten records with the most activities among those that the user may see."""
    from django.db import connection

    from dealwright.base.access.actor import Actor
    from dealwright.base.access.visibility import visible_records

    with connection.cursor() as cursor:
        cursor.execute(
            f"select {column}_id from crm_activity where {column}_id is not null "
            f"group by 1 order by count(*) desc limit 5000"
        )
        ids = [key for (key,) in cursor.fetchall()]
    seen = set(
        visible_records(Actor(user, "web"), column).filter(pk__in=ids).values_list("pk", flat=True)
    )
    return [str(key) for key in ids if key in seen][:10]


def _own_deals(user: Any) -> list[str]:
    """Forty deals that the user may change: enough that clients seldom meet at one. They have no
    line items, which would forbid an amount by hand."""
    from dealwright.base.access.visibility import changeable_by
    from dealwright.crm.opportunities.models import Opportunity

    rows = Opportunity.objects.filter(changeable_by(user, "opportunity"))
    return [str(key) for key in rows.order_by("-id").values_list("pk", flat=True)[:40]]


def _second(path: str, headers: Mapping[str, str]) -> str:
    """The address of the second page, as the first page names it; "" where there is none."""
    response = ask(Request(path, headers=headers))
    found = re.search(r'"(/opportunities/rows\?[^"]*after=[^"]+)"', response.content.decode())
    return found[1].replace("&amp;", "&") if found else ""


def ask(request: Request) -> Any:
    """The house's answer, in this process."""
    from django.test import Client

    client = Client()
    headers = dict(request.headers)
    for pair in headers.pop("Cookie", "").split("; "):
        if pair:
            name, _, value = pair.partition("=")
            client.cookies[name] = value
    content_type = headers.pop("Content-Type", "application/json")
    if request.method == "GET":
        response = client.get(request.path, headers=headers)
    else:
        body = request.body.encode()
        response = client.post(request.path, body, content_type=content_type, headers=headers)
    if response.status_code != 200:
        raise SystemExit(f"{request.path} answers {response.status_code}: {response.content!r}")
    return response


def _watch(case: Case) -> None:
    """Note the statements of each request; what is read once per process is read before."""
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    for at, request in enumerate(case.requests):
        if request.method != "GET":  # what is captured must be a change
            ask(replace(request, body=request.body.replace(AMOUNT, f"{at + 1}000.00")))
        elif at == 0:
            ask(request)
        began = time.time_ns() // 1_000_000
        with CaptureQueriesContext(connection) as captured:
            ask(request)
        text = "\0".join(query["sql"] for query in captured.captured_queries)
        made: dict[str, str] = {}
        if request.method != "GET":
            for found in MADE.findall(text):
                if int(found.replace("-", "")[:12], 16) >= began:
                    made.setdefault(found.replace("-", ""), fresh_name(len(made)))
            for key, name in made.items():
                text = text.replace(str(UUID(key)), name).replace(key, name)
        case.sql.append(text.split("\0"))
        case.fresh.append(len(made))
