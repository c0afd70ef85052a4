"""The API of the CRM: the verbs of its concepts. Reading and writing records is generic."""

from ninja import Router

from dealwright.crm.activities.api import router as activities
from dealwright.crm.cases.api import router as cases
from dealwright.crm.leads.api import router as leads
from dealwright.crm.merging.api import router as merging
from dealwright.crm.opportunities.api import router as opportunities
from dealwright.crm.privacy.api import router as privacy
from dealwright.crm.quotes.api import router as quotes
from dealwright.crm.reports.api import router as reports

router = Router()
for each in (leads, opportunities, quotes, activities, cases, merging, privacy, reports):
    router.add_router("", each)
