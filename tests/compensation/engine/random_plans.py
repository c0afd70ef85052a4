"""Random plans for the engines to agree on, as text."""
# ruff: noqa: E501, PERF401

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from hypothesis import strategies as st

PEOPLE = ("ann", "bob", "cem", "dee")
MANAGERS = ("mia", "noa")
KINDS = ("booking", "renewal", "payment", "termination", "score")
FIRST = date(2027, 1, 1)

amounts = st.one_of(
    st.decimals(min_value=-50_000, max_value=200_000, places=2),
    st.sampled_from(
        [Decimal("0"), Decimal("0.01"), Decimal("-0.01"), Decimal("999999999999.99"), Decimal(1000)]
    ),
)
rates = st.decimals(min_value=Decimal("-0.2"), max_value=Decimal("2"), places=6)
positive_rates = st.decimals(min_value=0, max_value=3, places=4)
windows = st.sampled_from(["period", "quarter", "ytd", "plan"])
days = st.integers(min_value=0, max_value=364).map(lambda n: FIRST + timedelta(days=n))


def steps(values: st.SearchStrategy[Decimal], top: int = 3, *, from_zero: bool = False) -> Any:
    thresholds = st.lists(
        st.decimals(min_value=0, max_value=top, places=3), min_size=1, max_size=4, unique=True
    ).map(sorted)

    def pair(found: list[Decimal]) -> st.SearchStrategy[str]:
        if from_zero:
            found = [Decimal(0), *[each for each in found if each > 0]]
        return st.lists(values, min_size=len(found), max_size=len(found)).map(
            lambda rated: (
                "[" + ", ".join(f"[{a}, {b}]" for a, b in zip(found, rated, strict=True)) + "]"
            )
        )

    return thresholds.flatmap(pair)


def amount_steps(values: st.SearchStrategy[Decimal]) -> Any:
    return (
        st.lists(st.integers(min_value=0, max_value=100_000), min_size=1, max_size=4, unique=True)
        .map(sorted)
        .flatmap(
            lambda found: st.lists(values, min_size=len(found), max_size=len(found)).map(
                lambda rated: (
                    "[" + ", ".join(f"[{a}, {b}]" for a, b in zip(found, rated, strict=True)) + "]"
                )
            )
        )
    )


@st.composite
def tiered(draw: st.DrawFn, kind: str = "tiered") -> str:
    mode = draw(st.sampled_from(["marginal", "retroactive"]))
    shape = draw(st.sampled_from(["amount", "quota", "target", "transaction"]))
    keys = [f"mode: {mode}", f"boundary: {draw(st.sampled_from(['upper', 'lower']))}"]
    if shape == "transaction":
        keys += ["cumulate: transaction", f"bands: {draw(amount_steps(rates))}"]
    else:
        keys.append(f"cumulate: {draw(windows)}")
        if shape == "amount":
            keys.append(f"bands: {draw(amount_steps(rates))}")
        else:
            keys += ["quota: goal", f"bands: {draw(steps(rates))}"]
        if shape == "target":
            keys.append(
                f"target: {draw(st.sampled_from(['target', '20000', '33.3333% of salary']))}"
            )
    if kind == "override" and draw(st.booleans()):
        keys.append("detail: report")
    if kind == "tiered":
        keys += draw(
            st.sampled_from([[], [], ["credit: team"], ["credit: coached"], ["credit: region"]])
        )
    return ", ".join(keys)


EARNINGS = (
    "fixed",
    "flat",
    "formula",
    "per_unit",
    "margin",
    "spif",
    "budget",
    "tiered",
    "tiered",
    "priced",
    "bonus_milestone",
    "curve",
    "matrix",
    "override",
    "override_tiered",
    "mbo",
    "pool",
    "contest",
    "reward",
)
measures = st.sampled_from(["revenue", "margin", "pieces", "fresh"])
lookups = st.sampled_from(["revenue", "score", "latest"])
divided = st.sampled_from(
    ["measure: score", "measure: margin, per: revenue", "measure: revenue, per: pieces"]
)


@st.composite
def objectives(draw: st.DrawFn) -> str:
    window = draw(windows)
    weights = draw(st.sampled_from([["0.4", "35%", "0.25"], ["0.333333", "0.666667"], ["100%"]]))
    listed = []
    for place, weight in enumerate(weights):
        shape = draw(st.sampled_from(["at_least", "at_most", "points", "quota", "score", "value"]))
        measure = draw(lookups)
        quota = draw(st.sampled_from(["", ", quota: goal"]))
        most = draw(st.sampled_from(["", ", maximum: 1.5", ", required: true"]))
        other = draw(st.sampled_from(["", ", cumulate: ytd"]))
        test = f"measure: {measure}{quota}"
        match shape:
            case "at_least" | "at_most":
                keys = f"{test}, {shape}: {draw(st.sampled_from(['0', '0.75', '3.5', '1000']))}"
            case "points":
                found = steps(positive_rates, 5).filter(lambda text: text.count("[") > 2)
                keys = f"{test}, points: {draw(found)}"
            case "quota":
                keys = f"measure: {measure}, quota: goal"
            case "score":
                keys = "score: score"
            case _:
                keys = "measure: score"
        listed.append(f"{{name: o{place}, weight: {weight}, {keys}{most}{other}}}")
    limits = draw(st.sampled_from(["", "", "threshold: 0.3, ", "minimum: 0.1, maximum: 1.1, "]))
    target = draw(st.sampled_from(["target", "7777.77"]))
    who = draw(st.sampled_from(["", ", for: payee.grade = 'senior'"]))
    return f"target: {target}, cumulate: {window}, {limits}objectives: [{', '.join(listed)}]{who}"


@st.composite
def component(draw: st.DrawFn, name: str, kinds: Sequence[str] = EARNINGS) -> str:
    kind = draw(st.sampled_from(kinds))
    measure = f"measure: {draw(measures)}"
    who = draw(st.sampled_from(["", "", ", for: payee.grade = 'senior'"]))
    when = draw(
        st.sampled_from(
            ["", "", ", when: amount > 100", ", when: credit * share < 5000 or role = 'AE'"]
        )
    )
    match kind:
        case "fixed":
            days = draw(st.sampled_from(["", ", prorate: working", ", prorate: calendar"]))
            keys = f"amount: {draw(st.sampled_from(['salary', '1234.56', '0.001']))}{days}{who}"
        case "flat":
            found = draw(st.sampled_from([str(draw(rates)), "table.dated"]))
            keys = f"{measure}, rate: {found}{when}{who}"
        case "formula":
            kind = "flat"
            text = draw(
                st.sampled_from(
                    [
                        "round_money(credit * 5%) + 10",
                        "if(segment = 'smb', credit * 0.0333, 7.005)",
                        "muldiv(cost, 3, 7)",
                        "credit * lookup(dated, segment, payee.grade)",
                        "credit * table.weights - 1",
                    ]
                )
            )
            keys = f'{measure}, amount: "{text}"{when}{who}'
        case "per_unit":
            keys = (
                f"measure: pieces, amount: {draw(st.sampled_from(['12.345', '-3', '0.005']))}{when}"
            )
        case "margin":
            keys = f"rate: {draw(rates)}{when}{who}"
        case "spif":
            keys = f"measure: revenue, rate: {draw(rates)}, from: 2027-02-01, to: 2027-06-30{who}"
        case "budget":
            kind = "spif"
            keys = f"of: booking, amount: {draw(st.sampled_from(['450', '33.335']))}, budget: 1000"
        case "tiered":
            keys = f"{measure}, {draw(tiered())}{when}{who}"
        case "priced":
            kind = "tiered"
            mode = draw(st.sampled_from(["marginal", "retroactive", "per_transaction"]))
            window = "" if mode == "per_transaction" else f"cumulate: {draw(windows)}, "
            keys = f"measure: pieces, mode: {mode}, {window}bands: [[0, 20.005], [3, 1250.5]]{when}"
        case "bonus_milestone":
            shape = draw(st.booleans())
            found = draw(steps(positive_rates) if shape else amount_steps(positive_rates))
            quota = ", quota: goal" if shape else ""
            pays = draw(st.sampled_from(["each", "highest"]))
            keys = f"{measure}, cumulate: {draw(windows)}, pays: {pays}, milestones: {found}{quota}{who}"
        case "curve":
            points = draw(steps(positive_rates, from_zero=True).filter(lambda t: t.count("[") > 2))
            target = draw(st.sampled_from(["target", "5000"]))
            keys = f"{measure}, cumulate: {draw(windows)}, quota: goal, target: {target}, points: {points}{who}"
        case "matrix":
            window = draw(windows)
            cells = ", ".join(
                "[" + ", ".join(str(draw(positive_rates)) for _ in range(2)) + "]" for _ in range(2)
            )
            keys = (
                f"target: {draw(st.sampled_from(['target', '1000']))}, cumulate: {window}, "
                f"rows: {{measure: {draw(lookups)}, quota: goal, steps: [0.5, 1]}}, "
                f"columns: {{{draw(divided)}, steps: [0.25, 10]}}, table: [{cells}]{who}"
            )
        case "mbo":
            keys = draw(objectives())
        case "pool":
            kind = "profit_pool"
            by = draw(st.sampled_from(["salary", "target", "equal", "days", "revenue", "pieces"]))
            pool = draw(
                st.sampled_from(
                    [
                        "amount: 1000.01",
                        "amount: 0.02",
                        "share: 10%, measure: revenue",
                        "share: 0.333333, measure: margin, above: 100.05",
                    ]
                )
            )
            leavers = draw(st.sampled_from(["", ", leavers: true"]))
            window = draw(st.sampled_from(["period", "quarter", "ytd"]))
            keys = f"{pool}, by: {by}, cumulate: {window}{leavers}{who}"
        case "contest":
            days = "from: 2027-02-01, to: 2027-05-20"
            window = draw(st.sampled_from([days, "cumulate: quarter", "cumulate: ytd"]))
            group = draw(st.sampled_from(["", "", "group: payee.grade, ", "group: manager, "]))
            pays = draw(st.sampled_from(["share", "each"])) if group else "share"
            if group == "group: manager, ":
                pays = draw(st.sampled_from(["share", "each", "manager"]))
            shape = draw(st.sampled_from(["sum", "average", "count"]))
            limit = draw(st.sampled_from(["", ", minimum: 2", ", best: lowest"]))
            unit = draw(st.sampled_from(["", "", ", unit: trips, value: 0.335"]))
            budget = draw(st.sampled_from(["", "", ", budget: 7"]))
            prizes = "[10, 5, 5, 1]" if unit else "[100.01, 50, 0.05]"
            ties = draw(st.sampled_from(["share", "all", "earliest"]))
            if shape == "sum" and not group and window != days:
                group = draw(st.sampled_from(["", "quota: goal, "]))
            keys = (
                f"{measure}, {window}, {group}pays: {pays}, rank_by: {shape}, ties: {ties}, "
                f"prizes: {prizes}{limit}{unit}{budget}{when}{who}"
            )
        case "reward":
            shape = draw(st.sampled_from(["deal", "formula", "each", "window", "steps"]))
            keys = {
                "deal": f"quantity: 5{when}",
                "formula": f"{measure}, quantity: credit * 0.01{when}",
                "each": f"{measure}, quantity: 3, each: 12.5{when}",
                "window": f"{measure}, quantity: 3, each: 100, cumulate: {draw(windows)}",
                "steps": f"{measure}, cumulate: ytd, steps: [[10, 1], [1000, 2]]",
            }[shape]
            keys = f"unit: points, value: 0.015, {keys}{who}"
        case "override":
            detail = draw(st.sampled_from(["event", "report"]))
            level = draw(st.sampled_from(["", ", when: level = 1", ", when: level > 1"]))
            keys = f"measure: revenue, rate: {draw(rates)}, detail: {detail}{level}"
        case _:
            kind = "override"
            keys = f"measure: revenue, {draw(tiered('override'))}"
    if kind not in ("profit_pool", "contest"):
        keys += draw(st.sampled_from(["", "", ", paid: quarter", ", paid: year"]))
    return f"  - {kind}: {{id: {name}, {keys}}}"


@st.composite
def modifier(draw: st.DrawFn, name: str, earlier: list[str], rewards: bool) -> str:
    on = draw(st.lists(st.sampled_from(earlier), min_size=1, max_size=3, unique=True))
    listed = f"on: [{', '.join(on)}]"
    kind = draw(
        st.sampled_from(
            ["gate", "either", "multiplier", "steps", "points"]
            if rewards
            else [
                "gate",
                "either",
                "multiplier",
                "steps",
                "points",
                "floor",
                "deal_floor",
                "cap",
                "deal_cap",
                "withhold",
            ]
        )
    )
    who = draw(st.sampled_from(["", "", ", for: payee.grade = 'senior'"]))
    quota = draw(st.sampled_from([", quota: goal", ""]))
    measure = f"measure: {draw(lookups)}"
    match kind:
        case "gate":
            keys = f"{listed}, {measure}, cumulate: {draw(windows)}, at_least: {draw(positive_rates)}{quota}, otherwise: {draw(st.sampled_from(['0', '0.3333']))}{who}"
        case "either":
            kind = "gate"
            tests = [
                f"{{{draw(divided)}, at_most: {draw(positive_rates)}}}",
                f"{{{measure}{quota}, at_least: {draw(positive_rates)}, cumulate: {draw(windows)}}}",
                f"{{{measure}{quota}, at_most: {draw(positive_rates)}}}",
            ]
            chosen = draw(st.lists(st.sampled_from(tests), min_size=1, max_size=3))
            keys = f"{listed}, any: [{', '.join(chosen)}]{who}"
        case "points":
            kind = "multiplier"
            test = draw(st.sampled_from([f"{measure}{quota}", draw(divided)]))
            found = draw(steps(positive_rates, 5).filter(lambda text: text.count("[") > 2))
            keys = f"{listed}, {test}, cumulate: {draw(windows)}, points: {found}{who}"
        case "multiplier":
            keys = f"{listed}, factor: {draw(positive_rates)}{who}"
        case "steps":
            kind = "multiplier"
            keys = f"{listed}, {measure}, cumulate: {draw(windows)}{quota}, steps: {draw(steps(positive_rates, from_zero=True))}{who}"
        case "floor":
            per = draw(st.sampled_from(["period", "quarter", "year"]))
            least = draw(st.sampled_from(["100", "salary", "0.01", "7.5% of target"]))
            keys = f"{listed}, amount: {least}, per: {per}{who}"
        case "deal_floor":
            kind = "floor"
            keys = f"{listed}, per: deal, amount: 25{who}"
        case "cap":
            keys = f"{listed}, per: {draw(st.sampled_from(['period', 'quarter', 'year', 'plan']))}, amount: {draw(st.sampled_from(['500', 'target', '1000.01', '200% of target']))}{who}"
        case "deal_cap":
            kind = "cap"
            keys = f"{listed}, per: deal, amount: 77.77{who}"
        case _:
            kind = "cap"
            keys = f"{listed}, excess: withhold, amount: {draw(st.sampled_from(['300', 'salary']))}{who}"
    return f"  - {kind}: {{id: {name}, {keys}}}"


@st.composite
def settlement(draw: st.DrawFn, name: str) -> str:
    kind = draw(
        st.sampled_from(
            ["holdback", "clawback", "months", "by_amount", "draw", "guarantee", "forgiven"]
        )
    )
    match kind:
        case "holdback":
            keys = f"share: {draw(st.sampled_from(['40%', '0.333333', '1']))}, release: payment"
        case "clawback":
            limit = draw(st.sampled_from(["paid", "earned"]))
            share = draw(st.sampled_from(["", ", recover_share: 0.3333", ", recover_share: 1"]))
            keys = f"schedule: [[3, 100%], [6, 50%], [12, 33.3333%]], limit: {limit}{share}"
        case "months":
            kind, keys = "clawback", "months: 7"
        case "by_amount":
            kind, keys = "clawback", "by_amount: true"
        case "draw":
            keys = f"amount: 1000, recover_from: {draw(st.integers(1, 4))}, recover_share: {draw(st.sampled_from(['1', '0.3333']))}"
        case "guarantee":
            kind, keys = "draw", "amount: salary, kind: non_recoverable, periods: 3"
        case _:
            kind, keys = "draw", "amount: 1000, periods: 4, at_end: forgive"
    return f"  - {kind}: {{id: {name}, {keys}}}"


@st.composite
def plans(draw: st.DrawFn, kinds: Sequence[str] = EARNINGS) -> str:
    calendar = draw(
        st.sampled_from(["month", "month", "quarter", "{kind: 5-4-4, starts: 2026-09-02}"])
    )
    fiscal = draw(st.sampled_from([1, 1, 4]))
    places = draw(st.sampled_from(["[credit, line]", "[credit]", "[line]", "[component]"]))
    policy = draw(st.sampled_from(["event", "month", "month_end", "pay"]))
    days_counted = ["calendar", "working"] + (["months"] if calendar[0] != "{" else [])
    residual = draw(st.sampled_from(["first", "last", "largest"]))
    earnings = draw(st.integers(1, 4))
    lines = [draw(component(f"c{number}", kinds)) for number in range(earnings)]
    rewards = [f"c{number}" for number in range(earnings) if ", value: " in lines[number]]
    names = [f"c{number}" for number in range(earnings) if ", value: " not in lines[number]]
    for number in range(draw(st.integers(0, 3))):
        on_rewards = bool(rewards) and (not names or draw(st.booleans()))
        earlier = rewards if on_rewards else names
        lines.append(draw(modifier(f"m{number}", earlier, on_rewards)))
    if any(", value: " not in line and "- fixed:" not in line for line in lines[:earnings]):
        for number in range(draw(st.integers(0, 2))):
            lines.append(draw(settlement(f"s{number}")))
    return "\n".join(
        [
            "plan: random",
            "currency: EUR",
            f"calendar: {calendar}",
            f"fiscal_year_starts: {fiscal}",
            f"rounding: {{at: {places}}}",
            f"prorate: {draw(st.sampled_from(days_counted))}",
            "holidays: [2027-01-01, 2027-05-01, 2027-05-06]",
            "fields: {segment: text}",
            "payee_fields: {grade: text}",
            "ramps: {goal: [0.25, 0.5]}" if draw(st.booleans()) else "ramps: {}",
            "tables:",
            "  weights: {by: segment, rows: {smb: 0.333333}, otherwise: 1.5}",
            "  dated:",
            "    by: [segment, payee.grade]",
            "    versions:",
            "      - {from: 2027-02-01, rows: {smb: {senior: 2%}, large: {junior: -1%}}}",
            "      - {from: 2027-06-01, rows: {smb: {senior: 2.5%}}, otherwise: 0.1%}",
            "measures:",
            "  revenue: {of: [booking, renewal], factor: {renewal: 0.333333}}",
            f"  margin: {{of: booking, amount: amount - cost, rates: {policy}}}",
            "  pieces: {of: booking, unit: quantity, amount: quantity * table.weights}",
            "  fresh: {of: booking, when: segment = 'smb', rates: plan}",
            "  score: {of: score, unit: quantity, amount: quantity, aggregate: average}",
            "  latest: {of: score, unit: quantity, amount: quantity, aggregate: last}",
            "credits:",
            f"  direct: {{sum: 1, residual: {residual}}}",
            "  coached: {along: coach}",
            "  region: {from: territories, by: segment}",
            "components:",
            *lines,
        ]
    )
