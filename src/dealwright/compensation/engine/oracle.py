"""The reference: the same plan computed row by row with Python's decimals.

Written from the plan's meaning and not from the SQL: loops over credits in their declared
order, balances carried from period to period, fractions where a quotient is exact. Every
other engine must agree with it to the cent and to the line.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import ROUND_HALF_UP, Decimal, localcontext
from fractions import Fraction
from typing import Any

from dealwright.base.periods import last_day_of_month
from dealwright.compensation.engine.inputs import Inputs
from dealwright.compensation.engine.lines import Attainment, Credit, Line
from dealwright.compensation.engine.names import payee_columns
from dealwright.compensation.engine.periods import PayPeriod
from dealwright.compensation.engine.rate_days import rate_day, rate_type
from dealwright.compensation.engine.sql import LINE_SCALE, RATIO_DIGITS
from dealwright.compensation.engine.tables import columns_of
from dealwright.compensation.plans.definition import (
    TERRITORY,
    Amount,
    Basis,
    Component,
    CreditRule,
    Measure,
    Plan,
    bases_of,
)
from dealwright.compensation.plans.expressions import evaluate
from dealwright.compensation.plans.lookup_tables import table_values

ZERO = Decimal(0)


def rounded(value: Decimal, scale: int) -> Decimal:
    """Half away from zero."""
    return value.quantize(Decimal(1).scaleb(-scale), rounding=ROUND_HALF_UP) + ZERO


def quotient(above: Decimal | Fraction, below: Decimal | Fraction, scale: int) -> Decimal:
    """Exact division, rounded once, half away from zero; by nothing it is 0."""
    if below == 0:
        return ZERO
    value = Fraction(above) / Fraction(below) * 10**scale
    whole = (2 * abs(value.numerator) + value.denominator) // (2 * value.denominator)
    return Decimal(-whole if value < 0 else whole).scaleb(-scale)


@dataclass(slots=True)
class Counted:
    """A credit as components see it."""

    payee: str
    period: PayPeriod
    event: str
    day: date
    rule: str
    role: str
    via: str
    share: Decimal
    amount: Decimal
    values: Mapping[str, Any] = field(default_factory=dict)

    @property
    def order(self) -> tuple[Any, ...]:
        return (self.day, self.event, self.rule, self.role, self.via)


@dataclass(slots=True)
class Presence:
    """A payee in a period of the plan."""

    payee: str
    period: PayPeriod
    days: int
    whole: int
    work_days: int
    work_whole: int
    first_period: int
    values: Mapping[str, Any]


class Case:
    """The input as Python values, and what is derived of it once for all components."""

    def __init__(self, inputs: Inputs) -> None:
        self.inputs = inputs
        self.plan: Plan = inputs.plan
        self.scale = self.plan.rounding.scale
        self.line_scale = self.scale if self.plan.rounding.line else LINE_SCALE
        self.period = {each.number: each for each in inputs.all_periods}
        self._territories: list[dict[str, Any]] | None = None
        self.events = self._events()
        self.people = self._people()
        self.named = self._named()
        self.grid = self._grid()
        self.reporting = self._reporting()
        self.credits = self._credits()

    def _dicts(self, file: str) -> list[dict[str, Any]]:
        names = [each.name for each in columns_of(file, self.plan.fields, self.plan.payee_fields)]
        chosen = ", ".join(f'"{name}"' for name in names)
        return [
            dict(zip(names, row, strict=True))
            for row in self.inputs.rows(f"SELECT {chosen} FROM input_{file}")
        ]

    def _events(self) -> dict[str, dict[str, Any]]:
        found = {}
        for event in self._dicts("events"):
            event["period"] = self._period_of(event["date"])
            found[event["event_id"]] = event
        return found

    def _period_of(self, day: date) -> PayPeriod | None:
        """The calculated period a day is in, None outside the plan's dates."""
        plan = self.plan
        if (plan.effective and day < plan.effective) or (plan.until and day > plan.until):
            return None
        return next((p for p in self.inputs.periods if p.starts <= day <= p.ends), None)

    def _people(self) -> dict[str, list[dict[str, Any]]]:
        people: dict[str, list[dict[str, Any]]] = defaultdict(list)
        for row in self._dicts("people"):
            people[row["payee"]].append(row)
        return people

    def person_on(self, payee: str, day: date) -> dict[str, Any] | None:
        return next(
            (row for row in self.people.get(payee, ()) if row["starts"] <= day <= row["ends"]),
            None,
        )

    def _named(self) -> dict[tuple[str, str, str, int], Decimal]:
        """(payee, name, window, number) -> quota, target or salary."""
        parts: dict[tuple[str, str, str, int, int], Fraction] = defaultdict(Fraction)
        for payee, name, number, amount, weight, whole in self.inputs.rows(
            "SELECT payee, name, period, amount, weight, whole FROM piece"
        ):
            for span, window in self.windows(self.period[number]).items():
                parts[payee, name, span, window, whole] += Fraction(amount) * weight
        sums: dict[tuple[str, str, str, int], Decimal] = defaultdict(Decimal)
        for (payee, name, span, window, whole), total in parts.items():
            sums[payee, name, span, window] += quotient(total, Fraction(whole), self.scale)
        return dict(sums)

    @staticmethod
    def windows(period: PayPeriod) -> dict[str, int]:
        return {
            "period": period.number,
            "quarter": period.quarter,
            "year": period.year,
            "plan": 0,
        }

    def window(self, cumulate: str, period: PayPeriod) -> int:
        return self.windows(period)["period" if cumulate in ("transaction", "deal") else cumulate]

    def value(
        self, source: Amount | None, cumulate: str, payee: str, period: PayPeriod
    ) -> Decimal | None:
        """An amount of the plan for a payee and window; None where a name has no value."""
        if source is None:
            return ZERO
        if source.value is not None:
            return source.value
        span = "period" if cumulate in ("transaction", "deal") else cumulate
        whole = self.named.get((payee, source.name, span, self.window(cumulate, period)))
        if whole is None or source.factor == 1:
            return whole
        return rounded(whole * source.factor, self.scale)

    def quota(self, name: str, cumulate: str, payee: str, period: PayPeriod) -> Decimal | None:
        """A quota above zero, else None."""
        value = self.value(Amount(name=name), cumulate, payee, period)
        return value if value is not None and value > 0 else None

    def _grid(self) -> list[Presence]:
        columns = payee_columns(self.plan)
        fields = "".join(f', "{column}"' for column in columns.values())
        return [
            Presence(
                payee,
                self.period[number],
                days,
                whole,
                work_days,
                work_whole,
                first,
                {f"payee.{name}": v for name, v in zip(columns, rest, strict=True)},
            )
            for payee, number, days, whole, work_days, work_whole, first, *rest in self.inputs.rows(
                f"SELECT payee, period, days, whole, work_days, work_whole, first_period{fields} "
                "FROM grid "
                "ORDER BY payee, period"
            )
        ]

    def payee_values(self, person: Mapping[str, Any]) -> dict[str, Any]:
        """What an expression reads of a payee."""
        return {f"payee.{name}": person.get(c) for name, c in payee_columns(self.plan).items()}

    def scale_of(self, component: Component) -> int:
        """Decimals of a line's payout; rewards are whole."""
        return 0 if component.reward is not None else self.line_scale

    def is_for(self, component: Component, presence: Presence | None) -> bool:
        if component.payees is None:
            return True
        return presence is not None and evaluate(component.payees, presence.values) is True

    def presence(self, payee: str, period: PayPeriod) -> Presence | None:
        return next(
            (
                each
                for each in self._presences().get(payee, ())
                if each.period.number == period.number
            ),
            None,
        )

    def _presences(self) -> dict[str, list[Presence]]:
        known: dict[str, list[Presence]] | None = self.__dict__.get("_by_payee")
        if known is None:
            known = defaultdict(list)
            for each in self.grid:
                known[each.payee].append(each)
            self.__dict__["_by_payee"] = known
        return known

    def _reporting(self) -> dict[str, list[tuple[Any, ...]]]:
        """Payee -> (manager, relation, depth, starts, ends) of each manager above."""
        reporting: dict[str, list[tuple[Any, ...]]] = defaultdict(list)
        for payee, *rest in self.inputs.rows(
            "SELECT payee, manager, relation, depth, starts, ends FROM reporting"
        ):
            reporting[payee].append(tuple(rest))
        return reporting

    # Credits

    def _credits(self) -> list[Credit]:
        used = {basis.measure for basis in bases_of(self.plan)}
        rules = {rule for basis in bases_of(self.plan) for rule in basis.rules}
        splits: dict[str, list[dict[str, Any]]] = defaultdict(list)
        for row in self._dicts("splits"):
            splits[row["event_id"]].append(row)
        found: list[Credit] = []
        for name in used:
            measure = self.plan.measures[name]
            for event in self.events.values():
                amount = self.eligible(measure, event)
                if amount is None:
                    continue
                for rule in self.plan.credits.values():
                    if rule.source != "rollup" and rule.id in rules:
                        found += self._shared(measure, event, amount, rule, splits)
                rolled = [
                    each
                    for each in self.plan.credits.values()
                    if each.source == "rollup" and each.id in rules
                ]
                if rolled:
                    direct = next(
                        each for each in self.plan.credits.values() if each.source == "direct"
                    )
                    for credit in self._shared(measure, event, amount, direct, splits):
                        for rule in rolled:
                            found += _rolled_up(credit, event["date"], rule, self.reporting)
        return [
            each
            for each in found
            if self.person_on(each.payee, self.events[each.event]["date"]) is not None
        ]

    def eligible(self, measure: Measure, event: dict[str, Any]) -> Decimal | None:
        """What an event counts for under a measure, in the plan's currency; None: nothing."""
        if event["kind"] not in measure.kinds or event["period"] is None:
            return None
        values = self.event_values(event)
        if measure.when is not None and evaluate(measure.when, values) is not True:
            return None
        amount = rounded(Decimal(evaluate(measure.amount, values) or 0), LINE_SCALE)
        factor = measure.factors.get(event["kind"])
        if factor is not None:
            amount = rounded(amount * factor, LINE_SCALE)
        if measure.unit == "money" and event["currency"] != self.plan.currency:
            amount *= self._rate(measure, event)
        return rounded(amount, self._credit_scale(measure))

    def _credit_scale(self, measure: Measure) -> int:
        if measure.unit == "quantity":
            return RATIO_DIGITS
        return self.scale if self.plan.rounding.credit else LINE_SCALE

    def _rate(self, measure: Measure, event: dict[str, Any]) -> Decimal:
        kind = rate_type(measure.rates)
        day = rate_day(self.plan, measure.rates, event["date"])
        stated = [
            row
            for row in self._dicts("rates")
            if row["from_currency"] == event["currency"]
            and row["to_currency"] == self.plan.currency
            and row["type"] == kind
            and row["starts"] <= last_day_of_month(day)
            and (kind == "average" or row["starts"] <= day)
            and (kind != "average" or row["starts"] >= day.replace(day=1))
        ]
        rate: Decimal = max(stated, key=lambda row: row["starts"])["rate"]
        return rate

    def event_values(self, event: dict[str, Any]) -> dict[str, Any]:
        """What an expression reads of an event."""
        values = {
            name.removeprefix("f_"): value for name, value in event.items() if name != "period"
        }
        values["id"] = event["event_id"]
        return values | table_values(self.plan.tables, values)

    def _shared(
        self,
        measure: Measure,
        event: dict[str, Any],
        amount: Decimal,
        rule: CreditRule,
        splits: Mapping[str, Sequence[dict[str, Any]]],
    ) -> list[Credit]:
        """Shares rounded each; what is left over goes to the declared one."""
        rows = splits.get(event["event_id"]) or splits.get(event["reference"]) or []
        if rule.source == TERRITORY:
            parts = self._holders(rule, event)
        else:
            parts = [row for row in rows if row["kind"] == rule.source]
        payee = event["payee"]
        if not payee and event["reference"] in self.events:
            payee = self.events[event["reference"]]["payee"]
        total: Decimal | None = rule.total
        if not rows and payee and rule.source == "direct":
            parts = [{"payee": payee, "role": "", "share": Decimal(1)}]
            total = Decimal(1)
        scale = self._credit_scale(measure)
        credits = [
            Credit(
                measure=measure.id,
                rule=rule.id,
                event=event["event_id"],
                payee=row["payee"],
                period=event["period"].number,
                role=row["role"],
                via="",
                depth=0,
                share=row["share"],
                amount=rounded(amount * row["share"], scale),
            )
            for row in parts
        ]
        if not credits or total is None:
            return credits
        by_name = sorted(range(len(credits)), key=lambda i: (credits[i].payee, credits[i].role))
        last = {
            "first": by_name[0],
            "last": by_name[-1],
            "largest": min(
                by_name, key=lambda i: (-credits[i].share, credits[i].payee, credits[i].role)
            ),
        }[rule.residual]
        others = sum((each.amount for i, each in enumerate(credits) if i != last), ZERO)
        credits[last] = replace(credits[last], amount=rounded(amount * total, scale) - others)
        return credits

    def _holders(self, rule: CreditRule, event: dict[str, Any]) -> list[dict[str, Any]]:
        """Who holds the territory of an event on its day."""
        if self._territories is None:
            self._territories = self._dicts("territories")
        return [
            row
            for row in self._territories
            if row["territory"] == event[f"f_{rule.by}"]
            and row["starts"] <= event["date"] <= row["ends"]
        ]

    def basis(self, component: Component, basis: Basis) -> list[Counted]:
        """The credits a component looks at, in the order in which they pile up."""
        chosen = []
        for credit in self.credits:
            if credit.measure != basis.measure or credit.rule not in basis.rules:
                continue
            event = self.events[credit.event]
            if basis.starts and event["date"] < basis.starts:
                continue
            if basis.ends and event["date"] > basis.ends:
                continue
            person = self.person_on(credit.payee, event["date"]) or {}
            values = {
                "level": Decimal(credit.depth),
                **self.event_values(event),
                **self.payee_values(person),
                "credit": credit.amount,
                "share": credit.share,
                "role": credit.role,
            }
            values |= table_values(self.plan.tables, values)
            if basis.when is not None and evaluate(basis.when, values) is not True:
                continue
            if component.payees is not None and evaluate(component.payees, values) is not True:
                continue
            chosen.append(
                Counted(
                    credit.payee,
                    event["period"],
                    credit.event,
                    event["date"],
                    credit.rule,
                    credit.role,
                    credit.via,
                    credit.share,
                    credit.amount,
                    values,
                )
            )
        if basis.detail == "report":
            chosen = _by_report(chosen)
        return sorted(chosen, key=lambda each: (each.payee, *each.order))


def _rolled_up(
    credit: Credit,
    day: date,
    rule: CreditRule,
    reporting: Mapping[str, Sequence[tuple[Any, ...]]],
) -> list[Credit]:
    """The whole credit for each manager above, at the reporting line of the day."""
    return [
        replace(credit, rule=rule.id, payee=manager, via=credit.payee, depth=depth)
        for manager, relation, depth, starts, ends in reporting.get(credit.payee, ())
        if relation == rule.relation
        and starts <= day <= ends
        and (not rule.depth or depth <= rule.depth)
    ]


def _by_report(credits: Iterable[Counted]) -> list[Counted]:
    """One sum per report and period."""
    sums: dict[tuple[Any, ...], Counted] = {}
    for each in credits:
        key = (each.payee, each.period.number, each.rule, each.via)
        known = sums.get(key)
        if known is None:
            sums[key] = Counted(
                each.payee,
                each.period,
                "",
                each.day,
                each.rule,
                "",
                each.via,
                Decimal(1),
                each.amount,
            )
        else:
            known.day = max(known.day, each.day)
            known.amount += each.amount
    return list(sums.values())


def calculate_with_oracle(
    inputs: Inputs,
) -> tuple[list[Line], list[Credit], list[Attainment]]:
    """Every line, credit and attainment of a prepared input."""
    from dealwright.compensation.engine.oracle_earnings import earning_lines
    from dealwright.compensation.engine.oracle_settlement import settle
    from dealwright.compensation.engine.oracle_standing import attainments

    with localcontext(prec=80):
        case = Case(inputs)
        lines: list[Line] = []
        for component in case.plan.earnings:
            lines += earning_lines(case, component)
        return settle(case, lines), case.credits, list(attainments(case))
