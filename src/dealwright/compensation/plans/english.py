"""A plan in plain English: the document that a payee reads and accepts.

One clause per component, from the same values the engine pays by.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from dealwright.compensation.plans.definition import (
    REPORTING,
    TEAM,
    TERRITORY,
    Band,
    Blocks,
    Cap,
    Clawback,
    Component,
    Contest,
    Curve,
    Draw,
    Fixed,
    Floor,
    Gate,
    Holdback,
    Matrix,
    Mbo,
    Measure,
    Milestones,
    Multiplier,
    Plan,
    ProfitPool,
    Rated,
    Tiered,
    bases_of,
)
from dealwright.compensation.plans.incentive_english import (
    contest_sentence,
    mbo_sentence,
    pool_sentence,
    reward_sentence,
    table_sentence,
    taxable_sentence,
)
from dealwright.compensation.plans.modifier_english import measured, modifier_sentence
from dealwright.compensation.plans.wording import (
    all_of,
    any_of,
    basis_text,
    money,
    names_of,
    over,
    percent,
    plain,
    prize_text,
    step_text,
    sum_text,
    words,
)


@dataclass(frozen=True, slots=True)
class Clause:
    """One numbered paragraph; ``component`` is the id of what it describes, or nothing."""

    number: int
    title: str
    text: str
    component: str = ""
    line: int = 0


def document(plan: Plan) -> list[Clause]:
    """The whole plan, clause by clause."""
    clauses = [("Period and currency", _frame(plan), "", 1)]
    clauses += [
        (f"What counts: {words(each.id)}", _measure(plan, each), "", each.line)
        for each in plan.measures.values()
        if "__" not in each.id
    ]
    clauses += [
        (f"Table: {words(each.id)}", table_sentence(each), "", each.line)
        for each in plan.tables.values()
    ]
    clauses.append(("Who is credited", _crediting(plan), "", 1))
    clauses += [
        (each.label, component_sentence(plan, each), each.id, each.line) for each in plan.components
    ]
    clauses.append(("Rounding", _rounding(plan), "", 1))
    return [
        Clause(place + 1, title, text, component, line)
        for place, (title, text, component, line) in enumerate(clauses)
    ]


def document_text(plan: Plan) -> str:
    """The document as plain text."""
    parts = [plan.title, "=" * len(plan.title), ""]
    for clause in document(plan):
        parts += [f"{clause.number}. {clause.title}", f"   {clause.text}", ""]
    return "\n".join(parts)


def clause_of(plan: Plan, component_id: str) -> Clause | None:
    """The clause of one component."""
    return next((each for each in document(plan) if each.component == component_id), None)


def component_sentence(plan: Plan, component: Component) -> str:
    """What a component pays or changes, in one or a few sentences."""
    match component:
        case Fixed():
            text = _fixed(plan, component)
        case Rated() if component.reward is None:
            text = _rated(plan, component)
        case Rated() | Blocks():
            text = reward_sentence(plan, component)
        case Contest():
            text = contest_sentence(plan, component)
        case Tiered():
            text = _tiered(plan, component)
        case Milestones():
            text = _milestones(plan, component)
        case Curve():
            text = _curve(plan, component)
        case Matrix():
            text = _matrix(plan, component)
        case Mbo():
            text = mbo_sentence(plan, component)
        case ProfitPool():
            text = pool_sentence(plan, component)
        case Gate() | Multiplier() | Floor() | Cap():
            text = modifier_sentence(plan, component)
        case Holdback():
            text = (
                f"{percent(component.share)} of what each deal earns under "
                f"{names_of(plan, component.on)} is held back and released as the money comes in: "
                f"with every {any_of(component.release)} that refers to the deal, in proportion to "
                "the deal's amount."
            )
        case Clawback():
            text = _clawback(plan, component)
        case Draw():
            text = _draw(plan, component)
        case _:
            text = ""
    if component.reward is not None:
        text += taxable_sentence(plan, component.reward)
    if component.paid:
        text += (
            f" What is earned in a {component.paid} is paid with the last {plan.period_word} of it."
        )
    if component.payees is not None:
        text += f" This holds for payees of whom it is true that {component.payees.english}."
    return text


def _frame(plan: Plan) -> str:
    if "@" in plan.calendar:
        kind, _, starts = plan.calendar.partition("@")
        text = (
            f"This plan pays by periods of weeks ({kind}) in {plan.currency}; the calendar's first "
            f"year begins on {date.fromisoformat(starts):%-d %B %Y}."
        )
    else:
        text = f"This plan pays by {plan.calendar} in {plan.currency}."
    if plan.prorate == "working":
        text += " Parts of quotas, salaries and targets count by working days, Monday to Friday" + (
            f" without {len(plan.holidays)} holidays." if plan.holidays else "."
        )
    if plan.prorate == "months":
        text += (
            " In parts of quotas, salaries and targets every month counts the same, and a part of "
            "a month by its days."
        )
    if plan.effective:
        text += f" It takes effect on {plan.effective:%-d %B %Y}."
    if plan.until:
        text += f" It ends on {plan.until:%-d %B %Y}."
    if plan.fiscal_year_starts != 1:
        months = "January February March April May June July August September October November"
        name = [*months.split(), "December"][plan.fiscal_year_starts - 1]
        text += f" Its years begin in {name}."
    for name, ramp in plan.ramps.items():
        text += (
            f" In the first {len(ramp)} months after joining the quota “{words(name)}” counts at "
            f"{', '.join(percent(each) for each in ramp)}."
        )
    return text


def _measure(plan: Plan, measure: Measure) -> str:
    amount = measure.amount.english
    if measure.unit == "quantity" and measure.amount.text.strip() == "1":
        text = f"Every {any_of(measure.kinds)} counts once."
    else:
        text = f"Every {any_of(measure.kinds)} counts with its {amount}."
    if measure.when is not None:
        text += f" It counts only where {measure.when.english}."
    for kind, factor in measure.factors.items():
        text += f" A {words(kind)} counts {percent(factor)} of that."
    if measure.unit == "money":
        rate = {
            "event": "the rate of its day",
            "plan": "the plan's rate",
            "month": "the average rate of its month",
            "month_end": "the rate of the last day of its month",
            "pay": f"the rate of the last day of the {plan.period_word} that pays it",
        }[measure.rates]
        text += f" Other currencies are converted to {plan.currency} at {rate}."
    if measure.aggregate != "sum":
        how = {"average": "the average", "last": "the latest"}[measure.aggregate]
        text += f" Of several in a window, {how} counts."
    return text


def _crediting(plan: Plan) -> str:
    parts = []
    used = {name for basis in bases_of(plan) for name in basis.rules}
    for rule in plan.credits.values():
        if rule.id not in used:
            continue
        if rule.source == "direct":
            total = "" if rule.total is None else f", which sum to {percent(rule.total)}"
            parts.append(
                f"An event is credited to those in its split by their shares{total}; without a "
                f"split, to its payee. What rounding leaves over goes to the {rule.residual} share."
            )
        elif rule.source == "overlay":
            parts.append("Overlay shares are credited on top.")
        elif rule.source == TERRITORY:
            parts.append(
                f"Whoever holds the territory named by “{words(rule.by)}” on the event's day is "
                "credited by the share held."
            )
        elif rule.relation == TEAM:
            parts.append(
                "Everybody in a team is credited in full with what its members are credited, by "
                "the teams of the event's day."
            )
        elif rule.relation != REPORTING:
            parts.append(
                f"Whoever is the {words(rule.relation)} of a payee on the event's day is credited "
                "in full with what the payee is credited."
            )
        else:
            depth = "every level" if not rule.depth else f"up to {rule.depth} levels"
            parts.append(
                f"Managers of {depth} above are credited in full with what their reports are "
                "credited, by the reporting line of the event's day."
            )
    return " ".join(parts)


def _rounding(plan: Plan) -> str:
    places = [
        *(["credits"] if plan.rounding.credit else []),
        *(["single lines"] if plan.rounding.line else []),
        "each component's amount",
    ]
    return (
        f"{all_of(places).capitalize()} are rounded to {plan.rounding.scale} decimals, "
        "halves away from zero."
    )


def _fixed(plan: Plan, component: Fixed) -> str:
    text = f"{sum_text(plan, component.amount).capitalize()} is paid each {plan.period_word}"
    if component.amount.name:
        return text + ", in twelfths of the year's amount and by days for a part of a month."
    if component.prorate:
        days = "working days" if component.prorate == "working" else "days"
        text += f", by {days} where the payee is not on the plan for the whole {plan.period_word}"
    return text + "."


def _rated(plan: Plan, component: Rated) -> str:
    counted = basis_text(plan, component.basis)
    if component.rate is not None:
        text = f"{percent(component.rate)} of {counted} is paid."
    elif component.price is not None:
        quantity = plan.measures[component.basis.measure].amount.text.strip()
        unit = "each" if quantity == "1" else "each unit of"
        text = f"{money(plan, component.price)} is paid for {unit} {counted}."
    else:
        assert component.amount is not None
        text = f"For {counted}, the amount paid is {component.amount.english}."
    if component.budget is not None:
        text += (
            f" All payees together receive at most {money(plan, component.budget)}, in the order "
            "of the events' days."
        )
    return text


def _tiered(plan: Plan, component: Tiered) -> str:
    counted = basis_text(plan, component.basis)
    span = {
        "transaction": "of each deal alone",
        "period": f"of the {plan.period_word}",
        "quarter": "of the quarter",
        "year": "of the year to date",
        "plan": "since the plan began",
    }[component.cumulate]
    steps = _bands(plan, component)
    if component.mode == "marginal":
        how = "Each part is paid at the rate of the band it falls in"
    else:
        owner = "higher" if component.boundary == "upper" else "lower"
        how = (
            "All of it is paid at the rate of the band that is reached, and an amount exactly "
            f"on a threshold belongs to the {owner} band"
        )
    text = f"On {counted} {span}: {steps}. {how}."
    if component.target is not None:
        text += (
            f" The rates multiply the target of {sum_text(plan, component.target)}: the full quota "
            "at 1 pays the target once."
        )
    if component.quota:
        text += (
            f" Percentages of quota refer to the quota “{words(component.quota)}”; without a "
            "quota above zero nothing is paid."
        )
    return text


def _bands(plan: Plan, component: Tiered) -> str:
    counts = plan.measures[component.basis.measure].unit == "quantity"

    def threshold(band: Band) -> str:
        if component.quota:
            return f"{percent(band.threshold)} of quota"
        return plain(band.threshold) if counts else money(plan, band.threshold)

    def value(band: Band) -> str:
        if component.target:
            return f"{plain(band.value)} times"
        return f"{money(plan, band.value)} each" if counts else percent(band.value)

    parts = []
    for place, band in enumerate(component.bands):
        if place + 1 < len(component.bands):
            until = threshold(component.bands[place + 1])
            start = "up to" if band.threshold == 0 else f"from {threshold(band)} to"
            parts.append(f"{value(band)} {start} {until}")
        elif band.threshold == 0:
            parts.append(value(band))
        else:
            parts.append(f"{value(band)} above {threshold(band)}")
    return ", ".join(parts)


def _milestones(plan: Plan, component: Milestones) -> str:
    steps = ", ".join(
        f"{prize_text(plan, component, each.value)} at "
        + (f"{percent(each.threshold)} of quota" if component.quota else plain(each.threshold))
        for each in component.steps
    )
    how = "Each step reached is paid" if component.pays == "each" else "The highest step is paid"
    return (
        f"When {basis_text(plan, component.basis)} {over(plan, component.cumulate)} reaches a "
        f"step: {steps}. {how}; what a later credit undoes is taken back."
    )


def _curve(plan: Plan, component: Curve) -> str:
    points = ", ".join(
        f"{plain(each.value)} at {percent(each.threshold)}" for each in component.points
    )
    return (
        f"The target of {sum_text(plan, component.target)} times a factor by attainment of the "
        f"quota “{words(component.quota)}” with {basis_text(plan, component.basis)} "
        f"{over(plan, component.cumulate)}: {points}, in between on a straight line; nothing "
        "below the first point, no more above the last."
    )


def _matrix(plan: Plan, component: Matrix) -> str:
    rows = []
    for place, row in enumerate(component.table):
        step = step_text(plan, component.rows, place)
        cells = ", ".join(
            f"{percent(value)} from {step_text(plan, component.columns, column)}"
            for column, value in enumerate(row)
        )
        rows.append(f"from {step}: {cells}")
    return (
        f"The target of {sum_text(plan, component.target)} times the cell where "
        f"{measured(plan, component.rows)} (rows) and "
        f"{measured(plan, component.columns)} (columns) meet: {'; '.join(rows)}."
    )


def _clawback(plan: Plan, clawback: Clawback) -> str:
    if clawback.months:
        part = (
            f"the part that is left of {clawback.months} months, less one part for each full "
            "month since the deal"
        )
    elif len(clawback.schedule) == 1 and clawback.schedule[0][0] == 600:
        part = percent(clawback.schedule[0][1])
    else:
        part = ", ".join(
            f"{percent(share)} within {months} months" for months, share in clawback.schedule
        )
        part += ", nothing later"
    text = (
        f"When a {any_of(clawback.trigger)} ends a deal, what the deal paid under "
        f"{names_of(plan, clawback.on)} is taken back: {part}."
    )
    if clawback.by_amount:
        text += " It is weighed with the part of the deal's amount that was taken back."
    if clawback.limit == "paid":
        text += " Never more is taken back than was really paid for the deal."
    if clawback.recover_share is not None:
        text += (
            f" At most {percent(clawback.recover_share)} of the pay of a {plan.period_word}, fixed "
            "pay apart, is taken; the rest stays owed and is taken from later pay."
        )
    return text


def _draw(plan: Plan, draw: Draw) -> str:
    periods = f"in the first {draw.periods} periods" if draw.periods else "always"
    text = (
        f"Pay under {names_of(plan, draw.on)} is topped up to {sum_text(plan, draw.amount)} each "
        f"{plan.period_word}, {periods}."
    )
    if not draw.recoverable:
        return text + " The top-up is never taken back."
    share = "" if draw.recover_share == 1 else f"{percent(draw.recover_share)} of "
    text += f" Top-ups are an advance: they are taken back from {share}what later exceeds it"
    if draw.recover_from > 1:
        text += f", from period {draw.recover_from} on"
    text += "."
    if draw.at_end == "forgive":
        text += " What is still open after the last period is forgiven."
    return text
