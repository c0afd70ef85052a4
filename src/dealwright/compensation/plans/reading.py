"""From plan text to a typed plan. Every mistake is told with its line, all at once."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from functools import lru_cache
from typing import Any, cast

from dealwright.base.errors import Invalid
from dealwright.base.money import check_currency, minor_units
from dealwright.compensation.plans.component_reading import ComponentReader
from dealwright.compensation.plans.definition import (
    DIRECT,
    OVERLAY,
    REPORTING,
    ROLLUP,
    TEAM,
    TERRITORY,
    CreditRule,
    FieldType,
    Measure,
    Plan,
    Rounding,
)
from dealwright.compensation.plans.expressions import (
    Names,
    event_scope,
    read_expression,
    texts_of_credits,
)
from dealwright.compensation.plans.lookup_tables import (
    LookupTable,
    read_tables,
    without_lookups,
)
from dealwright.compensation.plans.source import Block, Complaints, Item, read_root

RATE_POLICIES = ("event", "plan", "month", "month_end", "pay")
CALENDARS = ("month", "quarter", "year")
WEEK_PATTERNS = ("4-4-5", "4-5-4", "5-4-4")
FIELD_TYPES = ("text", "number", "money", "date", "bool")
RESERVED = frozenset(
    {"event_id", "id", "kind", "date", "payee", "amount", "currency", "quantity", "cost"}
    | {"reference", "credit", "share", "role"}
)
BOOKINGS = "bookings"  # the measure that is there when a plan declares none


@lru_cache(maxsize=256)
def read_plan(text: str) -> Plan:
    """The plan that a text describes. Raises PlanInvalid with every problem and its line."""
    complaints = Complaints()
    root = read_root(text, complaints)
    plan = _read(root, text, complaints)
    complaints.stop_if_any()
    return plan


def _read(root: Block, text: str, complaints: Complaints) -> Plan:
    plan_id = _plan_id(root)
    title = root.text("title") or plan_id
    currency = _currency(root)
    calendar = _calendar(root)
    starts = root.integer("fiscal_year_starts", 1, low=1, high=12)
    effective, until = root.day("effective"), root.day("until")
    if effective and until and until < effective:
        root.complain(f"ends on {until}, before it takes effect.", root.line_of("until"))
    prorate = root.choice("prorate", ("calendar", "working", "months"), "calendar")
    if prorate == "months" and "@" in calendar:
        root.complain("a calendar of weeks has no months.", root.line_of("prorate"))
    holidays = _holidays(root)
    rounding = _rounding(root, currency)
    fields = _fields(root, "fields")
    payee_fields = _fields(root, "payee_fields")
    names = Names(fields=fields, payee_fields=payee_fields)
    tables = read_tables(root, texts_of_credits(names))
    measures = _measures(root, fields, tables)
    credits = _credits(root, fields)
    ramps = _ramps(root)
    names = Names(fields=fields, payee_fields=payee_fields, tables=tables)
    reader = ComponentReader(
        measures=measures,
        credits=credits,
        names=names,
        calendar=calendar,
        ends=until is not None,
        prorate=prorate,
    )
    item = root.take("components", required=True)
    if item is not None:
        for entry in item.items():
            reader.read_entry(entry)
    for kind in ("draw", "clawback"):
        settled = root.take(kind)
        if settled is not None:
            for entry in settled.items():
                reader.read(kind, entry, default_id=kind)
    reader.finish(root)
    root.close()
    return Plan(
        id=plan_id,
        title=title,
        currency=currency,
        calendar=calendar,
        fiscal_year_starts=starts,
        effective=effective,
        until=until,
        rounding=rounding,
        fields=fields,
        payee_fields=payee_fields,
        measures=measures,
        credits=credits,
        prorate=cast(Any, prorate),
        holidays=holidays,
        ramps=ramps,
        tables=tables,
        components=tuple(reader.components),
        text=text,
    )


def _calendar(root: Block) -> str:
    """``month``, ``quarter``, ``year``, or ``{kind: 4-4-5, starts: 2027-02-01}``."""
    item = root.take("calendar")
    if item is None:
        return "month"
    if not item.is_mapping:
        return item.choice(CALENDARS) or "month"
    block = item.block()
    assert block is not None
    kind = block.choice("kind", tuple(WEEK_PATTERNS), next(iter(WEEK_PATTERNS)))
    starts = block.take("starts", required=True)
    day = starts.day() if starts else None
    block.close()
    return f"{kind}@{day}" if day else "month"


def _holidays(root: Block) -> frozenset[date]:
    item = root.take("holidays")
    days = [each.day() for each in item.items()] if item else []
    if len(days) > 1000:
        root.complain("at most 1,000 holidays are allowed.", root.line_of("holidays"))
    return frozenset(each for each in days if each is not None)


def _plan_id(root: Block) -> str:
    item = root.take("plan", required=True)
    text = item.text() if item else None
    if item is not None and text is not None and (not text or len(text) > 80):
        item.complain("give the plan a name of at most 80 characters.")
    return text or ""


def _currency(root: Block) -> str:
    item = root.take("currency", required=True)
    text = item.text() if item else None
    if item is None or text is None:
        return "EUR"
    try:
        return check_currency(text)
    except Invalid as error:
        item.complain(error.message)
        return "EUR"


def _rounding(root: Block, currency: str) -> Rounding:
    item = root.take("rounding")
    scale = minor_units(currency)
    block = item.block() if item else None
    if block is None:
        return Rounding(scale=min(scale, 3))
    mode = block.text("mode", "half_up")
    if mode not in ("half_up", "half_away_from_zero"):
        block.complain(
            f"mode “{mode[:30]}” is not supported: results are rounded half_up (away from zero).",
            block.line_of("mode"),
        )
    scale = block.integer("scale", scale, low=0, high=4)
    at = block.take("at")
    places = {"credit", "line"}
    if at is not None:
        chosen = {
            each
            for entry in at.items()
            if (each := entry.choice(("credit", "line", "tier_line", "component")))
        }
        places = {"line" if each == "tier_line" else each for each in chosen}
    block.close()
    return Rounding(scale=scale, credit="credit" in places, line="line" in places)


def _fields(root: Block, key: str) -> dict[str, FieldType]:
    item = root.take(key)
    block = item.block() if item else None
    fields: dict[str, FieldType] = {}
    if block is None:
        return fields
    for name, entry in block.entries():
        if not name.isidentifier() or not name.islower() or len(name) > 40:
            entry.complain("a field's name has lower case letters, digits and “_” only.")
        elif name in RESERVED:
            entry.complain(f"“{name}” is there already and need not be declared.")
        elif (kind := entry.choice(FIELD_TYPES)) is not None:
            fields[name] = cast(FieldType, kind)
    return fields


def _measures(
    root: Block, fields: Mapping[str, FieldType], tables: Mapping[str, LookupTable]
) -> dict[str, Measure]:
    item = root.take("measures")
    block = item.block() if item else None
    scope = event_scope(fields, tables)
    measures: dict[str, Measure] = {}
    if block is not None:
        for name, entry in block.entries():
            if not _is_name(name, entry):
                continue
            inner = entry.block()
            if inner is not None:
                measures[name] = read_measure(name, inner, scope, tables)
    if not measures:
        amount = read_expression("amount", root.line, scope, "number", root.complaints, "measures")
        assert amount is not None
        measures[BOOKINGS] = Measure(id=BOOKINGS, line=root.line, kinds=("booking",), amount=amount)
    return measures


def read_measure(
    name: str, block: Block, scope: Mapping[str, Any], tables: Mapping[str, LookupTable]
) -> Measure:
    """A measure from its block, declared under ``measures`` or within a component."""
    kinds_item = block.take("of")
    kinds = tuple(
        text for each in (kinds_item.items() if kinds_item else ()) if (text := each.text())
    ) or ("booking",)
    unit = block.choice("unit", ("money", "quantity"), "money")
    amount_item = block.take("amount")
    default = "amount" if unit == "money" else "quantity"
    if amount_item is None:
        amount = read_expression(default, block.line, scope, "number", block.complaints, name)
    else:
        amount = read_expression(
            without_lookups(
                amount_item.text() or default,
                tables,
                amount_item.line,
                block.complaints,
                amount_item.place,
            ),
            amount_item.line,
            scope,
            "number",
            block.complaints,
            amount_item.place,
        )
    when_item = block.take("when")
    when = None
    if when_item is not None and (text := when_item.text()):
        when = read_expression(
            text, when_item.line, scope, "bool", block.complaints, when_item.place
        )
    factors = _factors(block, kinds)
    rates = block.choice("rates", RATE_POLICIES, "event")
    aggregate = block.choice("aggregate", ("sum", "average", "last"), "sum")
    line = block.line
    block.close()
    fallback = read_expression(default, line, scope, "number", block.complaints, name)
    assert fallback is not None
    return Measure(
        id=name,
        line=line,
        kinds=kinds,
        amount=amount or fallback,
        when=when,
        unit=cast(Any, unit),
        factors=factors,
        rates=cast(Any, rates),
        aggregate=cast(Any, aggregate),
    )


def _factors(block: Block, kinds: tuple[str, ...]) -> dict[str, Decimal]:
    item = block.take("factor")
    inner = item.block() if item else None
    factors: dict[str, Decimal] = {}
    if inner is None:
        return factors
    for kind, entry in inner.entries():
        if kind not in kinds:
            entry.complain(f"“{kind}” is none of the measure's events ({', '.join(kinds)}).")
        elif (value := entry.number(low=Decimal(-10), high=Decimal(10))) is not None:
            factors[kind] = value
    return factors


def _credits(root: Block, fields: Mapping[str, FieldType]) -> dict[str, CreditRule]:
    item = root.take("credits")
    block = item.block() if item else None
    rules: dict[str, CreditRule] = {}
    for name, entry in block.entries() if block else ():
        if not _is_name(name, entry):
            continue
        inner = entry.block()
        if inner is not None:
            rules[name] = _credit_rule(name, inner, fields)
    for name, total in ((DIRECT, Decimal(1)), (OVERLAY, None), (ROLLUP, None)):
        rules.setdefault(
            name, CreditRule(id=name, line=root.line, source=cast(Any, name), total=total)
        )
    team = CreditRule(id=TEAM, line=root.line, source=cast(Any, ROLLUP), relation=TEAM, depth=1)
    rules.setdefault(TEAM, team)
    return rules


def _credit_rule(name: str, block: Block, fields: Mapping[str, FieldType]) -> CreditRule:
    default = name if name in (DIRECT, OVERLAY, ROLLUP) else DIRECT
    along = block.take("along")
    relation = TEAM if name == TEAM else REPORTING
    if along is not None:
        chosen_relation = along.name() or REPORTING
        named = chosen_relation not in ("hierarchy", "reporting_line")
        relation = chosen_relation if named else REPORTING
    if along is not None or name == TEAM:
        default = ROLLUP
    source_item = block.take("from")
    source = default
    if source_item is not None:
        chosen = source_item.choice(
            ("splits", "direct", "overlay", "hierarchy", TEAM, "territories")
        )
        indirect = {
            "splits": default,
            "hierarchy": ROLLUP,
            TEAM: ROLLUP,
            "territories": TERRITORY,
        }
        source = indirect.get(chosen or "", chosen or default)
        relation = TEAM if chosen == TEAM else relation
    if source_item is None and "by" in block:
        source = TERRITORY
    by = ""
    if source == TERRITORY:
        texts = [field for field, kind in fields.items() if kind == "text"]
        by_item = block.take("by", required=True)
        by = (by_item.choice(texts) if by_item else None) or ""
    total: Decimal | None = Decimal(1) if source == DIRECT else None
    sum_item = block.take("sum")
    if sum_item is not None:
        if sum_item.text() == "any":
            total = None
        else:
            total = sum_item.number(low=Decimal("0.000001"), high=Decimal(100))
    residual = block.choice("residual", ("first", "last", "largest"), "last")
    block.choice("as_of", ("event_date", "booking_date"), "event_date")
    depth_item = block.take("depth")
    depth = 0
    if depth_item is not None and depth_item.text() != "all":
        depth = int(depth_item.number(low=Decimal(1), high=Decimal(40)) or 0)
    line = block.line
    block.close()
    return CreditRule(
        id=name,
        line=line,
        source=cast(Any, source),
        total=total,
        residual=cast(Any, residual),
        depth=depth,
        relation=relation,
        by=by,
    )


def _ramps(root: Block) -> dict[str, tuple[Decimal, ...]]:
    """``ramps: {revenue: [0, 25%, 50%]}``: what part of the quota holds month by month."""
    item = root.take("ramps")
    block = item.block() if item else None
    ramps: dict[str, tuple[Decimal, ...]] = {}
    for name, entry in block.entries() if block else ():
        values = [each.number(low=Decimal(0), high=Decimal(10)) for each in entry.items()]
        if len(values) > 60:
            entry.complain("a ramp may have at most 60 months.")
        ramps[name] = tuple(each for each in values if each is not None)
    return ramps


def _is_name(name: str, entry: Item) -> bool:
    if name.isidentifier() and name.islower() and len(name) <= 40:
        return True
    entry.complain(f"“{name[:40]}” is no name; use lower case letters, digits and “_”.")
    return False
