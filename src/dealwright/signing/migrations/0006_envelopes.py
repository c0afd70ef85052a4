"""More states of envelopes and recipients, and the moments that they are computed from."""

import django.db.models.deletion
from django.db import migrations, models
from django.db.models import Case, Q, Value, When

import dealwright.signing.envelopes.models


def moment() -> models.DateTimeField:
    return models.DateTimeField(null=True, blank=True)


# Who waits in an envelope that was sent has waited since it was sent.
QUEUED = """
update signing_recipient recipient set queued_at = envelope.sent_at
  from signing_envelope envelope
 where envelope.id = recipient.envelope_id and envelope.sent_at is not null
"""
EXPIRED = """
update signing_recipient recipient set expired_at = envelope.expired_at
  from signing_envelope envelope
 where envelope.id = recipient.envelope_id and envelope.expired_at is not null
   and recipient.signed_at is null and recipient.role <> 'cc'
"""


class Migration(migrations.Migration):
    dependencies = [
        ("signing", "0005_evidence_keeping"),
    ]

    operations = [
        migrations.RemoveField("envelope", "status"),
        migrations.RemoveField("recipient", "status"),
        migrations.AddField("envelope", "scheduled_at", moment()),
        migrations.AddField("envelope", "send_at", moment()),
        migrations.AddField("envelope", "purged_at", moment()),
        *(
            migrations.AddField("recipient", name, moment())
            for name in (
                "queued_at",
                "delivered_at",
                "bounced_at",
                "identifying_at",
                "reassigned_at",
                "skipped_at",
                "expired_at",
            )
        ),
        migrations.AddField(
            "recipient",
            "reassigned_to",
            models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="reassigned_from",
                to="signing.recipient",
            ),
        ),
        migrations.AlterField(
            "recipient",
            "role",
            models.CharField(
                choices=dealwright.signing.envelopes.models.Role.choices,
                default="signer",
                max_length=20,
            ),
        ),
        migrations.AlterField(
            "recipient",
            "identity_method",
            models.CharField(
                choices=dealwright.signing.envelopes.models.IdentityMethod.choices,
                default="email_otp",
                max_length=12,
            ),
        ),
        migrations.RemoveConstraint("recipient", "recipient_consents_before_signing"),
        migrations.AddConstraint(
            "recipient",
            models.CheckConstraint(
                condition=~Q(role__in=("signer", "in_person_signer", "witness"))
                | Q(signed_at__isnull=True)
                | Q(consented_at__isnull=False),
                name="recipient_consents_before_signing",
            ),
        ),
        migrations.RunSQL(QUEUED, migrations.RunSQL.noop),
        migrations.RunSQL(EXPIRED, migrations.RunSQL.noop),
        migrations.AddField(
            "envelope",
            "status",
            models.GeneratedField(
                db_persist=True,
                expression=Case(
                    When(Q(purged_at__isnull=False), then=Value("purged")),
                    When(Q(voided_at__isnull=False), then=Value("voided")),
                    When(Q(declined_at__isnull=False), then=Value("declined")),
                    When(Q(expired_at__isnull=False), then=Value("expired")),
                    When(Q(completed_at__isnull=False), then=Value("completed")),
                    When(Q(seal_failed_at__isnull=False), then=Value("seal_failed")),
                    When(Q(signed_at__isnull=False), then=Value("sealing")),
                    When(Q(started_at__isnull=False), then=Value("in_progress")),
                    When(Q(sent_at__isnull=False), then=Value("sent")),
                    When(Q(scheduled_at__isnull=False), then=Value("scheduled")),
                    default=Value("draft"),
                ),
                output_field=models.CharField(max_length=12),
            ),
        ),
        migrations.AddField(
            "recipient",
            "status",
            models.GeneratedField(
                db_persist=True,
                expression=Case(
                    When(declined_at__isnull=False, then=Value("declined")),
                    When(signed_at__isnull=False, role="approver", then=Value("approved")),
                    When(signed_at__isnull=False, role="viewer", then=Value("acknowledged")),
                    When(signed_at__isnull=False, then=Value("signed")),
                    When(reassigned_at__isnull=False, then=Value("reassigned")),
                    When(skipped_at__isnull=False, then=Value("skipped")),
                    When(expired_at__isnull=False, then=Value("expired")),
                    When(locked_at__isnull=False, then=Value("auth_failed")),
                    When(
                        identifying_at__isnull=False,
                        verified_at__isnull=True,
                        then=Value("authenticating"),
                    ),
                    When(opened_at__isnull=False, then=Value("viewed")),
                    When(bounced_at__isnull=False, then=Value("bounced")),
                    When(delivered_at__isnull=False, then=Value("delivered")),
                    When(sent_at__isnull=False, then=Value("sent")),
                    When(queued_at__isnull=False, then=Value("waiting")),
                    default=Value("created"),
                ),
                output_field=models.CharField(max_length=16),
            ),
        ),
        migrations.AddIndex(
            "envelope",
            models.Index(
                condition=Q(send_at__isnull=False), fields=["send_at"], name="envelope_send_due"
            ),
        ),
    ]
