"""Which pay a hold holds, and the ledger brought up to it.

What a hold holds is found anew each time from the lines and postings there are; only the
difference from what stands on ``on_hold`` is posted. So a calculation under a hold, a second hold
on the same deal, or a release each post exactly what they move, and nothing is lost: payable and
on hold together are what would be payable without holds.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal
from uuid import UUID

from django.db import connection
from django.db.models import Max, Q, Sum

from dealwright.base.access.actor import Actor
from dealwright.compensation.calculation.models import CalculationRun, RunLine
from dealwright.compensation.credits.models import CreditEvent
from dealwright.compensation.holds.models import Hold
from dealwright.compensation.ledger.entries import double_entry
from dealwright.compensation.ledger.models import Account, Posting
from dealwright.compensation.periods.models import PayPeriod
from dealwright.compensation.periods.services import posting_period
from dealwright.compensation.plans.reading import read_plan

_CENT = Decimal("0.01")
EARNED = (Posting.Kind.CALCULATION, Posting.Kind.ADJUSTMENT)


@dataclass(frozen=True, slots=True)
class Place:
    """Where in a payee's ledger an amount stands."""

    plan_id: UUID | None
    component: str
    earned_id: UUID
    currency: str


@dataclass(frozen=True, slots=True)
class _Piece:
    """An amount that became payable at once; ``id`` is the run's or the posting's, by time."""

    place: Place
    posted_id: UUID
    id: UUID
    event_id: UUID | None
    amount: Decimal


@dataclass(frozen=True, slots=True)
class _Batch:
    id: UUID
    currency: str
    calendar: tuple[str, int]
    number: int
    at: datetime


def settle_holds(
    actor: Actor,
    payees: Iterable[UUID] | None = None,
    *,
    run: CalculationRun | None = None,
    is_release: bool = False,
) -> int:
    """Bring what is on hold for some payees (None: all) up to the holds there are.

    ``run`` is the calculation that made it necessary, ``is_release`` that a release did.
    Returns how many postings were made.
    """
    wanted = None if payees is None else frozenset(payees)
    made = 0
    for payee_id in sorted(_concerned(wanted)):
        made += _settle(actor, payee_id, run, is_release)
    return made


def _concerned(payees: frozenset[UUID] | None) -> set[UUID]:
    """Those who are under a hold or have something on hold."""
    holds = list(Hold.objects.filter(released_at__isnull=True).values_list("payee_id", "event_id"))
    found = {payee_id for payee_id, event_id in holds if event_id is None}
    events = {event_id for _, event_id in holds if event_id is not None}
    if events:
        lines = RunLine.objects.filter(event_id__in=_families(events))
        if payees is not None:
            lines = lines.filter(payee_id__in=payees)
        found |= set(lines.values_list("payee_id", flat=True).distinct())
    held = Posting.objects.filter(hold__isnull=False)
    if payees is not None:
        held = held.filter(payee_id__in=payees)
    found |= set(held.values_list("payee_id", flat=True).distinct())
    return found if payees is None else found & payees


def _families(events: Iterable[UUID]) -> dict[UUID, UUID]:
    """A deal's event and those that follow it -> the deal's."""
    families = {event: event for event in events}
    followers = CreditEvent.objects.filter(reference_id__in=list(families))
    return families | dict(followers.values_list("pk", "reference_id"))


def _settle(actor: Actor, payee_id: UUID, run: CalculationRun | None, is_release: bool) -> int:
    with connection.cursor() as cursor:
        cursor.execute("select pg_advisory_xact_lock(hashtextextended(%s, 11))", [str(payee_id)])
    wanted = _wanted(payee_id)
    there: dict[tuple[UUID, Place], Decimal] = {
        (row["hold_id"], _place(row)): -row["sum"]
        for row in Posting.objects.filter(payee_id=payee_id, account=Account.ON_HOLD)
        .values("hold_id", "plan_id", "component", "earned_period_id", "currency")
        .annotate(sum=Sum("amount"))
    }
    changes = {
        key: wanted.get(key, Decimal(0)) - there.get(key, Decimal(0))
        for key in sorted({*wanted, *there}, key=str)
    }
    changes = {key: amount for key, amount in changes.items() if amount}
    if not changes:
        return 0
    freed: dict[Place, Decimal] = defaultdict(Decimal)
    for (_, place), amount in changes.items():
        freed[place] += amount
    periods = PayPeriod.objects.in_bulk([place.earned_id for _, place in changes])
    reasons = dict(
        Hold.objects.filter(pk__in=[hold_id for hold_id, _ in changes]).values_list("pk", "reason")
    )
    postings: list[Posting] = []
    for (hold_id, place), amount in changes.items():
        released = is_release and freed[place] < 0
        postings += double_entry(
            Account.PAYABLE,
            Account.ON_HOLD,
            amount,
            kind=Posting.Kind.RELEASE if released else Posting.Kind.HOLD,
            run=run,
            hold_id=hold_id,
            payee_id=payee_id,
            plan_id=place.plan_id,
            component=place.component,
            earned_period_id=place.earned_id,
            posted_period=posting_period(periods[place.earned_id]),
            currency=place.currency,
            memo=reasons[hold_id][:200],
            created_by=actor.user,
        )
    Posting.objects.bulk_create(postings)
    return len(postings)


def _place(row: Mapping[str, object]) -> Place:
    plan_id, component = row["plan_id"], row["component"]
    return Place(plan_id, component, row["earned_period_id"], row["currency"])  # type: ignore[arg-type]


def _wanted(payee_id: UUID) -> dict[tuple[UUID, Place], Decimal]:
    """(hold, place) -> what the hold holds there.

    A hold never holds a debt: where all it covers comes to less than nothing, it holds nothing.
    """
    holds = list(
        Hold.objects.filter(
            Q(payee_id=payee_id) | Q(payee_id__isnull=True, event__isnull=False)
        ).order_by("held_at", "pk")
    )
    deals = [each for each in holds if each.event_id is not None]
    people = [each for each in holds if each.event_id is None]
    families = _families({each.event_id for each in deals})
    pieces = _deal_pieces(payee_id, families)
    if people:
        pieces += _other_pieces(payee_id, pieces)
    found = _Holder(payee_id, [*deals, *people], families, pieces)
    sums: dict[tuple[UUID, Place], Decimal] = defaultdict(Decimal)
    totals: dict[tuple[UUID, str], Decimal] = defaultdict(Decimal)
    for piece in pieces:
        hold = found.of(piece)
        if hold is not None:
            sums[hold.pk, piece.place] += piece.amount
            totals[hold.pk, piece.place.currency] += piece.amount
    return {
        (hold_id, place): amount
        for (hold_id, place), amount in sums.items()
        if amount and totals[hold_id, place.currency] > 0
    }


def _deal_pieces(payee_id: UUID, families: Mapping[UUID, UUID]) -> list[_Piece]:
    """What the lines of deals came to, to the cent, by the run that posted it."""
    if not families:
        return []
    rows = (
        RunLine.objects.filter(payee_id=payee_id, event_id__in=list(families))
        .order_by()
        .values(
            "run_id",
            "run__currency",
            "run__version__text",
            "plan_id",
            "component",
            "earned_period_id",
            "posted_period_id",
            "event_id",
            "sign",
        )
        .annotate(sum=Sum("payout"))
    )
    sums: dict[tuple[Place, UUID, UUID, UUID], Decimal] = defaultdict(Decimal)
    for row in rows:
        if row["component"] in read_plan(row["run__version__text"]).rewards:
            continue  # points and trips are no pay
        place = _place(row | {"currency": row["run__currency"]})
        key = (place, row["posted_period_id"], row["run_id"], families[row["event_id"]])
        sums[key] += row["sign"] * row["sum"]
    return [
        _Piece(place, posted_id, run_id, event_id, amount.quantize(_CENT, ROUND_HALF_UP))
        for (place, posted_id, run_id, event_id), amount in sums.items()
        if amount
    ]


def _other_pieces(payee_id: UUID, deals: Sequence[_Piece]) -> list[_Piece]:
    """All else that became payable: the postings less what is of the deals."""
    taken: dict[tuple[Place, UUID, UUID], Decimal] = defaultdict(Decimal)
    for piece in deals:
        taken[piece.place, piece.posted_id, piece.id] += piece.amount
    sums: dict[tuple[Place, UUID, UUID], Decimal] = defaultdict(Decimal)
    rows = Posting.objects.filter(payee_id=payee_id, account=Account.PAYABLE, kind__in=EARNED)
    for row in rows.values(
        "id",
        "run_id",
        "plan_id",
        "component",
        "earned_period_id",
        "posted_period_id",
        "currency",
        "amount",
    ):
        made_by = row["run_id"] or row["id"]
        sums[_place(row), row["posted_period_id"], made_by] -= row["amount"]
    return [
        _Piece(place, posted_id, made_by, None, amount - taken[place, posted_id, made_by])
        for (place, posted_id, made_by), amount in sums.items()
    ]


class _Holder:
    """Says which hold, if any, holds an amount of one payee."""

    def __init__(
        self,
        payee_id: UUID,
        holds: Sequence[Hold],
        families: Mapping[UUID, UUID],
        pieces: Sequence[_Piece],
    ) -> None:
        self._holds = holds
        self._families = families
        self._periods = PayPeriod.objects.in_bulk(
            {each.posted_id for each in pieces} | {each.place.earned_id for each in pieces}
        )
        self._batches = _batches(payee_id) if pieces else []
        self._released_into: dict[tuple[UUID, Place], int] = {
            (row["hold_id"], _place(row)): row["last"]
            for row in Posting.objects.filter(payee_id=payee_id, kind=Posting.Kind.RELEASE)
            .values("hold_id", "plan_id", "component", "earned_period_id", "currency")
            .annotate(last=Max("posted_period__number"))
        }

    def of(self, piece: _Piece) -> Hold | None:
        """The first active hold on an amount that is not paid, those of a deal before those of
        a person."""
        covering = [each for each in self._holds if self._covers(each, piece)]
        if not any(each.is_active for each in covering) or self._is_paid(piece, covering):
            return None
        return next(each for each in covering if each.is_active)

    def _covers(self, hold: Hold, piece: _Piece) -> bool:
        period = self._periods[
            piece.place.earned_id if hold.version_id is not None else piece.posted_id
        ]
        if period.ends_on < hold.starts_on:
            return False
        if hold.event_id is not None:
            return piece.event_id == hold.event_id
        return hold.plan_id is None or hold.plan_id == piece.place.plan_id

    def _is_paid(self, piece: _Piece, covering: Sequence[Hold]) -> bool:
        """Whether a payment took it that was made while no hold held it."""
        earned, posted = self._periods[piece.place.earned_id], self._periods[piece.posted_id]
        number = max(earned.number, posted.number)
        for batch in self._batches:
            if (
                batch.id < piece.id
                or batch.currency != piece.place.currency
                or batch.calendar != (earned.calendar, earned.fiscal_year_starts)
            ):
                continue
            if any(
                each.held_at <= batch.at
                and (each.released_at is None or batch.at < each.released_at)
                for each in covering
            ):
                continue
            first = max(
                [number]
                + [
                    self._released_into.get((each.pk, piece.place), number)
                    for each in covering
                    if each.released_at is not None and each.released_at <= batch.at
                ]
            )
            if batch.number >= first:
                return True
        return False


def _batches(payee_id: UUID) -> list[_Batch]:
    """The payments that a payee got, in order."""
    rows = (
        Posting.objects.filter(payee_id=payee_id, kind=Posting.Kind.PAYMENT, account=Account.CASH)
        .order_by("batch__created_at")
        .values_list(
            "batch_id",
            "currency",
            "batch__period__calendar",
            "batch__period__fiscal_year_starts",
            "batch__period__number",
            "batch__created_at",
        )
    )
    return [
        _Batch(id_, currency, (calendar, fiscal), number, at)
        for id_, currency, calendar, fiscal, number, at in rows
    ]
