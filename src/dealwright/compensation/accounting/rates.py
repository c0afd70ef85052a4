"""Exchange rates for pay: the market's by day, and the ones that plans fix.

Events of another currency than their plan's are turned at the market's rate of their day, or,
where a measure says ``rates: plan``, at the rate that was fixed for the plan from a day on.
Reports turn amounts at the market's rate of the month's last day.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation, localcontext
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from dealwright.base.access.actor import Actor, change
from dealwright.base.errors import Invalid, NotFound
from dealwright.base.exchange_rates import ExchangeRate, check_rate, set_rate
from dealwright.compensation.access import require_pay_manager
from dealwright.compensation.accounting.models import PlanRate
from dealwright.compensation.accounting.reading import read_rows, refuse_rows

SPOT, PLAN = "spot", "plan"
_COLUMNS = {
    "from": ("from", "base"),
    "to": ("to", "quote"),
    "date": ("date", "starts_on", "valid_on"),
    "rate": ("rate",),
    "type": ("type",),
    "source": ("source",),
}


@dataclass(frozen=True, slots=True)
class StatedRate:
    """One rate, of whichever type."""

    id: Any
    type: str
    base: str
    quote: str
    rate: Decimal
    starts_on: date
    source: str


def state_rate(
    actor: Actor, *, type: str, base: str, quote: str, rate: Decimal, starts_on: date, source: str
) -> None:
    """State that one unit of ``base`` is ``rate`` units of ``quote`` from a day on; ``type`` is
    ``spot`` (the market) or ``plan``. One of the same day is replaced. Raises Invalid."""
    require_pay_manager(actor)
    source = source.strip()[:120] or actor.name
    if type == SPOT:
        set_rate(actor, base=base, quote=quote, rate=rate, valid_on=starts_on, source=source)
        return
    if type != PLAN:
        sentence = _("A rate is spot or plan.")
        raise Invalid(sentence, fields={"type": [sentence]})
    base, quote = check_rate(base, quote, rate, digits=9)
    with change(actor):
        PlanRate.objects.update_or_create(
            base=base,
            quote=quote,
            starts_on=starts_on,
            defaults={"rate": rate, "source": source, "created_by": actor.user},
        )


def state_rates(actor: Actor, rows: Sequence[Mapping[str, Any]]) -> int:
    """State several rates (see ``state_rate``), all or none: raises Invalid that names the bad
    ones."""
    wrong: list[str] = []
    with change(actor), transaction.atomic():
        for number, row in enumerate(rows, 1):
            try:
                state_rate(actor, **row)
            except Invalid as error:
                wrong.append(_("Rate %(row)s: %(said)s") % {"row": number, "said": error.message})
        if wrong:
            raise Invalid(" ".join(wrong[:50]))
    return len(rows)


def delete_plan_rate(actor: Actor, rate_id: Any) -> None:
    """Take a plan rate away; statements follow with the next calculation."""
    require_pay_manager(actor)
    with change(actor):
        row = PlanRate.objects.filter(pk=rate_id).first()
        if row is None:
            raise NotFound(_("This rate does not exist."))
        row.delete()


def import_rates(actor: Actor, text: str) -> int:
    """Rates from CSV: ``from``, ``to``, ``date``, ``rate``, and ``type`` (spot unless plan) and
    ``source`` if wanted. All rows or none: raises Invalid that names every bad row."""
    require_pay_manager(actor)
    rows = read_rows(text, _COLUMNS, optional=("type", "source"))
    wrong: list[str] = []
    with change(actor), transaction.atomic():
        for number, row in rows:
            try:
                state_rate(
                    actor,
                    type=row["type"].lower() or SPOT,
                    base=row["from"],
                    quote=row["to"],
                    rate=_rate(row["rate"]),
                    starts_on=_day(row["date"]),
                    source=row["source"] or _("File"),
                )
            except Invalid as error:
                wrong.append(_("Row %(row)s: %(said)s") % {"row": number, "said": error.message})
        refuse_rows(wrong)
    return len(rows)


def stated_rates(*, search: str = "", limit: int = 300) -> Sequence[StatedRate]:
    """The rates of both types, the latest day first; ``search`` is a currency."""
    code = search.strip().upper()[:3]
    found = [
        StatedRate(row.pk, SPOT, row.base, row.quote, row.rate, row.valid_on, row.source)
        for row in ExchangeRate.objects.order_by("-valid_on", "base", "quote")
        if not code or code in (row.base, row.quote)
    ][:limit]
    found += [
        StatedRate(row.pk, PLAN, row.base, row.quote, row.rate, row.starts_on, row.source)
        for row in PlanRate.objects.order_by("-starts_on", "base", "quote")
        if not code or code in (row.base, row.quote)
    ][:limit]
    return sorted(
        found, key=lambda each: (-each.starts_on.toordinal(), each.base, each.quote, each.type)
    )[:limit]


def plan_rates(base: str, quote: str) -> list[tuple[date, Decimal]]:
    """The plan rates of a pair with their days, in order; stated the other way round they are
    turned. Of a day with both, the one as asked for counts."""
    found: dict[date, Decimal] = {}
    for row in PlanRate.objects.filter(base=quote, quote=base):
        with localcontext(prec=40):
            found[row.starts_on] = 1 / row.rate
    for row in PlanRate.objects.filter(base=base, quote=quote):
        found[row.starts_on] = row.rate
    return sorted(found.items())


def _rate(text: str) -> Decimal:
    try:
        return Decimal(text.replace(",", ".") if text.count(",") == 1 and "." not in text else text)
    except InvalidOperation:
        raise Invalid(_("“%(text)s” is not a rate such as 1.0853.") % {"text": text[:20]}) from None


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        said = _("“%(text)s” is not a day such as 2027-01-31.") % {"text": text[:20]}
        raise Invalid(said) from None
