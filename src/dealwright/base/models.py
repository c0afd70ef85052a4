"""Gathers the models of the ground floor's concepts for Django."""

from dealwright.base.access.models import ObjectAccess, RecordShare, SharingRule
from dealwright.base.api.idempotency import IdempotentRequest
from dealwright.base.events.models import EventDelivery, OutboxEvent
from dealwright.base.events.webhooks.models import (
    WebhookAttempt,
    WebhookEndpoint,
    WebhookMessage,
)
from dealwright.base.evidence.models import (
    EvidenceAnchor,
    EvidenceChain,
    EvidenceEntry,
    EvidenceLeaf,
    EvidenceTimestamp,
)
from dealwright.base.exchange_rates import ExchangeRate
from dealwright.base.files.models import StoredFile
from dealwright.base.jobs.models import JobRun
from dealwright.base.messaging.models import (
    InboundMessage,
    MailSettings,
    MessageTemplate,
    Notice,
    OutboundMessage,
    Suppression,
)
from dealwright.base.numbering import NumberSeries
from dealwright.base.objects.models import CustomField
from dealwright.base.people.credentials import ApiToken, Invitation
from dealwright.base.people.models import Role, Team, TeamMembership, User
from dealwright.base.people.organization import Organization
from dealwright.base.records.models import (
    AuditEvent,
    ExternalId,
    LastView,
    SavedView,
    ViewPin,
)
from dealwright.base.search.models import SearchEntry
from dealwright.base.transfer.models import ImportJob, ImportRow, SavedMapping
from dealwright.base.web.models import UndoStep
from dealwright.base.work_calendars import WorkCalendar

__all__ = [
    "ApiToken",
    "AuditEvent",
    "CustomField",
    "EventDelivery",
    "EvidenceAnchor",
    "EvidenceChain",
    "EvidenceEntry",
    "EvidenceLeaf",
    "EvidenceTimestamp",
    "ExchangeRate",
    "ExternalId",
    "IdempotentRequest",
    "ImportJob",
    "ImportRow",
    "InboundMessage",
    "Invitation",
    "JobRun",
    "LastView",
    "MailSettings",
    "MessageTemplate",
    "Notice",
    "NumberSeries",
    "ObjectAccess",
    "Organization",
    "OutboundMessage",
    "OutboxEvent",
    "RecordShare",
    "Role",
    "SavedMapping",
    "SavedView",
    "SearchEntry",
    "SharingRule",
    "StoredFile",
    "Suppression",
    "Team",
    "TeamMembership",
    "UndoStep",
    "User",
    "ViewPin",
    "WebhookAttempt",
    "WebhookEndpoint",
    "WebhookMessage",
    "WorkCalendar",
]
