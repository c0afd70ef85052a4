"""Gathers the models of the ground floor's concepts for Django."""

from dealwright.base.access.models import ObjectAccess, RecordShare, SharingRule
from dealwright.base.people.models import Role, Team, TeamMembership, User
from dealwright.base.api.idempotency import IdempotentRequest
from dealwright.base.events.models import EventDelivery, OutboxEvent
from dealwright.base.jobs.models import JobRun
from dealwright.base.objects.models import CustomField
from dealwright.base.records.models import AuditEvent, ExternalId, SavedView

__all__ = [
    "AuditEvent",
    "CustomField",
    "EventDelivery",
    "ExternalId",
    "IdempotentRequest",
    "JobRun",
    "ObjectAccess",
    "OutboxEvent",
    "RecordShare",
    "Role",
    "SavedView",
    "SharingRule",
    "Team",
    "TeamMembership",
    "User",
]
