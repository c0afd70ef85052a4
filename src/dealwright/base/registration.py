"""What the ground floor brings to the house: its jobs, pollers and events. Imported at start.

A module that decorates functions with ``@job``, ``@cron``, ``@due`` or ``@subscribe`` and is
not imported by another one stands here, else the worker does not know it.
"""

from importlib import import_module

MODULES = (
    "dealwright.base.search.triggers",
    "dealwright.base.records.custom_fields",
    "dealwright.base.jobs.state",
    "dealwright.base.jobs.recovery",
    "dealwright.base.events.delivery",
    "dealwright.base.events.health",
    "dealwright.base.events.retention",
    "dealwright.base.events.webhooks.sending",
    "dealwright.base.evidence.jobs",
    "dealwright.base.files.jobs",
    "dealwright.base.files.readiness",
    "dealwright.base.messaging.jobs",
    "dealwright.base.messaging.registration",
    "dealwright.base.people.jobs",
    "dealwright.base.transfer.drafts",
    "dealwright.base.transfer.users",
    "dealwright.base.web.jobs",
)

for module in MODULES:
    import_module(module)
