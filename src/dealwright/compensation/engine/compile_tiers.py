"""SQL of tiered components: bands of an amount that piles up over a window."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from decimal import Decimal

from dealwright.compensation.engine.compile_bases import (
    ORDER,
    basis_stage,
    difference_lines,
    line_scale,
    line_stage,
    named_join,
    running_sums,
    span_of,
    threshold_amount,
    window_of,
)
from dealwright.compensation.engine.lines import (
    line_select,
)
from dealwright.compensation.engine.sql import (
    NO_LIMIT,
    RATIO_DIGITS,
    Stage,
    amount,
    quotient,
    rate,
    stage,
    text,
    times_price,
    times_rate,
    union,
    units,
    values_table,
)
from dealwright.compensation.engine.tables import (
    AMOUNT,
)
from dealwright.compensation.plans.definition import (
    Band,
    Plan,
    Tiered,
)


def tiered_stages(plan: Plan, component: Tiered) -> Iterator[Stage]:
    yield basis_stage(plan, component, component.basis)
    yield _bands(plan, component)
    if component.mode == "marginal":
        yield _running(component)
        yield _marginal(plan, component)
    elif component.cumulate == "transaction":
        yield _retroactive_alone(plan, component)
    else:
        yield _reached(plan, component)
        yield _retroactive(plan, component)


def _bands(plan: Plan, component: Tiered) -> Stage:
    """Bands as amounts, per payee and window where they hang on a quota."""
    rows = _band_rows(component.bands, amount if _is_priced(plan, component) else rate)
    table = values_table(rows, "b", ("band", "low", "high", "value"))
    if not component.quota and component.target is None:
        return stage(
            f"band_{component.id}",
            f"bands of “{component.label}” as amounts",
            "SELECT b.band, b.low, b.high, b.value FROM " + table,
        )
    join, target = named_join(
        plan, component.target, "t", component.cumulate, payee="q.payee", number="q.number"
    )
    low, high = (
        f"CASE WHEN {edge} = {amount(sign * NO_LIMIT)} THEN {edge} "
        f"ELSE {threshold_amount(plan, component.quota, edge)} END"
        for edge, sign in (("b.low", -1), ("b.high", 1))
    )
    return stage(
        f"band_{component.id}",
        f"bands of “{component.label}” as amounts per payee and window",
        f"SELECT q.payee, q.number, q.amount AS quota, {target} AS target, b.band, {low} AS low, "
        f"{high} AS high, b.value FROM named AS q CROSS JOIN {table}{join} "
        f"WHERE q.name = {text(component.quota)} "
        f"AND q.span = {text(span_of(component.cumulate))} AND q.amount > 0",
    )


def _is_priced(plan: Plan, component: Tiered) -> bool:
    """Whether bands hold sums of money for each unit of a quantity, and no rates."""
    return plan.measures[component.basis.measure].unit == "quantity" and component.target is None


def _times(plan: Plan, component: Tiered, sql: str, by: str) -> str:
    """What a part of the credits pays at a band's value."""
    times = times_price if _is_priced(plan, component) else times_rate
    return times(sql, by, line_scale(plan))


def _band_rows(bands: Sequence[Band], value: Callable[[Decimal], str]) -> list[list[str]]:
    """(band, low, high, value); the first band from 0 reaches below it, the last has no end."""
    rows = []
    for place, band in enumerate(bands):
        low = band.threshold if place or band.threshold != 0 else -NO_LIMIT
        high = bands[place + 1].threshold if place + 1 < len(bands) else NO_LIMIT
        rows.append([str(place + 1), amount(low), amount(high), value(band.value)])
    return rows


def _running(component: Tiered) -> Stage:
    if component.cumulate == "transaction":
        after = "amount"
    else:
        after = (
            f"CAST(sum(amount) OVER (PARTITION BY payee, {window_of(component.cumulate)} "
            f"ORDER BY {ORDER} ROWS UNBOUNDED PRECEDING) AS {AMOUNT})"
        )
    return stage(
        f"running_{component.id}",
        f"how credits of “{component.label}” pile up in their declared order",
        f"SELECT payee, period, {window_of(component.cumulate)} AS number, event_id, via, role, "
        f"amount, CAST({after} - amount AS {AMOUNT}) AS before, {after} AS after "
        f"FROM basis_{component.id}",
        view=True,
    )


def _band_match(component: Tiered) -> str:
    if component.quota:
        return "b.payee = r.payee AND b.number = r.number"
    return "1 = 1"


def _marginal(plan: Plan, component: Tiered) -> Stage:
    """Each part of a credit at the rate of the band it falls in."""
    inside = (
        "CAST(least(greatest(r.after, b.low), b.high) "
        f"- least(greatest(r.before, b.low), b.high) AS {AMOUNT})"
    )
    if component.target is not None:
        payout = f"{_target_until(plan, 'r.after')} - {_target_until(plan, 'r.before')}"
        kind = "'target'"
    else:
        payout = _times(plan, component, inside, "b.value")
        kind = "'band'"
    return line_stage(
        component,
        "SELECT "
        + line_select(
            component=text(component.id),
            payee="r.payee",
            period="r.period",
            kind=kind,
            event_id="r.event_id",
            via="r.via",
            role="r.role",
            credit="r.amount",
            band="b.band",
            low="b.low",
            high="b.high",
            base=inside,
            rate="b.value",
            payout=payout,
        )
        + f" FROM running_{component.id} AS r JOIN band_{component.id} AS b "
        f"ON {_band_match(component)} AND greatest(r.before, r.after) > b.low "
        "AND least(r.before, r.after) < b.high AND r.before <> r.after",
    )


def _target_until(plan: Plan, reached: str) -> str:
    """What a band pays in all when the window has reached an amount: lines are differences
    of this, so that many small credits pay as much as one large one."""
    low = f"CASE WHEN b.low < 0 THEN CAST(0 AS {AMOUNT}) ELSE b.low END"
    inside = f"least(greatest({reached}, b.low), b.high) - ({low})"
    scale = plan.rounding.scale
    return quotient(
        f"{units(inside, RATIO_DIGITS)} * {units('b.target', scale)} * {units('b.value', 6)}",
        f"{units('b.quota', RATIO_DIGITS)} * CAST(1000000 AS INT128)",
        scale,
    )


def _retroactive_alone(plan: Plan, component: Tiered) -> Stage:
    """Each transaction wholly at the rate of the band its own amount reaches."""
    return line_stage(
        component,
        "SELECT "
        + line_select(
            component=text(component.id),
            payee="r.payee",
            period="r.period",
            kind="'rate'",
            event_id="r.event_id",
            via="r.via",
            role="r.role",
            credit="r.amount",
            band="b.band",
            low="b.low",
            high="b.high",
            base="r.amount",
            rate="b.value",
            payout=_times(plan, component, "r.amount", "b.value"),
        )
        + f" FROM basis_{component.id} AS r JOIN band_{component.id} AS b "
        f"ON {_reaches(component, 'r.amount')}",
    )


def _reaches(component: Tiered, value: str) -> str:
    """Whether an amount lies in a band; ``boundary`` says whose the exact threshold is."""
    if component.boundary == "upper":
        return f"{value} >= b.low AND {value} < b.high"
    return f"({value} > b.low OR {value} = b.low AND b.band = 1) AND {value} <= b.high"


def _reached(plan: Plan, component: Tiered) -> Stage:
    """Per period of a window: the amount reached, its band, and the rate of the period before."""
    extra, own = "", ""
    nothing = (amount if _is_priced(plan, component) else rate)(Decimal(0))
    if component.target is not None:
        extra, own = ", quota, target", ", b.quota, b.target"
    return stage(
        f"reached_{component.id}",
        f"the band of “{component.label}” reached in each period",
        f"SELECT payee, number, period, after, band, low, high, value{extra}, lag(value) OVER "
        "(PARTITION BY payee, number ORDER BY period) AS value_before FROM ("
        "SELECT r.payee, r.number, r.period, r.after, coalesce(b.band, 0) AS band, b.low, b.high, "
        f"coalesce(b.value, {nothing}) AS value{own} "
        f"FROM {running_sums(component, component.cumulate)} AS r "
        f"LEFT JOIN band_{component.id} AS b "
        f"ON {_band_match(component)} AND {_reaches(component, 'r.after')}) AS bands",
    )


def _retroactive(plan: Plan, component: Tiered) -> Stage:
    if component.target is not None:
        return _retroactive_target(plan, component)
    shared = {
        "component": text(component.id),
        "payee": "c.payee",
        "period": "r.period",
        "event_id": "c.event_id",
        "via": "c.via",
        "role": "c.role",
        "credit": "c.amount",
        "band": "r.band",
        "low": "r.low",
        "high": "r.high",
        "base": "c.amount",
        "rate": "r.value",
    }
    now = _times(plan, component, "c.amount", "r.value")
    before = _times(plan, component, "c.amount", "r.value_before")
    join = (
        f" FROM reached_{component.id} AS r JOIN basis_{component.id} AS c "
        f"ON c.payee = r.payee AND {window_of(component.cumulate, 'c')} = r.number"
    )
    current = (
        f"SELECT {line_select(**shared, kind=text('rate'), payout=now)}{join} "
        "AND c.period = r.period"
    )
    if component.cumulate == "period":
        return line_stage(component, current)
    uplift = (
        f"SELECT {line_select(**shared, kind=text('uplift'), payout=f'{now} - {before}')}{join} "
        "AND c.period < r.period WHERE r.value <> r.value_before"
    )
    return line_stage(component, union([current, uplift]))


def _retroactive_target(plan: Plan, component: Tiered) -> Stage:
    """The target times attainment times the band's multiplier, less what was paid before."""
    scale = plan.rounding.scale
    truth = quotient(
        f"{units('after', RATIO_DIGITS)} * {units('target', scale)} * {units('value', 6)}",
        f"{units('quota', RATIO_DIGITS)} * CAST(1000000 AS INT128)",
        scale,
    )
    return line_stage(
        component,
        difference_lines(
            component,
            f"SELECT payee, number, period, band, low, high, after AS base, value AS rate, "
            f"coalesce({truth}, CAST(0 AS {AMOUNT})) AS truth FROM reached_{component.id}",
            "target",
        ),
    )
