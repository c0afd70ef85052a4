"""What a person types into the forms of planning, as values; wrong ones are named by field."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from django.utils.translation import gettext as _

from dealwright.base.errors import Invalid
from dealwright.base.periods import Period, period_labelled, period_of
from dealwright.base.web.pages import Form
from dealwright.compensation.given import given_amount, given_day
from dealwright.compensation.planning.models import PlanningScenario
from dealwright.compensation.planning.services import ScenarioValues


def scenario_values(form: Form) -> ScenarioValues:
    """A scenario as it was typed; raises Invalid under the first wrong field."""
    first = given_period(form["first"], "first")
    last = given_period(form["last"], "last") if form["last"] else first
    history_first = given_period(form["history_first"], "history_first")
    history_last = (
        given_period(form["history_last"], "history_last")
        if form["history_last"]
        else history_first
    )
    return ScenarioValues(
        name=str(form["name"]),
        measure=str(form["measure"]).strip(),
        currency=str(form["currency"]),
        starts_on=first.start,
        ends_on=last.end,
        target=given_amount(form["target"], "target"),
        history_starts_on=history_first.start,
        history_ends_on=history_last.end,
        step=given_amount(form["step"] or "1", "step"),
        method=str(form["method"]),
        over_assignment=given_percentages(form["over_assignment"], "over_assignment"),
        ramp=given_percentages(form["ramp"], "ramp"),
        seasonality=_weights(form["seasonality"]),
        expected_attainment=given_percentage(form["expected_attainment"], "expected_attainment")
        or Decimal(1),
        grain=str(form["grain"]),
    )


def scenario_texts(scenario: PlanningScenario) -> dict[str, str]:
    """The same values as they are typed."""
    return {
        "name": scenario.name,
        "measure": scenario.measure,
        "currency": scenario.currency,
        "first": period_text(scenario.starts_on, scenario.ends_on)[0],
        "last": period_text(scenario.starts_on, scenario.ends_on)[1],
        "history_first": period_text(scenario.history_starts_on, scenario.history_ends_on)[0],
        "history_last": period_text(scenario.history_starts_on, scenario.history_ends_on)[1],
        "target": plain(scenario.target),
        "step": plain(scenario.step),
        "method": scenario.method,
        "over_assignment": percentages(scenario.over_assignment),
        "ramp": percentages(scenario.ramp),
        "seasonality": "; ".join(plain(each) for each in scenario.seasonality),
        "expected_attainment": percentages([scenario.expected_attainment]),
        "grain": scenario.grain,
    }


def period_text(first: date, last: date) -> tuple[str, str]:
    """Days as the labels that name them: one where a year or a quarter is all of it."""
    for kind in ("year", "quarter"):
        whole: Period = period_of(first, kind)
        if (whole.start, whole.end) == (first, last):
            return whole.label, ""
    start, end = period_of(first, "month"), period_of(last, "month")
    return start.label, "" if start == end else end.label


def given_period(text: Any, field: str) -> Period:
    """A year, quarter or month by its label; raises Invalid under the field."""
    try:
        return period_labelled(str(text).strip())
    except Invalid as error:
        raise Invalid(error.message, fields={field: [error.message]}) from None


def given_percentage(text: Any, field: str) -> Decimal | None:
    """``90%`` or ``90`` as a fraction, None where nothing was typed; raises Invalid."""
    text = str(text or "").strip().removesuffix("%").strip()
    if not text:
        return None
    try:
        value = Decimal(text.replace(",", ".") if text.count(",") == 1 else text)
    except InvalidOperation:
        value = Decimal("NaN")
    if not value.is_finite() or not 0 <= value <= 1000:
        said = _("“%(text)s” is not a percentage from 0 to 1000.") % {"text": text[:40]}
        raise Invalid(said, fields={field: [said]})
    return round(value / 100, 6)


def given_percentages(text: Any, field: str) -> Sequence[Decimal]:
    """Percentages divided by commas, semicolons or spaces, as fractions; raises Invalid."""
    parts = str(text or "").replace(",", " ").replace(";", " ").split()
    if len(parts) > 50:
        said = _("These are too many.")
        raise Invalid(said, fields={field: [said]})
    found = [given_percentage(each, field) for each in parts]
    return tuple(each for each in found if each is not None)


def _weights(text: Any) -> Sequence[Decimal]:
    parts = str(text or "").replace(";", " ").split()
    if len(parts) > 50:
        said = _("These are too many.")
        raise Invalid(said, fields={"seasonality": [said]})
    return tuple(given_amount(each, "seasonality") for each in parts)


def row_values(form: Form) -> dict[str, Any]:
    """What the form of a row says; days and percentages may be empty."""
    return {
        **({"name": str(form["name"]).strip()} if "name" in form.values else {}),
        "method": str(form["method"]),
        "over": given_percentage(form["over"], "over"),
        "expected_attainment": given_percentage(form["expected_attainment"], "expected_attainment"),
        "sets_quota": form.checked("sets_quota"),
        **{
            name: given_day(form[name], name) if form[name] else None
            for name in ("starts_on", "ends_on", "ramp_from")
        },
    }


def plain(value: Decimal | None) -> str:
    """A number as it is typed: no separators, no needless zeros."""
    return "" if value is None else f"{value.normalize():f}" if value else "0"


def grouped(value: Decimal | None) -> str:
    """As ``plain``, in groups of three with narrow spaces: read alike in every language."""
    return "" if value is None else f"{value.normalize():,f}".replace(",", "\u202f")


def ungrouped(text: Any) -> str:
    """What was typed over a ``grouped`` number."""
    return "".join(str(text or "").split())


def percentages(values: Sequence[Decimal]) -> str:
    return ", ".join(f"{plain(each * 100)}%" for each in values)
