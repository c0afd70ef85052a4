"""Templates for tests, through the real services."""

from __future__ import annotations

from typing import Any

from dealwright.base.access.actor import Actor
from dealwright.signing.blueprints.contents import NewRole
from dealwright.signing.blueprints.models import SigningTemplate
from dealwright.signing.blueprints.services import create_template
from dealwright.signing.envelopes.drafts import NewDocument
from make import acting, make_user
from signing.make import make_pdf

TEXT = "We agree. {{sign:1}} {{date:1}}"
PRICE = "{{text?:1:Price}}"


def make_template(actor: Actor | None = None, **fields: Any) -> SigningTemplate:
    """An agreement that a customer signs and Cora, always the same, counter-signs."""
    values: dict[str, Any] = {
        "name": "Order form",
        "documents": [
            NewDocument(name="Order.pdf", content=make_pdf("We agree.", "{{sign:1}}", PRICE))
        ],
        "roles": [
            NewRole(name="Customer", order=1),
            NewRole(
                name="Counter-signer",
                order=2,
                person_name="Cora Counter",
                person_email="cora@seller.test",
            ),
        ],
    }
    return create_template(actor or acting(make_user()), **{**values, **fields})
