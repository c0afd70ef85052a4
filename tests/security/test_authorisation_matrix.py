"""Every operation of the API refuses whoever has no right, and tells nobody what is there."""

from __future__ import annotations

import io
import json
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from dealwright.base.jobs import run_jobs
from dealwright.base.objects.registry import object_type_by_slug, object_types
from dealwright.base.people.scopes import SCOPES
from dealwright.base.people.tokens import create_token, revoke_token
from dealwright.base.records.models import ExternalId
from dealwright.base.transfer.drafts import start_import, upload_tables
from dealwright.crm.models import Account
from make import acting, make_user

from .company import Company, everything_private, listed
from .operations import (
    SYSTEM,
    Addresses,
    Caller,
    Operation,
    bodies_of,
    openapi,
    operations,
    problem_of,
)

pytestmark = [pytest.mark.django_db, pytest.mark.slow]


@pytest.fixture(scope="module")
def every(company: Company) -> list[Operation]:
    for of in object_types():
        record = getattr(company, of.key)
        ExternalId.objects.create(object=of.key, record_id=record.pk, system=SYSTEM, key=of.key)
    found = operations(openapi(), bodies_of(company))
    assert len(found) > 300
    return found


@pytest.fixture(scope="module")
def addresses(company: Company) -> Addresses:
    return Addresses(company)


# What needs no scope: it shows only oneself, or only what the token's scopes reach.
WITHOUT_SCOPE = {"/me", "/changes", "/events", "/search"}
# Whose scope is not that of the first word of the address.
SYSTEM_OF = {
    "webhooks": "base", "webhook-messages": "base", "users": "base", "roles": "base",
    "teams": "base", "imports": "base", "jobs": "base", "files": "base",
    "pipelines": "crm", "timeline": "crm",
    "{slug}": "crm", "merges": "crm", "reports": "crm", "verify": "signing",
    "signing-groups": "signing", "bulk-sends": "signing", "delegations": "signing",
    "approvals": "contracts", "journeys": "intelligence", "leaderboard": "acceleration",
    "forecast": "acceleration", "compensation": "compensation",
}  # fmt: skip
SCOPE_OF = {
    "GET /reports/attribution": "intelligence:read",
    "GET /leads/{id}/score": "intelligence:read",
    "POST /leads/{id}/score": "intelligence:write",
    "GET /contacts/{id}/personal-data": "crm:write",  # all that is known of a person, in one
    "POST /contacts/{id}/erase": "admin",
    "GET /evidence": "admin",
    "GET /evidence/{chain}": "admin",
    "POST /verify": "signing:read",
    "POST /compensation/plans/check": "compensation:read",
    "POST /compensation/what-if/{payee_id}/{plan_id}": "compensation:read",
}


def scope_of(operation: Operation) -> str | None:
    """The scope that the documentation promises for an operation."""
    path = operation.path.removeprefix("/api/v1")
    first = path.split("/")[1]
    if path in WITHOUT_SCOPE:
        return None
    if str(operation) in SCOPE_OF:
        return SCOPE_OF[str(operation)]
    if first in ("users", "teams") and operation.writes:
        return "admin"
    systems = SYSTEM_OF | {of.slug: of.model._meta.app_label for of in object_types()}
    if first not in systems:
        pytest.fail(f"{operation}: say in SYSTEM_OF whose scope guards it.")
    return f"{systems[first]}:{'write' if operation.writes else 'read'}"


def test_nobody_comes_in_without_a_valid_token(
    company: Company, every: list[Operation], addresses: Addresses
) -> None:
    ada = acting(company.ada)
    revoked = create_token(ada, name="Old", scopes=["admin"])
    revoke_token(ada, revoked.token.pk)
    soon = timezone.now() + timedelta(seconds=60)
    expired = create_token(ada, name="Short", scopes=["admin"], expires_at=soon)
    type(expired.token).objects.filter(pk=expired.token.pk).update(
        expires_at=timezone.now() - timedelta(seconds=1)
    )
    gone = make_user("Gone")
    left = create_token(acting(gone), name="Left", scopes=["admin"])
    type(gone).objects.filter(pk=gone.pk).update(is_active=False)
    callers = {
        "none": Caller(None),
        "garbage": Caller("dw_" + "x" * 43),
        "revoked": Caller(revoked.secret),
        "expired": Caller(expired.secret),
        "of one who left": Caller(left.secret),
    }
    for operation in every:
        address = addresses.fill(operation)
        for name, caller in callers.items():
            answer = caller.call(operation, address)
            assert answer.status == 401, (str(operation), name, answer)
            assert problem_of(answer) == {
                "type": "about:blank",
                "title": "Not signed in",
                "status": 401,
                "detail": "Send a valid token as “Authorization: Bearer …”.",
                "code": "not_authenticated",
            }


def test_a_kept_answer_is_not_for_a_token_that_was_taken_back(company: Company) -> None:
    token = create_token(acting(company.rita), name="Mine", scopes=["crm:write"])
    client = Caller(token.secret).client

    def ask() -> Any:
        return client.post(
            "/api/v1/accounts",
            {"name": "Once"},
            content_type="application/json",
            headers={"Idempotency-Key": "one"},
        )

    assert ask().status_code == 201
    assert ask().headers["Idempotent-Replayed"] == "true"
    revoke_token(acting(company.rita), token.token.pk)
    assert ask().status_code == 401


def test_each_operation_wants_its_scope(
    company: Company, every: list[Operation], addresses: Addresses
) -> None:
    without: dict[str | None, Caller] = {}
    for needed in {scope_of(operation) for operation in every}:
        enough = {needed, "admin", str(needed).replace(":read", ":write")}
        without[needed] = Caller.as_user(company.ada, *(set(SCOPES) - enough))
    wrong = []
    for operation in every:
        needed = scope_of(operation)
        answer = without[needed].call(operation, addresses.fill(operation))
        refusal = f"This token lacks the scope “{needed}”."
        if needed is None:
            as_it_should = answer.status == 200
        else:
            as_it_should = answer.status == 403 and problem_of(answer)["detail"] == refusal
        if not as_it_should:
            wrong.append((str(operation), needed, answer))
    assert not wrong, listed(wrong)


# Where a stranger is refused otherwise than by “not found”, and why.
NOT_FOR_REPS = "only administrators or finance may, whatever the record"
OPEN = "everybody in the company may read it"
REFUSED_OTHERWISE = {
    "GET /users/{id}": (200, OPEN),
    "PATCH /users/{id}": (403, NOT_FOR_REPS),
    "POST /users/{id}/deactivate": (403, NOT_FOR_REPS),
    "POST /users/{id}/reactivate": (403, NOT_FOR_REPS),
    "PUT /teams/{id}": (403, NOT_FOR_REPS),
    "DELETE /teams/{id}": (403, NOT_FOR_REPS),
    "POST /contacts/{id}/erase": (403, NOT_FOR_REPS),
    "GET /evidence/{chain}": (403, NOT_FOR_REPS),
    "POST /envelopes/{id}/holds": (403, NOT_FOR_REPS),
    "POST /envelopes/{id}/holds/{hold_id}/release": (403, NOT_FOR_REPS),
    "POST /envelopes/{id}/purge": (403, NOT_FOR_REPS),
    "PUT /signing-groups/{group_id}": (403, "administrators and legal keep them"),
    "POST /signing-groups/{group_id}/retire": (403, "administrators and legal keep them"),
    "GET /compensation/periods/{period_id}": (200, OPEN),
    "GET /compensation/periods/{period_id}/payees": (200, "shows only those whose pay one sees"),
    "GET /compensation/runs/{run_id}": (403, NOT_FOR_REPS),
    "GET /compensation/runs/{run_id}/compare/{other_id}": (403, NOT_FOR_REPS),
    "GET /compensation/periods/{period_id}/held": (403, NOT_FOR_REPS),
    "POST /compensation/holds/{hold_id}/release": (403, NOT_FOR_REPS),
    "PUT /compensation/plans/{plan_id}/pay-after-acceptance": (403, NOT_FOR_REPS),
    "POST /compensation/plans/{plan_id}/versions/{number}/acceptances": (403, NOT_FOR_REPS),
    **dict.fromkeys(
        (
            "DELETE /compensation/quotas/{quota_id}",
            "GET /compensation/planning/{scenario_id}/adoption",
            "POST /compensation/planning/{scenario_id}/adopt",
            "POST /compensation/planning/{scenario_id}/undo",
            "POST /compensation/territories/{holder_id}/change",
            "POST /compensation/territories/{holder_id}/end",
            "DELETE /compensation/territories/{holder_id}",
            "POST /compensation/relationships/{relationship_id}/change",
            "POST /compensation/relationships/{relationship_id}/end",
            "DELETE /compensation/relationships/{relationship_id}",
            "POST /compensation/accounting/months/{month}/run",
            "POST /compensation/accounting/months/{month}/close",
            "GET /compensation/accounting/deals/{event_id}",
            "GET /compensation/accounting/payments/{batch_id}",
            "POST /compensation/accounting/payments/{batch_id}/returns",
            "POST /compensation/accounting/payments/{batch_id}/differences",
            "POST /compensation/accounting/payments/{batch_id}/reconcile",
        ),
        (403, NOT_FOR_REPS),
    ),
    **{
        f"POST /compensation/periods/{{period_id}}/{step}": (403, NOT_FOR_REPS)
        for step in ("calculate", "submit", "return", "approve", "close", "pay")
    },
    "PUT /compensation/plans/{plan_id}/draft": (403, NOT_FOR_REPS),
    "POST /compensation/plans/{plan_id}/assignments": (403, NOT_FOR_REPS),
    "POST /compensation/plans/{plan_id}/backtests": (403, NOT_FOR_REPS),
}


def test_what_is_hidden_answers_as_what_is_not_there(
    company: Company, every: list[Operation], addresses: Addresses
) -> None:
    everything_private()
    sam = Caller.as_user(company.sam)
    wrong: list[Any] = []
    for operation in every:
        if not operation.names_a_record:
            continue
        expected, _ = REFUSED_OTHERWISE.get(str(operation), (404, ""))
        hidden = sam.call(operation, addresses.fill(operation))
        if hidden.status != expected:
            wrong.append((str(operation), expected, hidden))
        if hidden.status == 200:
            continue
        if "/by/" in operation.path and operation.writes:
            continue  # a key is taken once for the whole company: with another one may create
        absent = sam.call(operation, addresses.fill(operation, absent=True))
        if problem_of(hidden) != problem_of(absent):
            wrong.append((str(operation), hidden, absent))
    assert not wrong, listed(wrong)


# Writes that are everybody's own affair, or write nothing.
OPEN_TO_READERS = {
    "POST /webhooks": 201,
    "POST /imports": 201,  # a draft of one's own; each row is refused when it runs
    "POST /verify": 200,
    "POST /compensation/plans/check": 200,
}
OF_ANOTHER = ("webhooks", "webhook-messages", "imports", "jobs")  # not found, being another's

# Pay plans are not shown to who is on none of them, nor drafts of quotas to who plans none; nor
# is the bin to who cannot restore.
HIDDEN_FROM_READERS = {
    "PUT /compensation/planning/{scenario_id}/rows/{row_id}/proposal",
    "POST /compensation/plans/{plan_id}/versions/{number}/activate",
    "POST /compensation/what-if/{payee_id}/{plan_id}",
}


def test_a_reader_writes_nothing(
    company: Company, every: list[Operation], addresses: Addresses
) -> None:
    reed = Caller.as_user(company.reed)
    wrong = []
    for operation in every:
        if not operation.writes:
            continue
        address = addresses.fill(operation)
        before = in_the_bin(company, address) if address.endswith("/restore") else None
        answer = reed.call(operation, address, before=before)
        if operation.path.endswith("/bulk"):
            assert [json.loads(line)["status"] for line in answer.text.splitlines()] == [403]
            continue
        first = operation.path.split("/")[3]
        another = 404 if first in OF_ANOTHER and operation.names_a_record else 403
        if before is not None or str(operation) in HIDDEN_FROM_READERS:
            another = 404
        if answer.status != OPEN_TO_READERS.get(str(operation), another):
            wrong.append((str(operation), another, answer))
    assert not wrong, listed(wrong)


def in_the_bin(company: Company, address: str) -> Any:
    """Puts the record of an address like ``/api/v1/accounts/<id>/restore`` in the bin."""
    of = object_type_by_slug(address.split("/")[3])

    def before() -> None:
        record = getattr(company, of.key)
        type(record).objects.filter(pk=record.pk).update(deleted_at=timezone.now())

    return before


def test_an_import_of_a_reader_writes_no_row(company: Company) -> None:
    draft = upload_tables(acting(company.reed), [("a.csv", io.BytesIO(b"Name\nZeta\n"))])
    start_import(acting(company.reed), draft)
    run_jobs()
    assert not Account.objects.filter(name="Zeta").exists()


PAY = [
    "/compensation/statements/{payee}/{period}",
    "/compensation/statements/{payee}/{period}/lines?plan={plan}&component=commission",
    "/compensation/lines/{line}",
    "/compensation/plans/{plan}/versions/1",
]


@pytest.mark.parametrize("path", PAY)
def test_pay_is_for_the_payee_the_managers_above_and_finance(company: Company, path: str) -> None:
    path = "/api/v1" + path.format(
        payee=company.assignee.pk,
        period=company.period.pk,
        plan=company.plan.pk,
        line=company.line.pk,
    )

    def status(user: Any) -> int:
        found = Caller.as_user(user, "compensation:read").client.get(path)
        return int(found.status_code)

    for user in (company.assignee, company.mia, company.fay, company.ada):
        assert status(user) == 200, user.name
    for user in (company.rita, company.sam, company.reed):
        assert status(user) == 404, user.name


def test_lists_of_pay_leave_out_whose_pay_one_may_not_see(company: Company) -> None:
    def shown(user: Any, path: str) -> str:
        found = Caller.as_user(user).client.get(f"/api/v1{path}")
        assert found.status_code == 200
        return str(found.content.decode())

    pat = str(company.assignee.pk)
    period = f"/compensation/periods/{company.period.pk}/payees"
    for path in (period, "/compensation/quotas"):
        assert pat in shown(company.fay, path), path
        assert pat in shown(company.mia, path), path
        assert pat not in shown(company.rita, path), path
        assert pat not in shown(company.reed, path), path


@pytest.mark.parametrize("by", ["attainment", "reached", "payout"])
def test_a_leaderboard_tells_no_payout(company: Company, by: str) -> None:
    path = f"/api/v1/compensation/leaderboard?period={company.period.pk}&by={by}"

    def payouts(user: Any) -> list[str | None]:
        rows = json.loads(Caller.as_user(user).client.get(path).content)
        return [row["payout"] for row in rows]

    assert payouts(company.fay) == payouts(company.mia) == ["50.00"]
    assert [each for each in payouts(company.rita) if each is not None] == []
