"""Reading the pieces that components share: amounts, steps, credits, windows, references."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any, cast

from dealwright.compensation.plans.definition import (
    DIRECT,
    TEAM,
    Amount,
    Band,
    Basis,
    Clawback,
    Component,
    CreditRule,
    Draw,
    Fixed,
    Holdback,
    Lookup,
    Measure,
    Window,
)
from dealwright.compensation.plans.expressions import (
    Expression,
    Names,
    credit_scope,
    event_scope,
    read_expression,
)
from dealwright.compensation.plans.lookup_tables import without_lookups
from dealwright.compensation.plans.source import Block, Item, hint, is_number

WINDOWS = ("transaction", "period", "quarter", "year", "ytd", "plan")
MOST_RATE = Decimal("999.999999")
MOST_AMOUNT = Decimal(10) ** 12
_ZERO, _ONE = Decimal(0), Decimal(1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """Components that another one names: may they be settlements, may they be rewards?"""

    block: Block
    line: int
    names: tuple[str, ...]
    settled: bool
    rewards: bool


@dataclass
class PieceReader:
    """What the readers of single components build on."""

    measures: dict[str, Measure]
    credits: Mapping[str, CreditRule]
    names: Names
    calendar: str = "month"
    ends: bool = False  # whether the plan has a last day
    prorate: str = "calendar"  # which days count where the plan says no more
    of_team: bool = False  # whether the quota just read is measured by the team
    components: list[Component] = field(default_factory=list)
    entries: int = 0
    references: list[Reference] = field(default_factory=list)

    def _expression(self, item: Item, scope: Mapping[str, Any], kind: str) -> Expression | None:
        text = item.text()
        if not text:
            return None
        text = without_lookups(text, self.names.tables, item.line, item.complaints, item.place)
        return read_expression(text, item.line, scope, kind, item.complaints, item.place)

    def _rate(
        self, block: Block, *, required: bool = False
    ) -> tuple[Decimal | None, Expression | None]:
        """A number, or an expression that finds it per credit: ``lookup(rates, product)``."""
        item = block.take("rate", required=required)
        text = item.text() if item else None
        if item is None or not text:
            return None, None
        if is_number(text) or re.fullmatch(r"\w+", text):
            return item.number(low=-MOST_RATE, high=MOST_RATE), None
        text = without_lookups(text, self.names.tables, item.line, item.complaints, item.place)
        formula = read_expression(
            f"credit * ({text})",
            item.line,
            credit_scope(self.names),
            "number",
            item.complaints,
            item.place,
        )
        return None, formula

    def _formula(self, block: Block, key: str) -> Expression | None:
        item = block.take(key)
        return self._expression(item, credit_scope(self.names), "number") if item else None

    def _amount(self, block: Block, key: str, *, required: bool = False) -> Amount | None:
        """A number, the name of a quota, ``salary`` or ``target``, or a part of such a name:
        ``200% of target``."""
        item = block.take(key, required=required)
        text = item.text() if item else None
        if item is None or text is None:
            return None
        if is_number(text):
            value = item.number(low=_ZERO, high=MOST_AMOUNT)
            return None if value is None else Amount(value=value)
        part, of, whole = text.partition(" of ")
        if not of:
            name = item.name()
            return Amount(name=name) if name else None
        factor = item.reading(part.strip()).number(low=_ZERO, high=MOST_RATE)
        name = item.reading(whole.strip()).name()
        return Amount(name=name, factor=factor) if name and factor is not None else None

    def _name(self, block: Block, key: str, *, required: bool = False) -> str:
        item = block.take(key, required=required)
        return (item.name() or "") if item else ""

    def _quota(self, block: Block, *, required: bool = False) -> str:
        """``quota: bookings``, or ``{name: bookings, of: team}`` to measure it by the credits
        of the whole team."""
        item = block.take("quota", required=required)
        if item is None or not item.is_mapping:
            return (item.name() or "") if item else ""
        inner = item.block()
        assert inner is not None
        name = self._name(inner, "name", required=True)
        self.of_team = inner.choice("of", ("payee", "team"), "payee") == "team"
        inner.close()
        return name

    def _window(self, block: Block, default: str) -> Window:
        chosen = block.choice("cumulate", WINDOWS, default)
        return cast(Window, "year" if chosen == "ytd" else chosen)

    def _steps(
        self, block: Block, key: str, value_keys: Sequence[str], most: Decimal = MOST_RATE
    ) -> tuple[Band, ...]:
        """``[[0, 5%], [100%, 7%]]`` or ``[{from: 0, rate: 5%}, …]``, thresholds ascending."""
        item = block.take(key, required=True)
        bands: list[Band] = []
        for entry in item.items() if item else ():
            threshold, value = self._step(entry, value_keys, most)
            if threshold is None or value is None:
                continue
            if bands and threshold <= bands[-1].threshold:
                entry.complain(
                    f"{threshold} does not come after {bands[-1].threshold}; "
                    "thresholds must ascend."
                )
            bands.append(Band(threshold=threshold, value=value))
        if len(bands) > 50:
            block.complain("at most 50 steps are allowed.", block.line_of(key))
        return tuple(bands)

    def _step(
        self, entry: Item, value_keys: Sequence[str], most: Decimal
    ) -> tuple[Decimal | None, Decimal | None]:
        if entry.is_mapping:
            block = entry.block()
            assert block is not None
            threshold = block.number("from", required=True, low=_ZERO, high=MOST_AMOUNT)
            key = next((each for each in value_keys if each in block), value_keys[0])
            value = block.number(key, required=True, low=-most, high=most)
            block.close()
            return threshold, value
        pair = entry.items() if entry.is_list else []
        if len(pair) != 2:
            entry.complain("expected a pair such as [0, 5%].")
            return None, None
        return pair[0].number(low=_ZERO, high=MOST_AMOUNT), pair[1].number(low=-most, high=most)

    def _basis(
        self, block: Block, *, rules: tuple[str, ...] = (DIRECT,), default: str = ""
    ) -> Basis:
        """Which credits: ``measure``, ``credit``, ``when``, ``from``, ``to``, ``detail``."""
        item = block.take("measure")
        measure = default or next(iter(self.measures))
        if item is not None:
            measure = item.choice(self._declared()) or measure
        elif not default and len(self._declared()) > 1:
            block.complain(f"say which measure: one of {', '.join(self._declared())}.")
        chosen = block.names("credit")
        for name in chosen:
            if name not in self.credits:
                said = f"there is no credit rule “{name}”.{hint(name, list(self.credits))}"
                block.complain(said, block.line_of("credit"))
        when_item = block.take("when")
        when = self._expression(when_item, credit_scope(self.names), "bool") if when_item else None
        starts, ends = block.day("from"), block.day("to")
        if starts and ends and ends < starts:
            block.complain(f"ends on {ends}, before it starts.", block.line_of("to"))
        detail = block.choice("detail", ("event", "report"), "event")
        known = tuple(name for name in chosen if name in self.credits)
        if self.of_team:
            rules, self.of_team = (TEAM,), False
        return Basis(
            measure=measure,
            rules=known or rules,
            when=when,
            starts=starts,
            ends=ends,
            detail=cast(Any, detail),
        )

    def _lookup(
        self,
        block: Block,
        cumulate: Window,
        thresholds: tuple[Decimal, ...],
        *,
        at_most: bool = False,
    ) -> Lookup:
        quota = self._quota(block)
        line = block.line_of("per")
        item = block.take("per")
        per = (item.choice(self._declared()) or "") if item else ""
        basis = self._basis(block)
        if cumulate == "transaction":
            block.complain("this needs a window: period, quarter, year or plan.")
        if per and quota:
            block.complain("a measure is compared with a quota or with another, not both.", line)
        elif per and {self.measures[each].aggregate for each in (per, basis.measure)} != {"sum"}:
            block.complain("only sums can be divided; this measure is no sum.", line)
        return Lookup(
            basis=basis,
            cumulate=cumulate,
            thresholds=thresholds,
            quota="" if per else quota,
            per=per,
            at_most=at_most,
        )

    def _test(self, block: Block, cumulate: Window) -> Lookup | None:
        """What a gate asks: ``at_least`` or ``at_most`` of a measure."""
        given = [key for key in ("at_least", "at_most") if key in block]
        limits = [
            block.number(key, low=-MOST_AMOUNT, high=MOST_AMOUNT) for key in ("at_least", "at_most")
        ]
        limit = next((each for each in limits if each is not None), None)
        test = self._lookup(
            block,
            cumulate,
            (limit,) if limit is not None else (),
            at_most=given == ["at_most"],
        )
        if len(given) != 1:
            block.complain("give either “at_least” or “at_most”.")
        return test if limit is not None else None

    def _lookup_block(self, block: Block, key: str, cumulate: Window) -> Lookup | None:
        item = block.take(key, required=True)
        inner = item.block() if item else None
        if inner is None:
            return None
        steps = inner.take("steps", required=True)
        thresholds: list[Decimal] = []
        for each in steps.items() if steps else ():
            value = each.number(low=_ZERO, high=MOST_AMOUNT)
            if value is not None and thresholds and value <= thresholds[-1]:
                each.complain("steps must ascend.")
            if value is not None:
                thresholds.append(value)
        lookup = self._lookup(inner, cumulate, tuple(thresholds))
        inner.close()
        return lookup if thresholds else None

    def _on(
        self,
        block: Block,
        *,
        default_all: bool = False,
        settled: bool = False,
        rewards: bool = False,
    ) -> tuple[str, ...]:
        """The components it acts on; ``all`` or nothing means all before it but fixed pay and
        rewards."""
        line = block.line_of("on")
        names = block.names("on")
        if names and names != ("all",):
            self.references.append(
                Reference(block=block, line=line, names=names, settled=settled, rewards=rewards)
            )
            return names
        if not default_all and not names:
            block.complain("“on” is missing: name the components it acts on.")
            return ()
        kinds: tuple[type, ...] = (Fixed, Draw) if settled else (Fixed, *_SETTLEMENT)
        found = tuple(
            each.id
            for each in self.components
            if not isinstance(each, kinds) and each.reward is None
        )
        if not found:
            block.complain("there is no pay before it on which it could act; name it under “on”.")
        return found

    def _kinds_of_events(self, block: Block, key: str, default: tuple[str, ...]) -> tuple[str, ...]:
        item = block.take(key)
        if item is None:
            return default
        return tuple(text for each in item.items() if (text := each.text())) or default

    def _schedule(self, block: Block) -> tuple[tuple[int, Decimal], ...]:
        """``[[3, 100%], [6, 50%]]``: all within 3 months, half within 6, then nothing."""
        item = block.take("schedule")
        rows: list[tuple[int, Decimal]] = []
        for entry in item.items() if item else ():
            pair = entry.items() if entry.is_list else []
            if len(pair) != 2:
                entry.complain("expected a pair such as [3, 100%].")
                continue
            months = pair[0].number(low=_ONE, high=Decimal(600))
            share = pair[1].number(low=_ZERO, high=_ONE)
            if months is None or share is None:
                continue
            if months != int(months) or (rows and months <= rows[-1][0]):
                entry.complain("months must be whole numbers that ascend.")
            rows.append((int(months), share))
        return tuple(rows)

    def _declared(self) -> list[str]:
        return [name for name in self.measures if "__" not in name]

    def _counting(self, block: Block, shared: dict[str, Any]) -> str:
        """An unnamed measure that counts each event once, of the kinds in ``of``."""
        return self._inline(block, shared, "1", "quantity")

    def _per_deal(self, block: Block, shared: dict[str, Any], basis: Basis) -> Basis:
        """A basis that counts deals. A sum for each unit of money would pay the revenue many
        times over; who names a measure of money beside it means each of the deals in it."""
        measure = self.measures[basis.measure]
        if measure.unit != "money":
            return basis
        one = read_expression(
            "1", block.line, event_scope(self.names.fields), "number", block.complaints, block.place
        )
        if one is None:
            return basis
        name = f"{shared['id']}__own"
        self.measures[name] = replace(
            measure, id=name, amount=one, unit="quantity", factors={}, aggregate="sum"
        )
        return replace(basis, measure=name)

    def _inline(self, block: Block, shared: dict[str, Any], amount: str, unit: str) -> str:
        if "measure" in block:
            block.complain("either name a measure or describe the amount here.")
        kinds = self._kinds_of_events(block, "of", ("booking",))
        name = f"{shared['id']}__own"
        expression = read_expression(
            amount,
            block.line,
            event_scope(self.names.fields),
            "number",
            block.complaints,
            block.place,
        )
        if expression is not None:
            self.measures[name] = Measure(
                id=name, line=block.line, kinds=kinds, amount=expression, unit=cast(Any, unit)
            )
        return name if name in self.measures else next(iter(self.measures))


_SETTLEMENT = (Holdback, Clawback, Draw)
