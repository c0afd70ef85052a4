"""Gathers the models of the ground floor's concepts for Django."""

from dealwright.base.access.models import ObjectAccess, RecordShare, SharingRule
from dealwright.base.people.models import Role, Team, TeamMembership, User
from dealwright.base.api.idempotency import IdempotentRequest
from dealwright.base.events.models import EventDelivery, OutboxEvent
from dealwright.base.events.webhooks.models import (
    WebhookAttempt,
    WebhookEndpoint,
    WebhookMessage,
)
from dealwright.base.jobs.models import JobRun
from dealwright.base.people.credentials import ApiToken, Invitation
from dealwright.base.people.organization import Organization
from dealwright.base.objects.models import CustomField
from dealwright.base.records.models import AuditEvent, ExternalId, SavedView
from dealwright.base.transfer.models import ImportJob, ImportRow, SavedMapping

__all__ = [
    "ApiToken",
    "AuditEvent",
    "CustomField",
    "EventDelivery",
    "ExternalId",
    "IdempotentRequest",
    "ImportJob",
    "ImportRow",
    "Invitation",
    "JobRun",
    "ObjectAccess",
    "Organization",
    "OutboxEvent",
    "RecordShare",
    "Role",
    "SavedMapping",
    "SavedView",
    "SharingRule",
    "Team",
    "TeamMembership",
    "User",
    "WebhookAttempt",
    "WebhookEndpoint",
    "WebhookMessage",
]
