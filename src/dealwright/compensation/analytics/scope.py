"""What an analysis is about: a range of periods, plans and people, as far as pay may be seen."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from functools import cached_property
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.db.models import Exists, OuterRef, Q
from django.utils import timezone
from django.utils.translation import gettext_noop

from dealwright.base.access.actor import Actor
from dealwright.base.errors import Invalid, NotFound
from dealwright.base.people.models import TeamMembership, User
from dealwright.compensation.access import payee_ids, sees_all_pay
from dealwright.compensation.engine.names import quotas_of
from dealwright.compensation.ledger.models import Posting
from dealwright.compensation.periods.models import PayPeriod
from dealwright.compensation.plans.definition import Component, Fixed, Plan
from dealwright.compensation.plans.models import PlanAssignment, PlanVersion
from dealwright.compensation.plans.reading import read_plan

# Thresholds that can be set: key -> (label, value in percent, most)
SETTINGS: Mapping[str, tuple[str, str, int]] = {
    "below": (gettext_noop("Below threshold, under %"), "50", 1000),
    "excellence": (gettext_noop("Excellence, from %"), "125", 1000),
    "small": (gettext_noop("A small component pays under %"), "5", 100),
    "windfall": (gettext_noop("A windfall is over % of a year's quota"), "25", 1000),
    "budget": (gettext_noop("Budget, % of credited revenue"), "", 1000),
}
FILTERS = ("calendar", "from", "to", "plan", "region", "role", "team", "currency")


@dataclass(frozen=True, slots=True)
class Person:
    """A payee with what analyses group by; ``started_on`` is the first day on any plan."""

    id: UUID
    name: str
    region: str
    role: str
    manager_id: UUID | None
    is_active: bool
    started_on: date
    teams: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Terms:
    """What a person has on a plan for some days; ``target`` is a yearly amount."""

    plan_id: UUID
    person_id: UUID
    starts_on: date
    ends_on: date | None
    target: Decimal | None
    fields: Mapping[str, Any]


@dataclass
class PlanFacts:
    """A plan with the texts that were ever active, the latest last."""

    id: UUID
    name: str
    currency: str
    texts: Sequence[Plan]
    versions: Mapping[UUID, Plan]

    @cached_property
    def windows(self) -> Mapping[str, str]:
        """Component with a quota -> the window over which its credits pile up."""
        return {
            component: window for text in self.texts for component, _, window, _ in quotas_of(text)
        }

    @cached_property
    def components(self) -> Mapping[str, Component]:
        return {each.id: each for text in self.texts for each in text.components}

    @cached_property
    def not_variable(self) -> Sequence[str]:
        """The components that pay without selling, or something other than money."""
        return [
            key
            for key, each in self.components.items()
            if isinstance(each, Fixed) or each.reward is not None
        ]

    @cached_property
    def money_kinds(self) -> Sequence[str]:
        """The kinds of events whose money the plan counts."""
        return sorted(
            {
                kind
                for text in self.texts
                for measure in text.measures.values()
                if measure.unit == "money"
                for kind in measure.kinds
            }
        )

    def label(self, component: str) -> str:
        known = self.components.get(component.split(".")[0])
        return known.label if known else component


@dataclass
class Scope:
    """The choice of an analysis and what it comes to.

    ``people`` and ``plans`` are what the filters leave of ``everybody`` and ``all_plans``.
    ``me`` is a manager who looks at those below: not among the people, but with a quota that
    theirs are compared with.
    """

    actor: Actor
    given: Mapping[str, str]
    calendars: Sequence[tuple[str, str]]
    calendar: str
    fiscal_year_starts: int
    all_periods: Sequence[PayPeriod]
    periods: Sequence[PayPeriod]
    plans: Mapping[UUID, PlanFacts]
    all_plans: Sequence[PlanFacts]
    people: Mapping[UUID, Person]
    everybody: Mapping[UUID, Person]
    known_plans: Mapping[UUID, PlanFacts]
    me: Person | None
    terms: Sequence[Terms]
    currency: str
    currencies: Sequence[str]
    settings: Mapping[str, Decimal | None]
    errors: Mapping[str, list[str]] = field(default_factory=dict)

    @property
    def first(self) -> date:
        return self.periods[0].starts_on

    @property
    def last(self) -> date:
        return self.periods[-1].ends_on

    @property
    def period_ids(self) -> list[UUID]:
        return [each.pk for each in self.periods]

    @property
    def plan_ids(self) -> list[UUID]:
        return list(self.plans)

    @property
    def person_ids(self) -> list[UUID]:
        return list(self.people)

    @cached_property
    def by_period(self) -> Mapping[UUID, PayPeriod]:
        return {each.pk: each for each in self.periods}

    def setting(self, key: str) -> Decimal | None:
        """A threshold as a fraction; None where none is set."""
        value = self.settings[key]
        return None if value is None else value / 100

    def at(self, key: str) -> Decimal:
        """A threshold that is always set, as a fraction."""
        value = self.setting(key)
        assert value is not None
        return value

    def query(self, **more: str) -> str:
        """The choice as the query of an address."""
        return urlencode({**{k: v for k, v in self.given.items() if v}, **more})

    def statement_url(self, person_id: UUID, period_id: UUID | None = None) -> str:
        if period_id is None:
            return f"/compensation/statements/{person_id}?period={self.periods[-1].pk}"
        return f"/compensation/statements/{person_id}/{period_id}"

    def window_of(self, period: PayPeriod, window: str) -> int:
        """Which window of a component a period lies in."""
        if window == "plan":
            return 0
        per_year = periods_a_year(self.calendar)
        if window == "year":
            return period.number // per_year
        if window == "quarter" and per_year == 12:
            return period.number // 3
        return period.number

    @property
    def not_variable(self) -> list[str]:
        """ "plan component" of what is no variable pay."""
        return [f"{p.id} {each}" for p in self.plans.values() for each in p.not_variable]

    @property
    def regions(self) -> Sequence[str]:
        return sorted({each.region for each in self.everybody.values() if each.region})

    @property
    def roles(self) -> Sequence[str]:
        return sorted({each.role for each in self.everybody.values() if each.role})

    @property
    def teams(self) -> Sequence[str]:
        return sorted({team for each in self.everybody.values() for team in each.teams})


def periods_a_year(calendar: str) -> int:
    """How many pay periods a year has; calendars of weeks have twelve, as months."""
    return {"quarter": 4, "year": 1}.get(calendar, 12)


def may_analyse(actor: Actor) -> bool:
    """Finance and administrators, and whoever has somebody below: a distribution of one person
    is none, so that a rep has the own statement alone."""
    if sees_all_pay(actor):
        return True
    below = payee_ids(actor)
    return below is not None and len(below) > 1


def choose_scope(actor: Actor, given: Mapping[str, str]) -> Scope | None:
    """The scope that an address or a program asks for; None where there is nothing to analyse.

    Raises NotFound for those who have nobody below them. Unknown choices fall back to the
    default; wrong thresholds are named in ``errors`` and fall back as well.
    """
    if not may_analyse(actor):
        raise NotFound("There is nothing at this address.")
    given = {key: str(given.get(key, "") or "") for key in (*FILTERS, *SETTINGS, "by")}
    settings, errors = _settings(given)
    found = _periods(given)
    if found is None:
        return None
    calendars, calendar, fiscal_year_starts, rows, chosen = found
    people, plans, terms, me = _people(actor, calendar, fiscal_year_starts, chosen)
    used = [each for each in plans if any(t.plan_id == each.id for t in terms)]
    currencies = sorted({each.currency for each in used})
    currency = given["currency"] if given["currency"] in currencies else ""
    if not currency and currencies:
        counts = {c: sum(1 for p in used if p.currency == c) for c in currencies}
        currency = max(currencies, key=lambda each: (counts[each], each))
    kept = [
        each for each in used if each.currency == currency and given["plan"] in ("", str(each.id))
    ]
    on_them = {each.person_id for each in terms if each.plan_id in {plan.id for plan in kept}}
    here = {
        key: each
        for key, each in people.items()
        if key in on_them
        and given["region"] in ("", each.region)
        and given["role"] in ("", each.role)
        and (not given["team"] or given["team"] in each.teams)
    }
    return Scope(
        actor=actor,
        given=given,
        calendars=calendars,
        calendar=calendar,
        fiscal_year_starts=fiscal_year_starts,
        all_periods=rows,
        periods=chosen,
        plans={each.id: each for each in kept},
        all_plans=used,
        people=here,
        everybody=people,
        known_plans={each.id: each for each in plans},
        me=me,
        terms=terms,
        currency=currency,
        currencies=currencies,
        settings=settings,
        errors=errors,
    )


def _settings(
    given: Mapping[str, str],
) -> tuple[dict[str, Decimal | None], dict[str, list[str]]]:
    values: dict[str, Decimal | None] = {}
    errors: dict[str, list[str]] = {}
    for key, (_label, default, most) in SETTINGS.items():
        text = given[key].strip().removesuffix("%").strip() or default
        try:
            value = Decimal(text) if text else None
            if value is not None and not (value.is_finite() and 0 <= value <= most):
                raise ArithmeticError
        except ArithmeticError:
            errors[key] = [f"Give a percentage from 0 to {most}."]
            value = Decimal(default) if default else None
        values[key] = value
    return values, errors


def _periods(
    given: Mapping[str, str],
) -> tuple[list[tuple[str, str]], str, int, list[PayPeriod], list[PayPeriod]] | None:
    """Calendars to choose from, the one chosen, its periods, and those of the range.

    Without a choice: the calendar with the latest results, from the beginning of its year.
    """
    rows: list[Any] = list(
        PayPeriod.objects.annotate(
            posted=Exists(Posting.objects.filter(posted_period=OuterRef("pk")))
        ).order_by("starts_on", "calendar")
    )
    if not rows:
        return None
    today = timezone.localdate()
    posted = [each for each in rows if each.posted]
    past = [each for each in posted if each.starts_on <= today]
    current = (past or posted or rows)[-1]
    keys = sorted({_key(each) for each in rows})
    wanted = given["calendar"] if given["calendar"] in keys else _key(current)
    own = [each for each in rows if _key(each) == wanted]
    past = [each for each in own if each.posted and each.starts_on <= today]
    last = _labelled(own, given["to"]) or (past or own)[-1]
    year = last.number // periods_a_year(last.calendar)
    first = _labelled(own, given["from"]) or next(
        each for each in own if each.number // periods_a_year(each.calendar) == year
    )
    if first.number > last.number:
        first, last = last, first
    chosen = [each for each in own if first.number <= each.number <= last.number]
    names = [(key, _calendar_name(key)) for key in keys]
    return names, last.calendar, last.fiscal_year_starts, own, chosen


def _labelled(rows: Sequence[PayPeriod], label: str) -> PayPeriod | None:
    return next((each for each in rows if each.label == label), None)


def _key(period: PayPeriod) -> str:
    return f"{period.calendar}-{period.fiscal_year_starts}"


def _calendar_name(key: str) -> str:
    calendar, month = key.rsplit("-", 1)
    name = {"month": "Months", "quarter": "Quarters", "year": "Years"}.get(calendar, calendar)
    return name if month == "1" else f"{name} from month {month}"


def _people(
    actor: Actor, calendar: str, fiscal_year_starts: int, periods: Sequence[PayPeriod]
) -> tuple[dict[UUID, Person], list[PlanFacts], list[Terms], Person | None]:
    """Everybody below on a plan of the calendar in these days, the plans, their terms, and the
    manager who asks."""
    below = None if sees_all_pay(actor) else payee_ids(actor)
    own = actor.require_user().pk if below is not None else None
    rows = PlanAssignment.objects.filter(
        plan__calendar=calendar, plan__fiscal_year_starts=fiscal_year_starts
    ).select_related("plan", "user")
    if below is not None:
        rows = rows.filter(user_id__in=below)
    first, last = periods[0].starts_on, periods[-1].ends_on
    everything = list(rows.order_by("starts_on"))
    starts: dict[UUID, date] = {}
    for each in everything:
        starts.setdefault(each.user_id, each.starts_on)
    here = [
        each
        for each in everything
        if each.starts_on <= last and (each.ends_on is None or each.ends_on >= first)
    ]
    users = {each.user_id: each.user for each in here}
    teams: dict[UUID, list[str]] = defaultdict(list)
    for user_id, name in (
        TeamMembership.objects.filter(user_id__in=list(users))
        .order_by("team__name")
        .values_list("user_id", "team__name")
    ):
        teams[user_id].append(name)
    people = {
        key: _person(user, starts[key], tuple(teams[key]))
        for key, user in sorted(users.items(), key=lambda each: (each[1].name, str(each[0])))
    }
    me = people.pop(own, None) if own is not None else None
    plans = _plans({each.plan_id: each.plan for each in here})
    terms = [
        Terms(each.plan_id, each.user_id, each.starts_on, each.ends_on, each.target, each.fields)
        for each in here
        if each.user_id != own
    ]
    return people, plans, terms, me


def _person(user: User, started_on: date, teams: tuple[str, ...]) -> Person:
    return Person(
        user.pk,
        user.name,
        user.region,
        user.job_title,
        user.manager_id,
        user.is_active,
        started_on,
        teams,
    )


def _plans(rows: Mapping[UUID, Any]) -> list[PlanFacts]:
    texts: dict[UUID, dict[UUID, Plan]] = defaultdict(dict)
    for version in PlanVersion.objects.filter(
        Q(activated_at__isnull=False), plan_id__in=list(rows)
    ).order_by("number"):
        texts[version.plan_id][version.pk] = read_plan(version.text)
    return [
        PlanFacts(key, row.name, row.currency, list(texts[key].values()), texts[key])
        for key, row in sorted(rows.items(), key=lambda each: each[1].name)
    ]


def wrong_setting(scope: Scope) -> None:
    """Raises Invalid where a threshold is wrong: programs are told, pages say it at the field."""
    if scope.errors:
        raise Invalid("A threshold is wrong.", fields=dict(scope.errors))
