"""The board of leads: those whose answer is late stand out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from dealwright.base.access.actor import Actor
from dealwright.base.web.records.board_rules import BoardRules
from dealwright.crm.leads.assignment import OPEN
from dealwright.crm.leads.models import Lead


def late_leads(actor: Actor, ids: Sequence[Any]) -> Mapping[Any, str]:
    """A sentence for each open lead whose answer is overdue; one statement."""
    late = Lead.objects.filter(
        pk__in=ids,
        status__in=OPEN,
        first_response_at__isnull=True,
        response_due_at__lt=timezone.now(),
    )
    return {key: _("The answer is late") for key in late.values_list("pk", flat=True)}


LEAD_BOARD = BoardRules(ageing=late_leads)
