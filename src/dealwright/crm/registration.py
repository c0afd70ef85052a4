"""What the CRM brings to the house: object types, panels, jobs. Imported once at start."""

from dealwright.base.objects.registry import register
from dealwright.crm.accounts.object import ACCOUNT
from dealwright.crm.activities.object import ACTIVITY
from dealwright.crm.campaigns.object import CAMPAIGN
from dealwright.crm.cases.object import CASE
from dealwright.crm.contacts.object import CONTACT
from dealwright.crm.forms.object import WEB_FORM
from dealwright.crm.leads.object import LEAD
from dealwright.crm.opportunities.object import OPPORTUNITY
from dealwright.crm.products.object import PRICE_BOOK, PRODUCT
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

from dealwright.crm.imports import registration as _imports  # noqa: E402, F401  needs the objects
