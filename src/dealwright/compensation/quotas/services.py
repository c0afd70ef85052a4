"""Setting quotas, by hand and from a file, and keeping the reporting lines."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from datetime import date, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any

from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from dealwright.base.access.actor import Actor, change
from dealwright.base.errors import Conflict, Invalid, NotFound
from dealwright.base.people.models import User
from dealwright.base.periods import period_labelled
from dealwright.compensation.access import require_pay_manager
from dealwright.compensation.quotas.models import Quota, ReportingLine

MAX_ROWS = 20_000
FIRST_DAY = date(1900, 1, 1)


def set_quota(
    actor: Actor,
    user: User,
    measure: str,
    amount: Decimal,
    *,
    starts_on: date,
    ends_on: date,
    per: str = Quota.Per.RANGE,
) -> Quota:
    """What a person should reach; a quota for exactly the same days is replaced.

    Raises Invalid naming the field, or Conflict where other days overlap.
    """
    require_pay_manager(actor)
    wrong: dict[str, list[str]] = {}
    if not measure.isidentifier() or not measure.islower() or len(measure) > 40:
        wrong["measure"] = ["A quota's name has lower case letters, digits and “_” only."]
    if not amount.is_finite() or amount < 0 or amount >= Decimal(10) ** 13:
        wrong["amount"] = ["A quota is zero or more, and below 10,000,000,000,000."]
    if ends_on < starts_on:
        wrong["ends_on"] = ["The end comes before the start."]
    if per not in Quota.Per.values:
        wrong["per"] = [f"Choose one of {', '.join(Quota.Per.values)}."]
    if wrong:
        raise Invalid(" ".join(each for row in wrong.values() for each in row), fields=wrong)
    with change(actor):
        try:
            with transaction.atomic():
                quota, _ = Quota.objects.update_or_create(
                    user=user,
                    measure=measure,
                    starts_on=starts_on,
                    ends_on=ends_on,
                    defaults={"amount": amount, "per": per, "created_by": actor.user},
                )
        except IntegrityError:
            raise Conflict(
                f"{user.name} has a quota “{measure}” for some of these days already.",
                code="not_unique",
                fields={"starts_on": ["Another quota holds for some of these days."]},
            ) from None
        return quota


def delete_quota(actor: Actor, quota_id: Any) -> None:
    """Take a quota away; statements change with the next calculation."""
    require_pay_manager(actor)
    with change(actor):
        quota = Quota.objects.filter(pk=quota_id).first()
        if quota is None:
            raise NotFound("This quota does not exist.")
        quota.delete()


def import_quotas(actor: Actor, text: str) -> int:
    """Quotas from CSV: ``payee`` (name or e-mail), ``measure``, ``amount``, and either
    ``period`` (2027, 2027-Q1, 2027-03) or ``start`` and ``end``; ``per`` may follow.

    All rows or none: raises Invalid that names every bad row.
    """
    require_pay_manager(actor)
    rows = list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff"))))
    if not rows or not {"payee", "measure", "amount"} <= set(rows[0]):
        raise Invalid(
            "The first row must name the columns payee, measure, amount and period.",
            fields={"file": ["Columns payee, measure and amount are needed."]},
        )
    if len(rows) > MAX_ROWS:
        raise Invalid(f"A file may have at most {MAX_ROWS:,} quotas.")
    people = people_by_name()
    wrong: list[str] = []
    with change(actor), transaction.atomic():
        for number, row in enumerate(rows, 2):
            try:
                _import_row(actor, row, people)
            except (Invalid, Conflict) as error:
                wrong.append(f"Row {number}: {error.message}")
        if wrong:
            raise Invalid(
                f"{len(wrong)} rows are wrong; nothing was imported.", fields={"file": wrong[:50]}
            )
    return len(rows)


def _import_row(actor: Actor, row: Mapping[str, str | None], people: Mapping[str, User]) -> None:
    def cell(name: str) -> str:
        return (row.get(name) or "").strip()

    user = people.get(cell("payee").casefold())
    if user is None:
        raise Invalid(f"there is nobody called “{cell('payee')[:80]}”.")
    try:
        amount = Decimal(cell("amount"))
    except InvalidOperation:
        raise Invalid(f"“{cell('amount')[:40]}” is not an amount.") from None
    if cell("period"):
        period = period_labelled(cell("period"))
        starts_on, ends_on = period.start, period.end
    else:
        try:
            starts_on, ends_on = (date.fromisoformat(cell(each)) for each in ("start", "end"))
        except ValueError:
            raise Invalid("give a period such as 2027-Q1, or start and end.") from None
    set_quota(
        actor,
        user,
        cell("measure"),
        amount,
        starts_on=starts_on,
        ends_on=ends_on,
        per=cell("per") or Quota.Per.RANGE,
    )


def people_by_name() -> dict[str, User]:
    """Users by e-mail and by name, where only one has the name; all in small letters."""
    found: dict[str, User] = {}
    twice: set[str] = set()
    for user in User.objects.all():
        name = user.name.casefold()
        if name in found:
            twice.add(name)
        found[name] = user
    for name in twice:
        del found[name]
    return found | {user.email.casefold(): user for user in User.objects.all()}


def sync_reporting_lines(today: date | None = None) -> None:
    """Bring the reporting lines up to what users' managers are now.

    A line that is no longer so ends yesterday and the new one starts today; a person seen
    for the first time has the manager of now since ever.
    """
    today = today or timezone.localdate()
    with connection.cursor() as cursor:
        cursor.execute(
            "select person.id, person.manager_id, line.id, line.manager_id, line.starts_on,"
            " exists (select 1 from compensation_reportingline old where old.user_id = person.id)"
            " from base_user person left join compensation_reportingline line"
            " on line.user_id = person.id and line.starts_on <= %s"
            " and (line.ends_on is null or line.ends_on >= %s)"
            " where person.manager_id is distinct from line.manager_id",
            [today, today],
        )
        changed = cursor.fetchall()
    for user_id, manager_id, line_id, _, starts_on, seen in changed:
        if line_id is not None:
            if starts_on == today:
                ReportingLine.objects.filter(pk=line_id).delete()
            else:
                ReportingLine.objects.filter(pk=line_id).update(ends_on=today - timedelta(days=1))
        if manager_id is not None and manager_id != user_id:
            ReportingLine.objects.create(
                user_id=user_id, manager_id=manager_id, starts_on=today if seen else FIRST_DAY
            )
