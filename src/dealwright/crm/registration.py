"""What the CRM brings to the house: object types, panels, actions, boards, jobs. Imported once
at start."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib import import_module
from typing import Any

import dealwright.crm.activities.jobs
import dealwright.crm.cases.jobs
import dealwright.crm.quotes.jobs
import dealwright.crm.subscribers  # noqa: F401
from dealwright.base.access.actor import Actor
from dealwright.base.files.panel import attachments_panel
from dealwright.base.objects.registry import add_action, add_panel, register
from dealwright.base.web.home import add_card
from dealwright.base.web.records.board_rules import set_board_rules
from dealwright.base.web.records.duplicates import Hint, set_duplicate_finder
from dealwright.crm.accounts import panels as accounts
from dealwright.crm.accounts.object import ACCOUNT
from dealwright.crm.activities.object import ACTIVITY
from dealwright.crm.activities.panels import TIMELINE_OBJECTS, timeline_panel
from dealwright.crm.campaigns import panels as campaigns
from dealwright.crm.campaigns.object import CAMPAIGN
from dealwright.crm.cases import panels as cases
from dealwright.crm.cases.object import CASE
from dealwright.crm.contacts import panels as contacts
from dealwright.crm.contacts.object import CONTACT
from dealwright.crm.forms import panels as forms
from dealwright.crm.forms.object import WEB_FORM
from dealwright.crm.leads import panels as leads
from dealwright.crm.leads.board import LEAD_BOARD
from dealwright.crm.leads.card import LEADS_CARD
from dealwright.crm.leads.object import LEAD
from dealwright.crm.merging.duplicates import find_duplicates
from dealwright.crm.opportunities import panels as opportunities
from dealwright.crm.opportunities.board import OPPORTUNITY_BOARD
from dealwright.crm.opportunities.object import OPPORTUNITY
from dealwright.crm.products import panels as products
from dealwright.crm.products.object import PRICE_BOOK, PRODUCT
from dealwright.crm.quotes import panels as quotes
from dealwright.crm.quotes.object import QUOTE

for each in (
    LEAD,
    OPPORTUNITY,
    ACCOUNT,
    CONTACT,
    ACTIVITY,
    QUOTE,
    PRODUCT,
    PRICE_BOOK,
    CAMPAIGN,
    CASE,
    WEB_FORM,
):
    register(each)

for key in TIMELINE_OBJECTS:
    add_panel(key, timeline_panel(key))
for key, panels in {
    "account": accounts.PANELS,
    "contact": contacts.PANELS,
    "lead": leads.PANELS,
    "opportunity": opportunities.PANELS,
    "quote": quotes.PANELS,
    "case": cases.PANELS,
    "campaign": campaigns.PANELS,
    "product": products.PRODUCT_PANELS,
    "price_book": products.BOOK_PANELS,
    "web_form": forms.PANELS,
}.items():
    for panel in panels:
        add_panel(key, panel)
for key in ("account", "contact", "lead", "opportunity", "quote", "case", "campaign"):
    add_panel(key, attachments_panel(key))
for key, actions in {
    "account": accounts.ACTIONS,
    "contact": contacts.ACTIONS,
    "lead": leads.ACTIONS,
    "opportunity": opportunities.ACTIONS,
    "quote": quotes.ACTIONS,
    "case": cases.ACTIONS,
    "web_form": forms.ACTIONS,
}.items():
    for action in actions:
        add_action(key, action)

add_card(LEADS_CARD)
set_board_rules("opportunity", OPPORTUNITY_BOARD)
set_board_rules("lead", LEAD_BOARD)
import_module("dealwright.crm.imports.registration")  # needs the objects


def _hints(object_key: str, slug: str) -> Any:
    def find(actor: Actor, values: Mapping[str, Any]) -> Sequence[Hint]:
        return [
            Hint(f"/{slug}/{each.id}", each.name, each.detail, each.reason)
            for each in find_duplicates(actor, object_key, values)
        ]

    return find


set_duplicate_finder("account", _hints("account", "accounts"))
set_duplicate_finder("contact", _hints("contact", "contacts"))
