"""Setting quotas, by hand and from a file, and keeping the reporting lines."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any

from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from dealwright.base.access.actor import Actor, change
from dealwright.base.errors import Conflict, Invalid, NotFound
from dealwright.base.people.models import Team, User
from dealwright.base.periods import period_labelled
from dealwright.compensation.access import require_pay_manager
from dealwright.compensation.dated_files import People, Row, day_in, import_dated, person_in
from dealwright.compensation.plans.pieces import REPORTING
from dealwright.compensation.quotas.models import FIRST_DAY, Quota, ReportingLine

Holder = User | Team | str  # a person, a team, or whoever has the position of this name


def set_quota(
    actor: Actor,
    holder: Holder,
    measure: str,
    amount: Decimal,
    *,
    starts_on: date,
    ends_on: date,
    per: str = Quota.Per.RANGE,
) -> Quota:
    """What a person, a position or a team should reach; a quota for exactly the same days is
    replaced.

    Raises Invalid naming the field, or Conflict naming the quota that overlaps.
    """
    require_pay_manager(actor)
    whose = _whose(holder)
    wrong = _check(amount, starts_on, ends_on, per)
    if not measure.isidentifier() or not measure.islower() or len(measure) > 40:
        wrong["measure"] = ["A quota's name has lower case letters, digits and “_” only."]
    if whose["position"] == "" and isinstance(holder, str):
        wrong["position"] = ["Choose a person, a position or a team."]
    elif len(whose["position"]) > 120:
        wrong["position"] = ["A position has at most 120 characters."]
    _refuse(wrong)
    with change(actor):
        try:
            with transaction.atomic():
                quota: Quota
                quota, _ = Quota.objects.update_or_create(
                    **whose,
                    measure=measure,
                    starts_on=starts_on,
                    ends_on=ends_on,
                    defaults={"amount": amount, "per": per, "created_by": actor.user},
                )
        except IntegrityError:
            raise _overlap(Quota(**whose, measure=measure), starts_on, ends_on) from None
        return quota


def change_quota(
    actor: Actor,
    quota_id: Any,
    *,
    amount: Decimal,
    starts_on: date,
    ends_on: date,
    per: str,
) -> Quota:
    """Give a quota another amount or other days; statements change with the next calculation.

    Raises NotFound, Invalid naming the field, or Conflict naming the quota that overlaps.
    """
    require_pay_manager(actor)
    _refuse(_check(amount, starts_on, ends_on, per))
    with change(actor):
        quota: Quota | None = (
            Quota.objects.select_for_update(of=("self",)).filter(pk=quota_id).first()
        )
        if quota is None:
            raise NotFound("This quota does not exist.")
        quota.amount, quota.per = amount, per
        quota.starts_on, quota.ends_on = starts_on, ends_on
        try:
            with transaction.atomic():
                quota.save(update_fields=["amount", "per", "starts_on", "ends_on"])
        except IntegrityError:
            raise _overlap(quota, starts_on, ends_on) from None
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
    """Quotas from CSV: one of ``payee`` (name or e-mail), ``position`` and ``team``,
    ``measure``, ``amount``, and either ``period`` (2027, 2027-Q1, 2027-03) or ``start`` and
    ``end``; ``per`` may follow.

    All rows or none: raises Invalid that names every bad row.
    """
    teams = {team.name.casefold(): team for team in Team.objects.all()}

    def take(row: Row, people: People) -> None:
        try:
            amount = Decimal(row["amount"])
        except InvalidOperation:
            raise Invalid(f"“{row['amount'][:40]}” is not an amount.") from None
        starts_on, ends_on = _days_in(row)
        set_quota(
            actor,
            _holder_in(row, people, teams),
            row["measure"],
            amount,
            starts_on=starts_on,
            ends_on=ends_on,
            per=row["per"] or Quota.Per.RANGE,
        )

    columns = ("measure", "amount", *_OPTIONAL)
    return import_dated(actor, text, columns, _OPTIONAL, take)


_OPTIONAL = ("payee", "position", "team", "period", "start", "end", "per")


def _holder_in(row: Row, people: People, teams: Mapping[str, Team]) -> Holder:
    named = [name for name in ("payee", "position", "team") if row[name]]
    if len(named) > 1:
        raise Invalid(f"name one of payee, position and team, not {' and '.join(named)}.")
    if named == ["position"]:
        return row["position"]
    if named == ["team"]:
        team = teams.get(row["team"].casefold())
        if team is None:
            raise Invalid(f"there is no team called “{row['team'][:80]}”.")
        return team
    return person_in(row, "payee", people)


def _days_in(row: Row) -> tuple[date, date]:
    if row["period"]:
        period = period_labelled(row["period"])
        return period.start, period.end
    starts_on, ends_on = day_in(row, "start"), day_in(row, "end")
    if starts_on is None or ends_on is None:
        raise Invalid("give a period such as 2027-Q1, or start and end.")
    return starts_on, ends_on


def _whose(holder: Holder) -> dict[str, Any]:
    if isinstance(holder, User):
        return {"user": holder, "position": "", "team": None}
    if isinstance(holder, Team):
        return {"user": None, "position": "", "team": holder}
    return {"user": None, "position": holder.strip(), "team": None}


def _check(amount: Decimal, starts_on: date, ends_on: date, per: str) -> dict[str, list[str]]:
    wrong: dict[str, list[str]] = {}
    if not amount.is_finite() or amount < 0 or amount >= Decimal(10) ** 13:
        wrong["amount"] = ["A quota is zero or more, and below 10,000,000,000,000."]
    if ends_on < starts_on:
        wrong["ends_on"] = ["The end comes before the start."]
    if per not in Quota.Per.values:
        wrong["per"] = [f"Choose one of {', '.join(Quota.Per.values)}."]
    return wrong


def _refuse(wrong: Mapping[str, list[str]]) -> None:
    if wrong:
        raise Invalid(" ".join(each for row in wrong.values() for each in row), fields=wrong)


def _overlap(quota: Quota, starts_on: date, ends_on: date) -> Conflict:
    """The refusal of a quota, naming it and the one that has some of its days."""
    others = Quota.objects.filter(
        user=quota.user,
        position=quota.position,
        team=quota.team,
        measure=quota.measure,
        starts_on__lte=ends_on,
        ends_on__gte=starts_on,
    ).exclude(pk=quota.pk)
    other = others.order_by("starts_on").first()
    already = f", {other.amount:,.2f} from {other.starts_on} to {other.ends_on}" if other else ""
    return Conflict(
        f"{quota.holder} has a quota “{quota.measure}” for some of these days already{already}; "
        f"the new one is from {starts_on} to {ends_on}.",
        code="not_unique",
        fields={"starts_on": ["Another quota holds for some of these days."]},
    )


def sync_reporting_lines(today: date | None = None) -> None:
    """Bring the reporting lines up to what users' managers are now.

    A line that is no longer so ends yesterday and the new one starts today; a person seen
    for the first time has the manager of now since ever. Lines of other relations stay.
    """
    today = today or timezone.localdate()
    with connection.cursor() as cursor:
        cursor.execute(
            "select person.id, person.manager_id, line.id, line.manager_id, line.starts_on,"
            " exists (select 1 from compensation_reportingline old"
            " where old.user_id = person.id and old.relation = %s)"
            " from base_user person left join compensation_reportingline line"
            " on line.user_id = person.id and line.relation = %s and line.starts_on <= %s"
            " and (line.ends_on is null or line.ends_on >= %s)"
            " where person.manager_id is distinct from line.manager_id",
            [REPORTING, REPORTING, today, today],
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
