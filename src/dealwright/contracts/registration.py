"""What contracts bring to the house: object types, panels, jobs. Imported once at start."""

from dealwright.base.objects.registry import register
from dealwright.contracts.agreements.object import CONTRACT
from dealwright.contracts.library.object import CONTRACT_TEMPLATE
from dealwright.contracts.obligations import jobs as _jobs  # noqa: F401  makes the schedule known
from dealwright.contracts.obligations.object import OBLIGATION

for each in (CONTRACT, OBLIGATION, CONTRACT_TEMPLATE):
    register(each)
