"""Stating who stands under whom beside the reporting line: mentors, overlay specialists."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

from django.db import IntegrityError, connection, transaction
from django.utils.translation import gettext as _

from dealwright.base.access.actor import Actor, change
from dealwright.base.errors import Conflict, Invalid, NotFound
from dealwright.base.people.models import User
from dealwright.compensation.access import require_pay_manager
from dealwright.compensation.dated_files import People, Row, day_in, import_dated, person_in
from dealwright.compensation.plans.pieces import REPORTING, TEAM
from dealwright.compensation.quotas.models import FIRST_DAY, ReportingLine
from dealwright.compensation.relationships.queries import COLUMNS

# What a plan's text calls the reporting line.
OF_THE_HOUSE = (REPORTING, "hierarchy", "reporting_line")
NEVER_ENDS = date.max


def state_relationship(
    actor: Actor,
    user: User,
    manager: User,
    relation: str,
    *,
    starts_on: date = FIRST_DAY,
    ends_on: date | None = None,
) -> ReportingLine:
    """Let a person stand under another in a relation; the same from the same day on is replaced.

    Statements change with the next calculation. Raises Invalid that names every wrong field, or
    Conflict that names the line that overlaps, or the circle it would close.
    """
    require_pay_manager(actor)
    relation = relation.strip()
    _check(user, manager, relation, starts_on, ends_on)
    with change(actor):
        _lock()
        line = ReportingLine.objects.filter(
            user=user, relation=relation, starts_on=starts_on
        ).first() or ReportingLine(user=user, relation=relation, starts_on=starts_on)
        line.manager, line.ends_on = manager, ends_on
        _save(line)
        return line


def change_relationship(
    actor: Actor, relationship_id: Any, *, manager: User, from_day: date, ends_on: date | None
) -> ReportingLine:
    """Another manager from a day on: the line of before ends the day before, and stays so for
    the days until then. Raises NotFound, Invalid or Conflict as ``state_relationship``."""
    require_pay_manager(actor)
    with change(actor):
        _lock()
        line = _locked(relationship_id)
        if from_day < line.starts_on or (line.ends_on is not None and from_day > line.ends_on):
            said = _("The line is from %(first)s to %(last)s; a change comes in these days.") % {
                "first": line.starts_on,
                "last": line.ends_on or "…",
            }
            raise Invalid(said, fields={"from_day": [said]})
        _check(line.user, manager, line.relation, from_day, ends_on)
        with transaction.atomic():
            if from_day > line.starts_on:
                line.ends_on = from_day - timedelta(days=1)
                line.save(update_fields=["ends_on"])
                line = ReportingLine(user=line.user, relation=line.relation, starts_on=from_day)
            line.manager, line.ends_on = manager, ends_on
            _save(line)
        return line


def end_relationship(actor: Actor, relationship_id: Any, ends_on: date) -> ReportingLine:
    """Let a line hold until a day. Raises NotFound, Invalid for a day before its first, or
    Conflict where another follows within the new days."""
    require_pay_manager(actor)
    with change(actor):
        _lock()
        line = _locked(relationship_id)
        if ends_on < line.starts_on:
            said = _("It holds from %(day)s; remove it instead.") % {"day": line.starts_on}
            raise Invalid(said, fields={"ends_on": [said]})
        line.ends_on = ends_on
        _save(line)
        return line


def remove_relationship(actor: Actor, relationship_id: Any) -> None:
    """As if it had never been; what was paid for it is taken back by the next calculation."""
    require_pay_manager(actor)
    with change(actor):
        _locked(relationship_id).delete()


def import_relationships(actor: Actor, text: str) -> int:
    """Lines from CSV: ``payee`` and ``manager`` (name or e-mail), ``relation``, and as wanted
    ``start`` and ``end``. All rows or none: raises Invalid that names every bad row."""

    def take(row: Row, people: People) -> None:
        state_relationship(
            actor,
            person_in(row, "payee", people),
            person_in(row, "manager", people),
            row["relation"],
            starts_on=day_in(row, "start") or FIRST_DAY,
            ends_on=day_in(row, "end"),
        )

    return import_dated(actor, text, COLUMNS, COLUMNS[3:], take)


def _check(user: User, manager: User, relation: str, starts_on: date, ends_on: date | None) -> None:
    wrong: dict[str, list[str]] = {}
    if not relation.isidentifier() or not relation.islower() or len(relation) > 40:
        wrong["relation"] = [_("A relation's name has lower case letters, digits and “_” only.")]
    elif relation in OF_THE_HOUSE:
        wrong["relation"] = [
            _("The reporting line follows the managers of people; name this one otherwise.")
        ]
    elif relation == TEAM:
        wrong["relation"] = [_("“team” is the relation of teams; name this one otherwise.")]
    if user.pk == manager.pk:
        wrong["manager"] = [_("%(name)s cannot stand under themselves.") % {"name": user.name}]
    if ends_on is not None and ends_on < starts_on:
        wrong["ends_on"] = [_("The end comes before the start.")]
    _refuse(wrong)


def _refuse(wrong: Mapping[str, list[str]]) -> None:
    if wrong:
        raise Invalid(" ".join(each for row in wrong.values() for each in row), fields=wrong)


def _save(line: ReportingLine) -> None:
    """Raises Conflict that names the other line, or the circle."""
    circle = _circle(line)
    if circle:
        said = _("This closes a circle: %(names)s.") % {"names": " → ".join(circle)}
        raise Conflict(said, code="circle", fields={"manager": [said]})
    try:
        with transaction.atomic():
            line.save()
    except IntegrityError:
        other = (
            ReportingLine.objects.filter(user=line.user, relation=line.relation)
            .filter(starts_on__lte=line.ends_on or NEVER_ENDS)
            .exclude(pk=line.pk)
            .exclude(ends_on__lt=line.starts_on)
            .select_related("manager")
            .first()
        )
        said = _(
            "%(name)s stands under %(manager)s (%(relation)s) from %(first)s to %(last)s already."
        ) % {
            "name": line.user.name,
            "manager": other.manager.name if other else "?",
            "relation": line.relation,
            "first": other.starts_on if other else "?",
            "last": (other.ends_on if other else None) or "…",
        }
        raise Conflict(said, code="not_unique", fields={"starts_on": [said]}) from None


def _circle(line: ReportingLine) -> list[str]:
    """The names along the circle that a line closes on some day, from its person on and back;
    nothing where there is none."""
    above: list[tuple[User, date, date, tuple[User, ...]]] = [
        (line.manager, line.starts_on, line.ends_on or NEVER_ENDS, (line.user, line.manager))
    ]
    while above:
        person, since, until, chain = above.pop()
        for each in (
            ReportingLine.objects.filter(user=person, relation=line.relation, starts_on__lte=until)
            .exclude(ends_on__lt=since)
            .exclude(pk=line.pk)
            .select_related("manager")
        ):
            if each.manager_id == line.user_id:
                return [user.name for user in (*chain, line.user)]
            if each.manager in chain:
                continue
            starts, ends = max(since, each.starts_on), min(until, each.ends_on or NEVER_ENDS)
            above.append((each.manager, starts, ends, (*chain, each.manager)))
    return []


def _lock() -> None:
    """Two lines at once could close a circle that neither sees."""
    with connection.cursor() as cursor:
        cursor.execute("select pg_advisory_xact_lock(hashtextextended('compensation.relation', 3))")


def _locked(relationship_id: Any) -> ReportingLine:
    line: ReportingLine | None = (
        ReportingLine.objects.select_for_update(of=("self",))
        .select_related("user", "manager")
        .filter(pk=relationship_id)
        .exclude(relation=REPORTING)
        .first()
    )
    if line is None:
        raise NotFound(_("There is no such relationship."))
    return line
