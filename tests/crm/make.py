"""CRM records for tests, made through the real services.

Every function takes ``actor`` (the product itself unless given) and any field of the object
by its public key; records may be given for relations. ``owner`` takes a user.
"""

from __future__ import annotations

from itertools import count
from typing import Any

from dealwright.base.access.actor import Actor, system
from dealwright.base.records.services import create_record
from dealwright.crm.models import (
    Account,
    Activity,
    Campaign,
    Case,
    Contact,
    Lead,
    Opportunity,
    PriceBook,
    Product,
    Quote,
)
from dealwright.crm.opportunities.pipelines import ensure_default_pipeline

_numbers = count(1)


def make_account(*, actor: Actor | None = None, **fields: Any) -> Account:
    return _make("account", actor, {"name": f"Account {next(_numbers)}"} | fields)


def make_contact(*, actor: Actor | None = None, **fields: Any) -> Contact:
    number = next(_numbers)
    named = {"first_name": "Robin", "last_name": f"Person{number}"}
    return _make("contact", actor, named | {"email": f"robin{number}@example.com"} | fields)


def make_lead(*, actor: Actor | None = None, **fields: Any) -> Lead:
    """A lead by hand; of a new person unless ``contact`` or ``email`` is given."""
    if "contact" not in fields:
        number = next(_numbers)
        person = {"last_name": f"Lead{number}", "email": f"lead{number}@example.com"}
        fields = person | fields
    return _make("lead", actor, fields)


def make_product(*, actor: Actor | None = None, **fields: Any) -> Product:
    return _make("product", actor, {"name": f"Product {next(_numbers)}"} | fields)


def make_price_book(*, actor: Actor | None = None, **fields: Any) -> PriceBook:
    return _make("price_book", actor, {"name": f"Price book {next(_numbers)}"} | fields)


def make_opportunity(*, actor: Actor | None = None, **fields: Any) -> Opportunity:
    """A deal in the default pipeline; ``stage`` takes a stage's name, such as "Won"."""
    ensure_default_pipeline()
    return _make("opportunity", actor, {"name": f"Deal {next(_numbers)}"} | fields)


def make_quote(*, actor: Actor | None = None, **fields: Any) -> Quote:
    """A draft quote of ``opportunity``, or of a new deal."""
    if "opportunity" not in fields:
        fields["opportunity"] = make_opportunity(actor=actor)
    return _make("quote", actor, fields)


def make_activity(*, actor: Actor | None = None, **fields: Any) -> Activity:
    return _make("activity", actor, {"kind": "task", "subject": "Call back"} | fields)


def make_campaign(*, actor: Actor | None = None, **fields: Any) -> Campaign:
    return _make("campaign", actor, {"name": f"Campaign {next(_numbers)}"} | fields)


def make_case(*, actor: Actor | None = None, **fields: Any) -> Case:
    return _make("case", actor, {"subject": f"Case {next(_numbers)}"} | fields)


def _make(object_key: str, actor: Actor | None, values: dict[str, Any]) -> Any:
    return create_record(actor or system("test"), object_key, values)
