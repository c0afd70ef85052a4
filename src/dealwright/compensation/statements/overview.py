"""Whose statements there are, and what each period came to: what overviews show."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

from django.db.models import Max, Min, Q, Sum

from dealwright.base.access.actor import Actor
from dealwright.base.people.models import User
from dealwright.compensation.access import payee_ids, visible_pay
from dealwright.compensation.calculation.models import Attainment
from dealwright.compensation.ledger.models import NOT_EARNED, Account, Posting
from dealwright.compensation.periods.models import PayPeriod
from dealwright.compensation.plans.models import PlanAssignment


@dataclass(frozen=True, slots=True)
class PayeeRow:
    """One payee in the overview of a period."""

    id: UUID
    name: str
    amounts: Mapping[str, Decimal]
    attainment: Decimal | None


def payees_of_period(
    actor: Actor,
    period: PayPeriod,
    *,
    after: str = "",
    limit: int = 100,
    as_of: datetime | None = None,
) -> Sequence[PayeeRow]:
    """Everybody whose pay the actor may see, with what the period comes to, by name; as known
    at a moment (now)."""
    people = User.objects.filter(visible_pay_of_users(actor)).filter(
        Q(plan_assignments__starts_on__lte=period.ends_on)
        & (
            Q(plan_assignments__ends_on__isnull=True)
            | Q(plan_assignments__ends_on__gte=period.starts_on)
        )
        & Q(plan_assignments__plan__calendar=period.calendar)
        | Q(pk__in=Posting.objects.filter(posted_period=period).values("payee_id"))
    )
    if after:
        people = people.filter(name__gt=after)
    chosen = list(people.distinct().order_by("name", "pk").values_list("pk", "name")[:limit])
    ids = [pk for pk, _ in chosen]
    sums: dict[UUID, dict[str, Decimal]] = defaultdict(dict)
    for row in (
        Posting.objects.filter(
            *([Q(created_at__lte=as_of)] if as_of else []),
            posted_period=period,
            payee_id__in=ids,
            account=Account.PAYABLE,
        )
        .exclude(kind__in=NOT_EARNED)
        .values("payee_id", "currency")
        .annotate(sum=Sum("amount"))
    ):
        sums[row["payee_id"]][row["currency"]] = -row["sum"]
    attained = (
        {}
        if as_of
        else {
            row["payee_id"]: row["reached"] / row["quota"] if row["quota"] else None
            for row in Attainment.objects.filter(period=period, payee_id__in=ids)
            .values("payee_id")
            .annotate(reached=Max("reached"), quota=Max("quota"))
        }
    )
    return [PayeeRow(pk, name, sums.get(pk, {}), attained.get(pk)) for pk, name in chosen]


def visible_pay_of_users(actor: Actor) -> Q:
    """As ``visible_pay``, for a query over users."""
    ids = payee_ids(actor)
    return Q() if ids is None else Q(pk__in=ids)


def periods_of(payee: User) -> Sequence[PayPeriod]:
    """The periods in which a payee was on a plan or was posted to, the newest first."""
    spans = (
        PlanAssignment.objects.filter(user=payee)
        .values("plan__calendar")
        .annotate(first=Min("starts_on"))
    )
    condition = Q(pk__in=Posting.objects.filter(payee=payee).values("posted_period_id"))
    for span in spans:
        condition |= Q(calendar=span["plan__calendar"], ends_on__gte=span["first"])
    return list(PayPeriod.objects.filter(condition).order_by("-starts_on")[:60])


def earned_by_period(
    actor: Actor, payee: User, periods: Sequence[PayPeriod]
) -> Mapping[UUID, Mapping[str, Decimal]]:
    """What each of these periods came to for a payee, by currency."""
    rows = (
        Posting.objects.filter(
            visible_pay(actor), payee=payee, posted_period__in=periods, account=Account.PAYABLE
        )
        .exclude(kind__in=NOT_EARNED)
        .values("posted_period_id", "currency")
        .annotate(sum=Sum("amount"))
    )
    sums: dict[UUID, dict[str, Decimal]] = defaultdict(dict)
    for row in rows:
        sums[row["posted_period_id"]][row["currency"]] = -row["sum"]
    return sums


def period_for(actor: Actor, payee: User | None, today: date) -> PayPeriod | None:
    """The period to show first: that of today, else the latest there is."""
    rows = (
        PayPeriod.objects.filter(pk__in=[each.pk for each in periods_of(payee)])
        if payee is not None
        else PayPeriod.objects.all()
    )
    return (
        rows.filter(starts_on__lte=today, ends_on__gte=today).order_by("-starts_on").first()
        or rows.filter(ends_on__lt=today).order_by("-ends_on").first()
        or rows.order_by("starts_on").first()
    )
