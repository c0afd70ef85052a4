"""Giving territories to people, from a day on and until a day."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from dealwright.base.access.actor import Actor, change
from dealwright.base.errors import Conflict, Invalid, NotFound
from dealwright.base.people.models import User
from dealwright.compensation.access import require_pay_manager
from dealwright.compensation.dated_files import People, Row, day_in, import_dated, person_in
from dealwright.compensation.quotas.models import FIRST_DAY
from dealwright.compensation.territories.models import TerritoryHolder
from dealwright.compensation.territories.queries import COLUMNS, LONGEST

MOST = Decimal(100)  # times the amount


def give_territory(
    actor: Actor,
    territory: str,
    user: User,
    *,
    starts_on: date = FIRST_DAY,
    ends_on: date | None = None,
    share: Decimal = Decimal(1),
    role: str = "",
) -> TerritoryHolder:
    """Let a person hold a territory; the same from the same day on is replaced.

    Statements change with the next calculation. Raises Invalid that names every wrong field, or
    Conflict where the person holds it in this role on some of the days already.
    """
    require_pay_manager(actor)
    territory, role = territory.strip(), role.strip()
    wrong = _check(share, starts_on, ends_on, role)
    if not territory or len(territory) > LONGEST:
        wrong["territory"] = [_("Name the territory in at most 120 characters.")]
    _refuse(wrong)
    with change(actor):
        try:
            with transaction.atomic():
                holder: TerritoryHolder
                holder, _created = TerritoryHolder.objects.update_or_create(
                    territory=territory,
                    user=user,
                    role=role,
                    starts_on=starts_on,
                    defaults={"ends_on": ends_on, "share": share, "created_by": actor.user},
                )
        except IntegrityError:
            held = TerritoryHolder(territory=territory, user=user, role=role)
            raise _overlap(held, starts_on, ends_on) from None
        return holder


def change_holder(
    actor: Actor,
    holder_id: Any,
    *,
    user: User,
    share: Decimal,
    role: str,
    from_day: date,
    ends_on: date | None,
) -> TerritoryHolder:
    """Another person, share or role from a day on: what held before ends the day before, and
    stays so for the days until then.

    Raises NotFound, Invalid that names every wrong field, or Conflict.
    """
    require_pay_manager(actor)
    role = role.strip()
    wrong = _check(share, from_day, ends_on, role)
    with change(actor):
        before = _locked(holder_id)
        if from_day < before.starts_on:
            wrong["from_day"] = [
                _("It holds from %(day)s; a change comes then or later.")
                % {"day": before.starts_on}
            ]
        elif before.ends_on is not None and from_day > before.ends_on:
            wrong["from_day"] = [_("It ended on %(day)s.") % {"day": before.ends_on}]
        _refuse(wrong)
        holder = before
        try:
            with transaction.atomic():
                if from_day > before.starts_on:
                    before.ends_on = from_day - timedelta(days=1)
                    before.save(update_fields=["ends_on"])
                    holder = TerritoryHolder(
                        territory=before.territory, starts_on=from_day, created_by=actor.user
                    )
                holder.user, holder.share, holder.role = user, share, role
                holder.ends_on = ends_on
                holder.save()
        except IntegrityError:
            raise _overlap(holder, from_day, ends_on) from None
        return holder


def end_holder(actor: Actor, holder_id: Any, ends_on: date) -> TerritoryHolder:
    """Let a person hold a territory until a day. Raises NotFound, or Invalid for a day before
    its first."""
    require_pay_manager(actor)
    with change(actor):
        holder = _locked(holder_id)
        if ends_on < holder.starts_on:
            said = _("It holds from %(day)s; remove it instead.") % {"day": holder.starts_on}
            raise Invalid(said, fields={"ends_on": [said]})
        holder.ends_on = ends_on
        try:
            with transaction.atomic():
                holder.save(update_fields=["ends_on"])
        except IntegrityError:
            raise _overlap(holder, holder.starts_on, ends_on) from None
        return holder


def remove_holder(actor: Actor, holder_id: Any) -> None:
    """As if the person had never held it; what was paid for it is taken back by the next
    calculation."""
    require_pay_manager(actor)
    with change(actor):
        _locked(holder_id).delete()


def import_territories(actor: Actor, text: str) -> int:
    """Holders from CSV: ``territory``, ``payee`` (name or e-mail), and as wanted ``start``,
    ``end``, ``share`` (0.7 or 70%) and ``role``. All rows or none: raises Invalid that names
    every bad row."""

    def take(row: Row, people: People) -> None:
        give_territory(
            actor,
            row["territory"],
            person_in(row, "payee", people),
            starts_on=day_in(row, "start") or FIRST_DAY,
            ends_on=day_in(row, "end"),
            share=given_share(row["share"]),
            role=row["role"],
        )

    return import_dated(actor, text, COLUMNS, COLUMNS[2:], take)


def given_share(text: Any) -> Decimal:
    """A share as typed: ``0.7`` or ``70%``; all of it where nothing is."""
    text = str(text or "").strip()
    if not text:
        return Decimal(1)
    number, percent, rest = text.partition("%")
    try:
        share = Decimal(number.strip())
    except InvalidOperation:
        share = Decimal("NaN")
    if rest.strip() or not share.is_finite():
        said = _("“%(text)s” is not a share such as 0.7 or 70%%.") % {"text": text[:40]}
        raise Invalid(said, fields={"share": [said]})
    return share / 100 if percent else share


def _check(
    share: Decimal, starts_on: date, ends_on: date | None, role: str
) -> dict[str, list[str]]:
    wrong: dict[str, list[str]] = {}
    if not share.is_finite() or not 0 < share <= MOST or share != round(share, 6):
        wrong["share"] = [_("A share is above zero, with at most six decimals.")]
    if ends_on is not None and ends_on < starts_on:
        wrong["ends_on"] = [_("The end comes before the start.")]
    if len(role) > 80:
        wrong["role"] = [_("A role has at most 80 characters.")]
    return wrong


def _refuse(wrong: Mapping[str, list[str]]) -> None:
    if wrong:
        raise Invalid(" ".join(each for row in wrong.values() for each in row), fields=wrong)


def _overlap(holder: TerritoryHolder, starts_on: date, ends_on: date | None) -> Conflict:
    said = _(
        "%(name)s holds “%(territory)s”%(role)s on some of these days already; "
        "the new days are from %(first)s to %(last)s."
    ) % {
        "name": holder.user.name,
        "territory": holder.territory,
        "role": f" ({holder.role})" if holder.role else "",
        "first": starts_on,
        "last": ends_on or "…",
    }
    return Conflict(said, code="not_unique", fields={"starts_on": [said]})


def _locked(holder_id: Any) -> TerritoryHolder:
    holder: TerritoryHolder | None = (
        TerritoryHolder.objects.select_for_update(of=("self",))
        .select_related("user")
        .filter(pk=holder_id)
        .first()
    )
    if holder is None:
        raise NotFound(_("Nobody holds this, or it was removed."))
    return holder
