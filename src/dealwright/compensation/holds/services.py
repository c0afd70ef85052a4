"""Holding pay and releasing it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any
from uuid import UUID

from django.db import connection
from django.utils import timezone

from dealwright.base.access.actor import Actor, change, system
from dealwright.base.errors import Conflict, Invalid, NotAllowed, NotFound
from dealwright.base.events import record_event
from dealwright.base.people.models import User
from dealwright.compensation.access import get_payee, require_pay_manager
from dealwright.compensation.calculation.models import RunLine
from dealwright.compensation.credits.models import CreditEvent
from dealwright.compensation.holds.events import HoldPlaced, HoldReleased
from dealwright.compensation.holds.models import Hold
from dealwright.compensation.holds.settling import settle_holds
from dealwright.compensation.ledger.models import Posting

LONGEST = 2000


def place_hold(
    actor: Actor,
    *,
    reason: str,
    starts_on: date,
    ends_on: date | None = None,
    payee_id: Any = None,
    event_key: str = "",
) -> Hold:
    """Hold the pay of one deal (of everybody, or of one payee), or all pay of a person.

    What is posted into periods that end on ``starts_on`` or later and has not been paid moves to
    ``on_hold`` in the period that takes postings now, and whatever is calculated later goes there
    as well, until it is released: by hand, or after ``ends_on`` by itself. Raises Invalid that
    names every wrong field, NotFound, NotAllowed.
    """
    require_pay_manager(actor)
    reason = reason.strip()
    wrong: dict[str, list[str]] = {}
    if not reason or len(reason) > LONGEST:
        wrong["reason"] = [f"Say why, in at most {LONGEST:,} characters: the payee reads it."]
    if ends_on is not None and ends_on < starts_on:
        wrong["ends_on"] = ["The end comes before the start."]
    if not payee_id and not event_key:
        wrong["payee"] = ["Choose a person, a deal, or both."]
    if wrong:
        raise Invalid(" ".join(each for row in wrong.values() for each in row), fields=wrong)
    payee = get_payee(actor, payee_id) if payee_id else None
    if payee is not None and actor.user is not None and payee.pk == actor.user.pk:
        raise NotAllowed("Nobody holds their own pay.")
    with change(actor):
        lock_holds()
        event = _deal(event_key) if event_key else None
        there = Hold.objects.filter(
            payee=payee, event=event, plan__isnull=True, released_at__isnull=True
        )
        if there.exists():
            raise Conflict("This is on hold already; release that hold first.")
        hold: Hold = Hold.objects.create(
            payee=payee,
            event=event,
            reason=reason,
            starts_on=starts_on,
            ends_on=ends_on,
            held_by=actor.user,
        )
        payees = people_of(hold)
        settle_holds(actor, payees)
        record_event(
            actor,
            HoldPlaced(
                hold_id=hold.pk, user_id=payee.pk if payee else None, event_id=hold.event_id
            ),
        )
        _tell(payees, "Some of your pay is on hold", reason)
        return hold


def release_hold(actor: Actor, hold_id: Any, *, reason: str = "") -> Hold:
    """Let what is on hold be payable again, in the period that takes postings now.

    What another hold covers as well stays, under that one. Raises NotFound, Conflict where it
    was released already, NotAllowed for one's own pay.
    """
    require_pay_manager(actor)
    with change(actor):
        lock_holds()
        hold: Hold | None = Hold.objects.select_for_update(of=("self",)).filter(pk=hold_id).first()
        if hold is None:
            raise NotFound("This hold does not exist.")
        if hold.released_at is not None:
            raise Conflict("This hold is released already.")
        if actor.user is not None and hold.payee_id == actor.user.pk:
            raise NotAllowed("Nobody releases their own pay.")
        hold.released_at, hold.released_by = timezone.now(), actor.user
        hold.release_reason = reason.strip()[:LONGEST]
        hold.save(update_fields=["released_at", "released_by", "release_reason"])
        payees = people_of(hold)
        settle_holds(actor, payees, is_release=True)
        record_event(
            actor,
            HoldReleased(hold_id=hold.pk, user_id=hold.payee_id, event_id=hold.event_id),
        )
        _tell(payees, "Pay that was on hold is released", hold.release_reason or hold.reason)
        return hold


def release_due_holds(today: date | None = None) -> int:
    """Release what was to be held until a day that is over; returns how many."""
    actor = system("Holds")
    due = Hold.objects.filter(
        released_at__isnull=True, ends_on__lt=today or timezone.localdate()
    ).values_list("pk", "ends_on")
    count = 0
    for hold_id, ends_on in list(due):
        try:
            release_hold(actor, hold_id, reason=f"It was to end on {ends_on:%Y-%m-%d}.")
        except Conflict:
            continue  # somebody was quicker
        count += 1
    return count


def people_of(hold: Hold) -> set[UUID]:
    """Whose pay a hold touches."""
    if hold.payee_id is not None:
        return {hold.payee_id}
    lines = RunLine.objects.filter(event_id=hold.event_id) | RunLine.objects.filter(
        event__reference_id=hold.event_id
    )
    held = Posting.objects.filter(hold=hold)
    return set(lines.values_list("payee_id", flat=True)) | set(
        held.values_list("payee_id", flat=True)
    )


def lock_holds(*, shared: bool = False) -> None:
    """Holding, releasing and paying wait for each other, so that nothing held is paid; they and
    what posts earnings (``shared``) wait for each other too, before either locks anything else."""
    name = "pg_advisory_xact_lock_shared" if shared else "pg_advisory_xact_lock"
    with connection.cursor() as cursor:
        cursor.execute(f"select {name}(hashtextextended('compensation.pay', 11))")


def _deal(key: str) -> CreditEvent:
    event: CreditEvent | None = CreditEvent.objects.filter(key=key).first()
    if event is None:
        raise Invalid(
            "There is no such deal.", fields={"event": ["There is no deal that was booked so."]}
        )
    if event.reference_id is not None:
        return event.reference or event
    return event


def _tell(payees: Iterable[UUID], title: str, body: str) -> None:
    from dealwright.base.messaging import notify

    for user in User.objects.filter(pk__in=list(payees), is_active=True):
        notify(user, title, body=body[:200], url=f"/compensation/statements/{user.pk}")
