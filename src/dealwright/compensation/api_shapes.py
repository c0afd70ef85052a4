"""Shapes that the API of this system shares. Amounts are decimal strings beside their currency;
shares and attainments are fractions."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID

from ninja import Schema
from pydantic import AfterValidator, Field

from dealwright.base.api.schemas import DecimalText


def _storable(text: str) -> str:
    """Refuses the one character that no text of the database can hold."""
    if "\x00" in text:
        raise ValueError("contains a character that cannot be stored")
    return text


ShortText = Annotated[str, Field(max_length=250), AfterValidator(_storable)]
KeyText = Annotated[str, Field(min_length=1, max_length=200), AfterValidator(_storable)]
PlanText = Annotated[str, Field(max_length=200_000), AfterValidator(_storable)]
LongText = Annotated[str, Field(max_length=5_000), AfterValidator(_storable)]


class MoneyOut(Schema):
    """An amount in its currency."""

    amount: DecimalText
    currency: str


class PeriodOut(Schema):
    """A pay period; ``state`` is open, calculated, in_approval, approved or closed."""

    id: UUID
    label: str
    calendar: str
    starts_on: date
    ends_on: date
    state: str
    merkle_root: str
    closed_at: datetime | None


class PeriodTotalOut(PeriodOut):
    """A period with what it comes to."""

    payees: int
    totals: list[MoneyOut]


class PlanClauseOut(Schema):
    """One numbered paragraph of a plan in English; ``line`` is where it stands in the text."""

    number: int
    title: str
    text: str
    component: str
    line: int


class ComponentOut(Schema):
    """What a component comes to; ``prior`` is the part earned in earlier periods, ``adjusted``
    the part by hand."""

    id: str
    label: str
    amount: DecimalText
    prior: DecimalText
    adjusted: DecimalText
    clause: str
    reached: DecimalText | None
    quota: DecimalText | None


class PlanPartOut(Schema):
    """What one plan comes to on a statement."""

    plan_id: UUID
    plan: str
    version: int
    plan_hash: str
    currency: str
    total: DecimalText
    components: list[ComponentOut]


class HeldOut(Schema):
    """What one hold holds of a payee's pay; below zero where it was released."""

    hold_id: UUID
    payee_id: UUID
    what: str
    reason: str
    by: str
    amount: DecimalText
    currency: str


class PayHoldOut(Schema):
    """A hold: of a deal (``event_key``), of a person, or of a person's part of a deal."""

    id: UUID
    payee_id: UUID | None
    event_key: str
    what: str
    reason: str
    starts_on: date
    ends_on: date | None
    held_at: datetime
    released_at: datetime | None
    amounts: list[MoneyOut]


class LaterOut(Schema):
    """What became known after ``as_of``, and by which run, adjustment or hold."""

    at: datetime
    cause: str
    by: str
    run_id: UUID | None
    component: str
    payees: int
    amount: DecimalText
    currency: str


class StatementOut(Schema):
    """A payee's statement of a period; ``totals`` is what was earned, ``payable`` that less what
    is on hold."""

    payee_id: UUID
    payee: str
    period: PeriodOut
    totals: list[MoneyOut]
    payable: list[MoneyOut]
    paid: list[MoneyOut]
    held: list[HeldOut]
    changes_since: list[LaterOut]
    plans: list[PlanPartOut]


class StatementEventOut(Schema):
    """The event behind a line."""

    id: UUID
    title: str
    kind: str
    date: date
    amount: DecimalText
    currency: str


class EarnedOut(Schema):
    """A period with what it came to for a payee."""

    period: PeriodOut
    totals: list[MoneyOut]


class StatementsOut(Schema):
    """A payee's periods, the newest first."""

    payee_id: UUID
    payee: str
    periods: list[EarnedOut]


class LedgerLineOut(Schema):
    """One line: ``sentence`` recomputes ``amount``."""

    id: int
    title: str
    sentence: str
    amount: DecimalText
    currency: str
    earned: str
    is_prior: bool
    is_taken_back: bool
    event: StatementEventOut | None
    via: str
    role: str


class LinesOut(Schema):
    """A page of lines; go on with ``start`` = ``next`` while it is not null."""

    items: list[LedgerLineOut]
    next: int | None


class LinkOut(Schema):
    """Where a line leads: the page at ``url``, the record itself at ``/api/v1`` before it."""

    label: str
    url: str


class SplitOut(Schema):
    """A payee's fraction of an event."""

    name: str
    share: DecimalText
    role: str


class LineDetailOut(LedgerLineOut):
    """Everything under a line: the records behind its event, and behind the cause where another
    event, such as a termination, changed what it pays."""

    splits: list[SplitOut]
    links: list[LinkOut]
    cause: StatementEventOut | None
    cause_links: list[LinkOut]
    clause: PlanClauseOut | None


class PayeeOut(Schema):
    """A payee in a period."""

    id: UUID
    name: str
    totals: list[MoneyOut]
    attainment: DecimalText | None


class CalculationRunOut(Schema):
    """One calculation; the three hashes name plan, input and result."""

    id: UUID
    plan_id: UUID
    version: int
    cause: str
    starts_on: date
    ends_on: date
    plan_hash: str
    input_hash: str
    result_hash: str
    engine: str
    line_count: int
    total: DecimalText
    delta_count: int
    delta: DecimalText
    currency: str
    created_at: datetime


class StandingOut(Schema):
    """A place on the leaderboard; ``payout`` is null where it may not be seen."""

    place: int
    user_id: UUID
    name: str
    region: str
    reached: DecimalText
    quota: DecimalText
    attainment: DecimalText | None
    payout: DecimalText | None
    currency: str


class PlanOut(Schema):
    """A plan."""

    id: UUID
    key: str
    name: str
    currency: str
    calendar: str
    payees: int
    active_version: int | None
    draft_version: int | None


class PlanVersionOut(Schema):
    """One version of a plan with its text and what it says in English."""

    plan_id: UUID
    number: int
    status: str
    hash: str
    starts_on: date | None
    ends_on: date | None
    text: str
    document: list[PlanClauseOut]


class PlanProblemOut(Schema):
    """A mistake in a plan's text."""

    line: int
    message: str


class CheckOut(Schema):
    """The English document, or the mistakes."""

    ok: bool
    problems: list[PlanProblemOut]
    document: list[PlanClauseOut]


class QuotaOut(Schema):
    """A quota of a person, a position or a team; ``per`` says what the amount is for."""

    id: UUID
    user_id: UUID | None
    position: str
    team_id: UUID | None
    measure: str
    starts_on: date
    ends_on: date
    amount: DecimalText
    per: str


class CreditEventOut(Schema):
    """An event as it is recorded; ``changed`` says whether this call changed it, ``notes`` what
    to know where it lies in a period that takes no postings any more."""

    id: UUID
    key: str
    kind: str
    date: date
    amount: DecimalText
    currency: str
    version: int
    voided: bool
    changed: bool
    notes: list[str]


def clauses_out(clauses: Any) -> list[dict[str, Any]]:
    return [
        {
            "number": each.number,
            "title": each.title,
            "text": each.text,
            "component": each.component,
            "line": each.line,
        }
        for each in clauses
    ]


def money_out(totals: Any) -> list[dict[str, Any]]:
    return [{"amount": amount, "currency": currency} for currency, amount in totals.items()]


def held_out(held: Any) -> dict[str, Any]:
    return {
        "hold_id": held.hold.pk,
        "payee_id": held.payee.pk,
        "what": held.what,
        "reason": held.hold.reason,
        "by": held.hold.held_by_name,
        "amount": held.amount,
        "currency": held.currency,
    }


def period_out(period: Any) -> dict[str, Any]:
    return {
        "id": period.pk,
        "label": period.label,
        "calendar": period.calendar,
        "starts_on": period.starts_on,
        "ends_on": period.ends_on,
        "state": period.state,
        "merkle_root": period.merkle_root,
        "closed_at": period.closed_at,
    }
