"""The map of controls with its evidence, to look at and to take along."""

from __future__ import annotations

import csv
import io

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _

from dealwright.base.people.models import Profile
from dealwright.base.spreadsheets import harmless
from dealwright.base.web.pages import page, render
from dealwright.signing.compliance.controls import controls_with_facts

_ADMINISTRATORS = [Profile.ADMINISTRATOR]


@page(profiles=_ADMINISTRATORS, methods=["GET", "HEAD"])
def controls(request: HttpRequest) -> HttpResponse:
    """Each control, what the product does for it, and what shows it now."""
    context = {"controls": controls_with_facts()}
    return render(request, "signing/compliance/controls.html", context)


@page(profiles=_ADMINISTRATORS, methods=["GET", "HEAD"])
def export(request: HttpRequest) -> HttpResponse:
    """The same as CSV, one fact a row."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow([_("Control"), _("Title"), _("What the product does"), _("Fact"), _("Value")])
    for control, facts in controls_with_facts():
        for label, value in facts:
            row = [control.number, _(control.title), _(control.does), label, harmless(value)]
            writer.writerow(row)
    response = HttpResponse("\ufeff" + text.getvalue(), content_type="text/csv; charset=utf-8")
    name = f"controls-{timezone.now():%Y-%m-%d}.csv"
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response
