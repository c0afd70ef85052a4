"""The requests of a price book's prices."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from dealwright.base.errors import Invalid
from dealwright.base.web.pages import Form, actor_of, done, page, render, toast
from dealwright.crm.products.panels import prices_context
from dealwright.crm.products.services import set_prices
from dealwright.crm.typed import typed_rows


@page(methods=["POST"])
def save_prices(request: HttpRequest, record_id: UUID) -> HttpResponse:
    """Set one product's prices in the book; answers the panel."""
    actor = actor_of(request)
    form = Form(request)
    context = {"record_id": record_id}
    with form:
        if not form["product"]:
            sentence = _("Choose a product.")
            raise Invalid(sentence, fields={"product": [sentence]})
        prices = typed_rows(request.POST, "prices", numbers=("min_quantity", "list_price"))
        set_prices(
            actor, record_id, form["product"], [row for row in prices if "list_price" in row]
        )
        if not request.headers.get("HX-Request"):
            return done(request, f"/price-books/{record_id}?tab=prices", _("Prices saved."))
        context |= prices_context(actor.user, record_id) or {}
        return toast(render(request, "crm/products/prices_panel.html", context), _("Prices saved."))
    context |= prices_context(actor.user, record_id) or {}
    return form.page("crm/products/prices_panel.html", context)
