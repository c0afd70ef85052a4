"""What signing brings to the house: object types, panels, jobs. Imported once at start."""

from dealwright.base.evidence.subjects import chains_of
from dealwright.base.objects.fields import Field, Kind
from dealwright.base.objects.registry import Action, ObjectType, Panel, register
from dealwright.base.people.models import Profile
from dealwright.base.web.home import Card, add_card
from dealwright.base.web.navigation import Link, add_creation
from dealwright.signing.blueprints.object import SIGNING_TEMPLATE
from dealwright.signing.bulk import services as _bulk  # noqa: F401  makes its job known
from dealwright.signing.envelopes import jobs as _jobs  # noqa: F401  makes the jobs known
from dealwright.signing.envelopes import subscribers as _subscribers  # noqa: F401  and what listens
from dealwright.signing.envelopes.models import Envelope, EnvelopeStatus
from dealwright.signing.envelopes.queries import TONES, evidence_panel, progress_panel
from dealwright.signing.envelopes.services import delete_envelope, update_envelope
from dealwright.signing.identity import jobs as _identity_jobs  # noqa: F401  forgets old tries
from dealwright.signing.identity.messengers import add_carriers
from dealwright.signing.inbox import queries as inbox
from dealwright.signing.payments import erasing as _payments  # noqa: F401  forgets their words
from dealwright.signing.payments import jobs as _payment_jobs  # noqa: F401  asks providers
from dealwright.signing.payments import readiness as _payments_ready  # noqa: F401  as below
from dealwright.signing.payments.queries import payments_panel
from dealwright.signing.public_forms.object import SIGNING_FORM
from dealwright.signing.redlines import erasing as _redlines  # noqa: F401  forgets their words
from dealwright.signing.retention import jobs as _retention_jobs  # noqa: F401  makes the job known
from dealwright.signing.retention.queries import keeping_panel
from dealwright.signing.seals import jobs as _seal_jobs  # noqa: F401  as above
from dealwright.signing.seals import readiness as _readiness  # noqa: F401  a doctor's check

OPEN = ("sent", "in_progress")


def _fact(key: str, label: str, kind: Kind = Kind.DATETIME, *, listed: bool = True) -> Field:
    return Field(
        key=key,
        label=label,
        kind=kind,
        editable=False,
        on_create=False,
        importable=False,
        sortable=kind == Kind.DATETIME,
        listed=listed,
    )


register(
    ObjectType(
        key="envelope",
        slug="envelopes",
        label="Envelope",
        label_plural="Envelopes",
        model=Envelope,
        title="title",
        icon="file-signature",
        columns=("title", "status", "owner", "sent_at", "expires_at", "completed_at"),
        search=("title",),
        creatable=False,
        create_url="/send-for-signature",
        update=update_envelope,
        delete=delete_envelope,
        access={Profile.LEGAL: "write", Profile.FINANCE: "read"},
        empty_text="Send a document for signature, and follow here who has signed.",
        fields=(
            Field(key="title", label="Title", required=True, sortable=True),
            Field(
                key="status",
                label="Status",
                kind=Kind.CHOICE,
                choices=EnvelopeStatus.choices,
                tones=TONES,
                editable=False,
                on_create=False,
                importable=False,
                sortable=True,
            ),
            Field(key="message", label="Message", kind=Kind.LONG_TEXT, listed=False),
            _fact("sent_at", "Sent"),
            _fact("completed_at", "Completed"),
            Field(key="expires_at", label="Expires", kind=Kind.DATETIME, sortable=True),
            _fact("ended_reason", "Reason it ended", Kind.LONG_TEXT, listed=False),
            _fact("seal_error", "Why sealing failed", Kind.LONG_TEXT, listed=False),
        ),
        panels=[
            # In the place of the plain timeline: the evidence beside it tells more.
            Panel(
                key="timeline",
                label="Progress",
                template="signing/envelopes/progress_panel.html",
                query=progress_panel,
                place="main",
                position=10,
            ),
            Panel(
                key="evidence",
                label="Evidence",
                template="signing/envelopes/evidence_panel.html",
                query=evidence_panel,
                place="main",
                position=20,
            ),
            Panel(
                key="payments",
                label="Payments",
                template="signing/payments/panel.html",
                query=payments_panel,
                place="main",
                position=15,
            ),
            Panel(
                key="keeping",
                label="Keeping",
                template="signing/retention/panel.html",
                query=keeping_panel,
                position=70,
            ),
        ],
        actions=[
            Action(
                key="send",
                label="Review and send",
                url=lambda record_id: f"/envelopes/{record_id}/send",
                available=lambda user, row: row.get("status") in ("draft", "scheduled"),
                primary=True,
                for_writers=True,
            ),
            Action(
                key="schedule",
                label="Send later",
                url=lambda record_id: f"/envelopes/{record_id}/schedule",
                available=lambda user, row: row.get("status") in ("draft", "scheduled"),
                for_writers=True,
            ),
            Action(
                key="correct",
                label="Correct",
                url=lambda record_id: f"/envelopes/{record_id}/correct",
                available=lambda user, row: row.get("status") in OPEN,
                for_writers=True,
            ),
            Action(
                key="extend",
                label="Extend",
                url=lambda record_id: f"/envelopes/{record_id}/extend",
                available=lambda user, row: row.get("status") in OPEN,
                for_writers=True,
            ),
            Action(
                key="save_as_template",
                label="Save as template",
                url=lambda record_id: f"/envelopes/{record_id}/save-as-template",
                available=lambda user, row: (
                    row.get("status") != "purged" and user.profile != Profile.READ_ONLY
                ),
            ),
            Action(
                key="remind",
                label="Remind",
                url=lambda record_id: f"/envelopes/{record_id}/remind",
                available=lambda user, row: row.get("status") in OPEN,
                for_writers=True,
            ),
            Action(
                key="void",
                label="Void",
                url=lambda record_id: f"/envelopes/{record_id}/void",
                available=lambda user, row: row.get("status") in OPEN,
                for_writers=True,
            ),
        ],
    )
)
register(SIGNING_TEMPLATE)
register(SIGNING_FORM)
chains_of("envelope")
add_carriers()
add_creation(
    Link(
        key="send-for-signature",
        label="Send for signature",
        url="/send-for-signature",
        icon="signature",
        object="envelope",
        allowed=lambda user: user.profile != Profile.READ_ONLY,
    )
)
add_card(
    Card(
        key="to-sign",
        label="Waiting for your signature",
        template="signing/inbox/card.html",
        query=inbox.card,
        url="/to-sign",
        position=5,
    )
)
