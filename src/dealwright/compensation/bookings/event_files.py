"""Events from a file: bookings, invoices, payments, refunds, churn, as the systems that know of
them export them. All rows or none, and the same file again changes nothing."""

from __future__ import annotations

import csv
import io
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Sum

from dealwright.base.access.actor import Actor, change
from dealwright.base.errors import Invalid
from dealwright.base.identifiers import uuid7
from dealwright.base.people.models import User
from dealwright.base.people.organization import organization
from dealwright.compensation.access import require_pay_manager
from dealwright.compensation.accounting.reading import people_by_name
from dealwright.compensation.calculation.services import Cause, recalculate_recorded
from dealwright.compensation.credits.models import CreditEvent
from dealwright.compensation.credits.services import Recorded, Share, upsert_event
from dealwright.compensation.ledger.models import Account, Posting
from dealwright.compensation.periods.queries import notes_on_closed
from dealwright.compensation.plans.models import PlanAssignment

MOST_ROWS = 5000
COLUMNS = (
    "event_id",
    "date",
    "kind",
    "title",
    "payee",
    "amount",
    "currency",
    "quantity",
    "cost",
    "reference",
)
_MOST_COLUMNS = 60


@dataclass(frozen=True, slots=True)
class EventRow:
    """One row of a file and what it does: ``new``, ``changed`` or ``same``."""

    number: int
    event: CreditEvent
    outcome: str


@dataclass(slots=True)
class EventFile:
    """What a file would do, or did. ``wrong`` are (row, what is wrong with it; row 0: with the
    whole), ``pay`` by whom and currency what it changes of what is earned."""

    rows: list[EventRow] = field(default_factory=list)
    wrong: list[tuple[int, str]] = field(default_factory=list)
    notes: Sequence[str] = ()
    pay: Sequence[tuple[str, str, Decimal]] = ()

    def count(self, outcome: str) -> int:
        return sum(each.outcome == outcome for each in self.rows)


def preview_events(actor: Actor, text: str, splits: str = "") -> EventFile:
    """What a file would do, pay included; nothing is kept. Raises Invalid where it is no such
    file."""
    require_pay_manager(actor)
    with change(actor), transaction.atomic():
        found, recorded = _record(actor, text, splits)
        try:
            if not found.wrong:
                _calculate(actor, found, recorded)
        except Invalid as error:
            found.wrong.append((0, error.message))
        transaction.set_rollback(True)
    return found


def import_events(actor: Actor, text: str, splits: str = "") -> EventFile:
    """Record the events of a CSV file and bring the statements concerned up to them.

    Columns as in docs/compensation/formats.md: ``event_id`` and ``date`` are needed; columns
    that are not known are kept as the event's fields. ``splits`` is a file of its own. An event
    that is there already is corrected; an equal row changes nothing. Raises Invalid with every
    wrong row, and then nothing is recorded.
    """
    require_pay_manager(actor)
    with change(actor):
        found, recorded = _record(actor, text, splits)
        if found.wrong:
            said = [f"Row {number}: {message}" for number, message in found.wrong]
            raise Invalid(
                f"{len(found.wrong)} rows are wrong; nothing was recorded.",
                fields={"file": said[:100]},
            )
        _calculate(actor, found, recorded)
        return found


def _calculate(actor: Actor, found: EventFile, recorded: Sequence[Recorded]) -> None:
    """Bring the statements up to the events, and note what that changed."""
    changed = [each for each in recorded if each.changed]
    before = uuid7()
    recalculate_recorded(actor, changed, Cause(f"{len(changed)} events from a file"))
    rows = (
        Posting.objects.filter(
            account=Account.PAYABLE, kind=Posting.Kind.CALCULATION, pk__gt=before
        )
        .values_list("payee__name", "currency")
        .annotate(sum=-Sum("amount"))
        .order_by("payee__name", "currency")
    )
    found.pay = [row for row in rows if row[2]] if changed else []


def _record(actor: Actor, text: str, splits: str) -> tuple[EventFile, list[Recorded]]:
    rows = _read(text, ("event_id", "date"), "file")
    shares = _read(splits, ("event_id", "payee", "share"), "splits") if splits.strip() else []
    people = people_by_name()
    found = EventFile()
    by_event: dict[str, list[Share]] = {}
    keys = {_cell(row, "event_id") for _, row in rows}
    for number, share in shares:
        try:
            by_event.setdefault(_of_file(share, keys), []).append(_share(share, people))
        except Invalid as error:
            found.wrong.append((number, f"splits: {error.message}"))
    recorded: list[Recorded] = []
    for number, row in _in_order(rows, found):
        key = _cell(row, "event_id")
        known = CreditEvent.objects.filter(key=key).exists()
        try:
            with transaction.atomic():
                each = upsert_event(actor, **_values(row, people, by_event.get(key, ())))
        except Invalid as error:
            found.wrong.append((number, error.message))
            continue
        outcome = "changed" if each.changed else "same"
        found.rows.append(EventRow(number, each.event, outcome if known else "new"))
        recorded.append(each)
    found.rows.sort(key=lambda each: each.number)
    found.wrong.sort()
    found.notes = notes_on_closed({day for each in recorded if each.changed for day in each.days})
    return found, recorded


def _read(text: str, needed: Sequence[str], name: str) -> list[tuple[int, dict[str, Any]]]:
    if "\x00" in text:
        raise Invalid("This file is not text.", fields={name: ["This file is not text."]})
    sample = text.partition("\n")[0]
    delimiter = max(",;\t", key=sample.count)
    reader = csv.DictReader(io.StringIO(text), delimiter=delimiter, restkey="")
    heads = [str(head or "").strip() for head in reader.fieldnames or ()]
    missing = [each for each in needed if each not in heads]
    if missing or len(heads) > _MOST_COLUMNS or len(set(heads)) < len(heads):
        said = (
            f"The first row must name the columns {', '.join(needed)}; missing: "
            f"{', '.join(missing)}."
            if missing
            else f"At most {_MOST_COLUMNS} columns, each once."
        )
        raise Invalid(said, fields={name: [said]})
    reader.fieldnames = heads
    try:
        rows = list(enumerate(reader, 2))
    except csv.Error as error:
        raise Invalid(f"This is no CSV file: {error}.", fields={name: ["No CSV file."]}) from None
    if not rows or len(rows) > MOST_ROWS:
        said = f"A file has 1 to {MOST_ROWS:,} rows."
        raise Invalid(said, fields={name: [said]})
    return rows


def _in_order(
    rows: Sequence[tuple[int, Mapping[str, Any]]], found: EventFile
) -> list[tuple[int, Mapping[str, Any]]]:
    """What is referred to comes before what refers to it; doubles and circles are wrong."""
    first: dict[str, int] = {}
    waiting: list[tuple[int, Mapping[str, Any]]] = []
    for number, row in rows:
        key = _cell(row, "event_id")
        if key in first:
            said = f"the event “{key[:80]}” stands in row {first[key]} already."
            found.wrong.append((number, said))
        else:
            first[key] = number
            waiting.append((number, row))
    ordered: list[tuple[int, Mapping[str, Any]]] = []
    left = set(first)
    while waiting:
        ready = [each for each in waiting if _cell(each[1], "reference") not in left - {""}]
        if not ready:
            for number, _ in waiting:
                found.wrong.append((number, "the references go round in a circle."))
            break
        ordered += ready
        left -= {_cell(row, "event_id") for _, row in ready}
        waiting = [each for each in waiting if _cell(each[1], "event_id") in left]
    return ordered


def _values(
    row: Mapping[str, Any], people: Mapping[str, User], splits: Sequence[Share]
) -> dict[str, Any]:
    if row.get(""):
        raise Invalid("there are more cells than columns.")
    key, reference = _cell(row, "event_id"), _cell(row, "reference")
    there = CreditEvent.objects.filter(key=key).first()
    referred = CreditEvent.objects.filter(key=reference).first() if reference else None
    leads = there if there is not None and there.object else referred
    payee = _cell(row, "payee")
    payee_id = _person(payee, people) if payee else None
    credited = {each.user_id for each in splits} | ({payee_id} if payee_id else set())
    currency = _cell(row, "currency").upper() or (
        referred.currency if referred is not None else _currency_of(credited)
    )
    return {
        "key": key,
        "kind": _cell(row, "kind") or "booking",
        "on": _day(_cell(row, "date")),
        "amount": _number(row, "amount", "0"),
        "currency": currency,
        "quantity": _number(row, "quantity", "1"),
        "cost": _number(row, "cost", "0"),
        "title": _cell(row, "title"),
        "payee_id": payee_id,
        "reference": reference,
        "object": leads.object if leads is not None else "",
        "record_id": leads.record_id if leads is not None else None,
        "attributes": {
            name: value.strip()[:1000]
            for name, value in row.items()
            if name and name not in COLUMNS and isinstance(value, str) and value.strip()
        },
        "splits": splits,
    }


def _currency_of(credited: Collection[UUID]) -> str:
    """That of the plans of those who are credited, where there is one; else the company's."""
    currencies = set(
        PlanAssignment.objects.filter(user_id__in=credited).values_list("plan__currency", flat=True)
    )
    return str(currencies.pop()) if len(currencies) == 1 else organization().currency


def _share(row: Mapping[str, Any], people: Mapping[str, User]) -> Share:
    text = _cell(row, "share")
    try:
        share = Decimal(text.removesuffix("%").strip())
    except InvalidOperation:
        raise Invalid(f"“{text[:40]}” is not a share such as 0.7 or 70%.") from None
    if text.endswith("%"):
        share = share / 100
    return Share(
        _person(_cell(row, "payee"), people),
        share,
        _cell(row, "role")[:80],
        _cell(row, "kind") or "direct",
    )


def _of_file(row: Mapping[str, Any], keys: set[str]) -> str:
    key = _cell(row, "event_id")
    if key not in keys:
        raise Invalid(f"there is no event “{key[:80]}” in the file.")
    return key


def _person(text: str, people: Mapping[str, User]) -> UUID:
    user = people.get(text.casefold())
    if user is not None:
        return user.pk
    try:
        return UUID(text)
    except ValueError:
        raise Invalid(f"there is nobody called “{text[:80]}”, or more than one.") from None


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise Invalid(f"“{text[:40]}” is not a day such as 2027-01-31.") from None


def _number(row: Mapping[str, Any], name: str, default: str) -> Decimal:
    text = _cell(row, name) or default
    try:
        return Decimal(text)
    except InvalidOperation:
        raise Invalid(f"“{text[:40]}” is not a number: {name} such as 1200.50.") from None


def _cell(row: Mapping[str, Any], name: str) -> str:
    return str(row.get(name) or "").strip()
