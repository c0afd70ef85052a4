"""Names of the evidence chains of rooms whose chains belong to no single record."""

from __future__ import annotations

from django.utils.translation import gettext as _

from dealwright.base.evidence.subjects import Subject, name_chains


def pay_periods(calendar: str) -> Subject:
    """Closed pay periods stand in one chain per calendar (``compensation:month``)."""
    names = {
        "month": _("Closed pay periods, monthly"),
        "quarter": _("Closed pay periods, quarterly"),
        "year": _("Closed pay periods, yearly"),
    }
    name = names.get(calendar, _("Closed pay periods"))
    return Subject(name, _("Pay periods"), "/compensation/periods")


name_chains("compensation", pay_periods)
