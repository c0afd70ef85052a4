"""Squaring what payroll paid with what the ledger said: files in, differences, a person's word."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from hashlib import sha256
from typing import Any
from uuid import UUID

from django.db.models import Sum
from django.utils.translation import gettext as _

from dealwright.base.access.actor import Actor, change, system
from dealwright.base.errors import Conflict, Invalid, NotFound
from dealwright.base.files import store_file
from dealwright.base.money import check_currency, minor_units
from dealwright.base.people.models import User
from dealwright.compensation.access import require_pay_manager
from dealwright.compensation.accounting.payroll_layouts import DATES, Layout, from_stored
from dealwright.compensation.accounting.payroll_models import (
    BatchReconciliation,
    PaymentDifference,
    PayrollLayout,
    PayrollReturn,
    PayrollReturnLine,
)
from dealwright.compensation.accounting.reading import (
    decoded,
    people_by_name,
    read_rows,
    refuse_rows,
)
from dealwright.compensation.given import MOST
from dealwright.compensation.ledger.entries import double_entry
from dealwright.compensation.ledger.models import Account, PaymentBatch, Posting
from dealwright.compensation.ledger.payroll import PAYROLL
from dealwright.compensation.periods.services import posting_period

ZERO = Decimal(0)
# Column -> what files call it.
_NAMES: Mapping[str, tuple[str, ...]] = {
    "payee": ("employee", "employee_number", "payee", "payee_id", "email", "name", "person"),
    "amount": ("amount", "paid", "net", "paid_amount"),
    "currency": ("currency",),
    "date": ("date", "paid_on", "payment_date"),
}


@dataclass(frozen=True, slots=True)
class Match:
    """What a batch said and what payroll paid, of one person in one currency.

    ``state`` is matched, short, over, missing or unknown; ``settled`` is how a difference was
    dealt with. ``payee`` is None where payroll names somebody that nobody here is called.
    """

    payee: User | None
    given: str
    currency: str
    expected: Decimal
    paid: Decimal
    state: str
    settled: PaymentDifference | None

    @property
    def difference(self) -> Decimal:
        """Above zero: payroll paid too much."""
        return self.paid - self.expected

    @property
    def key(self) -> str:
        return f"{self.payee.pk if self.payee else ''}|{self.given}|{self.currency}"


def get_batch(batch_id: Any) -> PaymentBatch:
    row = PaymentBatch.objects.select_related("period", "created_by").filter(pk=batch_id).first()
    if row is None:
        raise NotFound(_("This payment does not exist."))
    return row


def upload_return(actor: Actor, batch_id: Any, *, name: str, content: bytes) -> PayrollReturn:
    """Take in what payroll says it paid of a batch: CSV with the columns ``employee`` (employee
    number, e-mail, id or name), ``amount``, ``currency`` (may be left out where the batch has
    one) and ``date``. Several files of a batch add up.

    All rows or none: raises Invalid that names every bad row, Conflict for a file that was
    taken in before or a batch that is reconciled.
    """
    require_pay_manager(actor)
    digest = sha256(content).hexdigest()
    with change(actor):
        batch = _locked_batch(batch_id)
        _require_open(batch)
        before = PayrollReturn.objects.filter(sha256=digest).select_related("created_by").first()
        if before is not None:
            raise Conflict(
                _("This file was taken in already, as “%(name)s” on %(day)s.")
                % {"name": before.name, "day": f"{before.created_at:%Y-%m-%d}"},
                code="file_twice",
                fields={"file": [_("This file was taken in already.")]},
            )
        lines = _read_return(batch, content)
        row: PayrollReturn = PayrollReturn.objects.create(
            batch=batch, name=name[:200] or "payroll.csv", sha256=digest, created_by=actor.user
        )
        PayrollReturnLine.objects.bulk_create(
            [PayrollReturnLine(file=row, **values) for values in lines], batch_size=2000
        )
        kept = store_file(
            system(actor.name),
            name=name or "payroll.csv",
            content=content,
            content_type="text/csv",
            object=PAYROLL,
            record_id=row.pk,
            purpose="payroll return",
        )
        row.file_id = kept.pk
        row.save(update_fields=["file_id"])
        return row


def _read_return(batch: PaymentBatch, content: bytes) -> list[dict[str, Any]]:
    rows = read_rows(decoded(content), _NAMES, optional=("currency",))
    layout = _layout_in_use()
    people = people_by_name()
    currencies = {each.currency for each in expected_of(batch)}
    wrong: list[str] = []
    found = []
    for number, row in rows:
        try:
            user = people.get(row["payee"].casefold())
            currency = _currency(row["currency"], currencies)
            found.append(
                {
                    "row": number,
                    "given": "" if user else row["payee"][:254],
                    "payee": user,
                    "amount": _amount(row["amount"], layout, currency),
                    "currency": currency,
                    "paid_on": _day(row["date"], layout),
                }
            )
        except Invalid as error:
            wrong.append(_("Row %(row)s: %(said)s") % {"row": number, "said": error.message})
    refuse_rows(wrong)
    return found


@dataclass(frozen=True, slots=True)
class _Expected:
    payee_id: UUID
    currency: str
    amount: Decimal


def expected_of(batch: PaymentBatch) -> list[_Expected]:
    """What the batch said when it was made."""
    carried = [entry for entry in batch.differences.values_list("entry", flat=True) if entry]
    return [
        _Expected(payee_id, currency, -amount)
        for payee_id, currency, amount in batch.postings.filter(account=Account.CASH)
        .exclude(entry__in=carried)
        .values_list("payee_id", "currency")
        .annotate(sum=Sum("amount"))
    ]


def matches_of(batch: PaymentBatch) -> list[Match]:
    """Person by person what was expected and what was paid; differences first, then by name.
    Nothing before a file was taken in."""
    paid: dict[tuple[UUID | None, str, str], Decimal] = defaultdict(Decimal)
    lines = PayrollReturnLine.objects.filter(file__batch=batch)
    if not lines.exists():
        return []
    for payee_id, given, currency, amount in lines.values_list(
        "payee_id", "given", "currency"
    ).annotate(sum=Sum("amount")):
        paid[payee_id, given, currency] += amount
    expected: dict[tuple[UUID | None, str, str], Decimal]
    expected = {(each.payee_id, "", each.currency): each.amount for each in expected_of(batch)}
    people = User.objects.in_bulk({key[0] for key in {*paid, *expected} if key[0]})
    settled = {
        (row.payee_id, row.given, row.currency): row
        for row in batch.differences.select_related("created_by")
    }
    found = []
    for key in {*paid, *expected}:
        payee_id, given, currency = key
        want, got = expected.get(key), paid.get(key)
        if want is None:
            state = "unknown"
        elif got is None:
            state = "missing"
        else:
            state = "matched" if got == want else ("short" if got < want else "over")
        found.append(
            Match(
                people[payee_id] if payee_id else None,
                given,
                currency,
                want or ZERO,
                got or ZERO,
                state,
                settled.get(key),
            )
        )
    return sorted(
        found,
        key=lambda each: (
            each.state == "matched",
            each.payee.name if each.payee else each.given,
            each.currency,
        ),
    )


def totals_of(batch: PaymentBatch) -> dict[str, Decimal]:
    """What a batch said in each currency."""
    totals: dict[str, Decimal] = defaultdict(Decimal)
    for each in expected_of(batch):
        totals[each.currency] += each.amount
    return dict(sorted(totals.items()))


def reconciled(batch: PaymentBatch) -> BatchReconciliation | None:
    """Who reconciled a batch and when; None while nobody has."""
    row: BatchReconciliation | None = (
        BatchReconciliation.objects.filter(batch=batch).select_related("created_by").first()
    )
    return row


def carry_difference(actor: Actor, batch_id: Any, key: str) -> PaymentDifference:
    """Post a difference, so that the ledger says what was really paid: what was short is owed
    again, what was too much is taken off the next pay. Raises Conflict or NotFound."""
    require_pay_manager(actor)
    with change(actor):
        batch, match = _difference(batch_id, key)
        if match.payee is None:
            raise Conflict(
                _("Nobody here is called “%(name)s”: explain it instead.") % {"name": match.given}
            )
        legs = double_entry(
            Account.PAYABLE,
            Account.CASH,
            match.difference,
            kind=Posting.Kind.PAYMENT,
            batch=batch,
            payee=match.payee,
            earned_period=batch.period,
            posted_period=posting_period(batch.period),
            currency=match.currency,
            memo=f"Payroll paid {match.paid} instead of {match.expected}"[:200],
            created_by=actor.user,
        )
        Posting.objects.bulk_create(legs)
        carried = PaymentDifference.Kind.CARRIED
        return _settle(actor, batch, match, carried, entry=legs[0].entry)


def explain_difference(actor: Actor, batch_id: Any, key: str, note: str) -> PaymentDifference:
    """Leave the ledger as it is and say why. Raises Invalid, Conflict or NotFound."""
    require_pay_manager(actor)
    note = note.strip()
    if not note or len(note) > 500:
        said = _("Say why in at most 500 characters.")
        raise Invalid(said, fields={"note": [said]})
    with change(actor):
        batch, match = _difference(batch_id, key)
        return _settle(actor, batch, match, PaymentDifference.Kind.EXPLAINED, note=note)


def reconcile_batch(actor: Actor, batch_id: Any) -> BatchReconciliation:
    """Say that a batch and payroll agree. Raises Conflict while a difference is open."""
    require_pay_manager(actor)
    with change(actor):
        batch = _locked_batch(batch_id)
        _require_open(batch)
        matches = matches_of(batch)
        if not matches:
            raise Conflict(_("Take in what payroll paid first."))
        open_ = [each for each in matches if each.state != "matched" and each.settled is None]
        if open_:
            raise Conflict(_("%(count)s differences are open.") % {"count": len(open_)})
        row: BatchReconciliation = BatchReconciliation.objects.create(
            batch=batch, created_by=actor.user
        )
        return row


def _difference(batch_id: Any, key: str) -> tuple[PaymentBatch, Match]:
    batch = _locked_batch(batch_id)
    _require_open(batch)
    for each in matches_of(batch):
        if each.key == key and each.state != "matched":
            if each.settled is not None:
                raise Conflict(_("This difference was settled already."))
            return batch, each
    raise NotFound(_("There is no such difference."))


def _settle(
    actor: Actor, batch: PaymentBatch, match: Match, kind: str, **values: Any
) -> PaymentDifference:
    row: PaymentDifference = PaymentDifference.objects.create(
        batch=batch,
        payee=match.payee,
        given=match.given,
        currency=match.currency,
        amount=match.difference,
        kind=kind,
        created_by=actor.user,
        **values,
    )
    return row


def _locked_batch(batch_id: Any) -> PaymentBatch:
    PaymentBatch.objects.select_for_update().filter(pk=batch_id).first()
    return get_batch(batch_id)


def _require_open(batch: PaymentBatch) -> None:
    if BatchReconciliation.objects.filter(batch=batch).exists():
        raise Conflict(_("This payment is reconciled already."))


def _layout_in_use() -> Layout | None:
    row = PayrollLayout.objects.filter(in_use_since__isnull=False).first()
    return from_stored(row.definition) if row else None


def _amount(text: str, layout: Layout | None, currency: str) -> Decimal:
    """An amount in the layout's way of writing; without a layout with a point."""
    plain = text.replace(" ", "").replace("\u00a0", "")
    if layout is not None and layout.decimal == ",":
        plain = plain.replace(".", "").replace(",", ".")
    else:
        plain = plain.replace(",", "")
    try:
        value = Decimal(plain)
    except InvalidOperation:
        value = Decimal("NaN")
    if not value.is_finite() or abs(value) >= MOST or value != round(value, 2):
        raise Invalid(_("“%(text)s” is not an amount.") % {"text": text[:40]})
    if layout is not None and layout.minor:
        value = value.scaleb(-minor_units(currency))
    return value


def _currency(text: str, batch: Iterable[str]) -> str:
    known = set(batch)
    if not text:
        if len(known) == 1:
            return known.pop()
        raise Invalid(_("the payment has several currencies, so each row needs one."))
    return check_currency(text)


def _day(text: str, layout: Layout | None) -> date:
    shapes = ["%Y-%m-%d"] if layout is None else [DATES[layout.dates], "%Y-%m-%d"]
    for shape in shapes:
        try:
            return datetime.strptime(text, shape).date()
        except ValueError:
            continue
    raise Invalid(_("“%(text)s” is not a day such as 2027-01-31.") % {"text": text[:40]})
