"""How an amount came about, in sentences."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

from django.utils.translation import gettext as _

from dealwright.base.web.formats import format_money, format_number, format_percent
from dealwright.compensation.planning.allocation import HAND, HEADS
from dealwright.compensation.planning.models import Method
from dealwright.compensation.planning.queries import Line
from dealwright.compensation.planning.sheet import Sheet


def explanation(sheet: Sheet, line: Line) -> list[str]:
    """What made the amount of a row, step by step."""
    row, placed, currency = line.row, line.placed, sheet.scenario.currency

    def money(amount: Decimal) -> str:
        return format_money(amount, currency)

    if row.parent_id is None:
        return [_("This is the number of the scenario.")]
    above = sheet.by_id[row.parent_id]
    said = []
    over = sheet.over(above)
    shares = {
        "whole": money(placed.of),
        "above": above.name,
        "own": money(sheet.placed[above.pk].amount),
        "over": format_percent(over, 1, fixed=False),
    }
    if over:
        said.append(
            _("“%(above)s” has %(own)s and assigns %(over)s more below: %(whole)s.") % shares
        )
    else:
        said.append(_("“%(above)s” shares out %(whole)s.") % shares)
    if row.locked is not None:
        return [*said, _("The quota here is fixed by hand at %(amount)s.") % _amount(line, money)]
    method = HEADS if placed.stood_in else placed.method
    said.append(_("It is shared out: %(method)s.") % {"method": _(Method(placed.method).label)})
    if placed.stood_in:
        said.append(_("Nobody there has such a figure, so heads count."))
    if placed.method == HAND or placed.weights == 0:
        return [*said, _("Nothing is fixed here yet.")]
    said.append(
        _("Of what is not fixed by hand this row weighs %(weight)s of %(all)s, %(share)s.")
        % {
            "weight": _number(placed.weight, method),
            "all": _number(placed.weights, method),
            "share": format_percent(_decimal(placed.weight / placed.weights), 2),
        }
    )
    said.append(
        _("Rounded to steps of %(step)s that is %(amount)s.")
        % {"step": money(sheet.scenario.step), "amount": money(placed.amount - placed.carried)}
    )
    if placed.carried:
        said.append(
            _("What makes no whole step, %(carried)s, stands here as well: %(amount)s.")
            % {"carried": money(placed.carried), "amount": money(placed.amount)}
        )
    return said


def _amount(line: Line, money: object) -> dict[str, str]:
    assert callable(money)
    return {"amount": money(line.placed.amount)}


def _number(value: Fraction, method: str) -> str:
    return format_number(_decimal(value), 2 if method == HEADS else 0)


def _decimal(value: Fraction) -> Decimal:
    return Decimal(value.numerator) / Decimal(value.denominator)
