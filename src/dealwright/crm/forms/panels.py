"""What the page of a web form shows beside its fields."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.conf import settings

from dealwright.base.access.visibility import visible_to
from dealwright.base.objects.registry import Action, Panel
from dealwright.crm.deferred import deferred
from dealwright.crm.forms.models import FormSubmission, WebForm
from dealwright.crm.leads.models import Lead

_SAID = {
    "trap": "Filled in what no person sees",
    "too old": "Opened more than a day before",
    "no stamp": "Not sent from the page",
    "another form's stamp": "Not sent from this page",
    "too fast": "Sent faster than a person types",
}


def submissions_context(user: Any, record_id: Any) -> Mapping[str, Any] | None:
    """The newest sendings; their leads as far as the user may see them."""
    rows = list(
        FormSubmission.objects.filter(form=record_id)
        .order_by("-at")
        .values("id", "at", "values", "refused", "lead_id")[:50]
    )
    seen = dict(
        Lead.objects.filter(
            visible_to(user, "lead"), pk__in=[row["lead_id"] for row in rows]
        ).values_list("pk", "contact__name")
    )
    return {
        "submissions": [
            {
                "at": row["at"],
                "lead_id": row["lead_id"] if row["lead_id"] in seen else None,
                "name": seen.get(row["lead_id"], ""),
                "refused": _SAID.get(row["refused"], row["refused"]),
                "source": row["values"].get("utm_source", ""),
            }
            for row in rows
        ]
    }


def address_context(user: Any, record_id: Any) -> Mapping[str, Any] | None:
    """Where the form is, and the code that puts it into another page."""
    form = WebForm.objects.filter(pk=record_id).values("slug", "is_active", "title").first()
    if form is None:
        return None
    address = f"{settings.PUBLIC_URL}/forms/{form['slug']}"
    return {
        **form,
        "address": address,
        "code": f'<iframe src="{address}?embed=1" title="{form["title"]}"'
        ' width="100%" height="640" loading="lazy"></iframe>',
    }


PANELS = (
    Panel(
        key="submissions", label="Sent", template="crm/forms/submissions_panel.html",
        query=deferred(submissions_context), place="main", position=10,
    ),
    Panel(
        key="address", label="Address", template="crm/forms/address_panel.html",
        query=address_context, position=5,
    ),
)  # fmt: skip
ACTIONS = (
    Action(
        key="questions",
        label="Questions",
        url=lambda record_id: f"/web-forms/{record_id}/questions",
        primary=True,
    ),
)
