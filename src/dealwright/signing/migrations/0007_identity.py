"""Identity in depth: several ways in order, what an address is enrolled with, Part 11, consent."""

import django.contrib.postgres.fields
import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models
from django.db.models import Q

import dealwright.base.identifiers
import dealwright.signing.envelopes.models
import dealwright.signing.identity.models
from dealwright.base.records.audit import audit_tables

METHODS = [
    ("email_link", "Link alone"),
    ("access_code", "Access code"),
    ("email_otp", "Code by e-mail"),
    ("sms_otp", "Code by SMS"),
    ("account", "Account"),
    ("totp", "Authenticator app"),
    ("webauthn", "Passkey"),
    ("idp", "Identity provider"),
]
PURPOSES = [("access", "Access"), ("enrol", "Enrolment"), ("act", "Act of signing")]

# The one way that was asked becomes a list; what was confirmed stays confirmed where it was.
TO_LIST = """
update signing_recipient set identity_methods =
    case when identity_method = 'email_link' then '{}' else array[identity_method] end
"""
TO_ONE = """
update signing_recipient set identity_method =
    case when cardinality(identity_methods) = 0 then 'email_link' else identity_methods[1] end
"""
PROOFS = """
insert into signing_identitystep (id, recipient_id, method, secret_hash, secret, destination,
                                  attempts, confirmed_at, session_hash, facts)
select gen_random_uuid(), id, 'email_otp', '', '', '', 0, verified_at, session_hash, '{}'
  from signing_recipient where verified_at is not null and 'email_otp' = any(identity_methods)
"""


def key() -> models.UUIDField:
    return models.UUIDField(
        default=dealwright.base.identifiers.uuid7, editable=False, primary_key=True, serialize=False
    )


def moment() -> models.DateTimeField:
    return models.DateTimeField(blank=True, null=True)


def made() -> models.DateTimeField:
    return models.DateTimeField(default=django.utils.timezone.now, editable=False)


def noted() -> models.DateTimeField:
    return models.DateTimeField(default=django.utils.timezone.now)


def of_recipient(name: str) -> models.ForeignKey:
    return models.ForeignKey(
        on_delete=django.db.models.deletion.CASCADE, related_name=name, to="signing.recipient"
    )


def texts(length: int, **more: object) -> django.contrib.postgres.fields.ArrayField:
    return django.contrib.postgres.fields.ArrayField(
        base_field=models.CharField(max_length=length), size=None, **more
    )


class Migration(migrations.Migration):
    dependencies = [
        ("signing", "0006_envelopes"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField("envelope", "part11", models.BooleanField(default=False)),
        migrations.AddField("recipient", "meaning", models.CharField(blank=True, max_length=200)),
        migrations.AddField(
            "recipient",
            "identity_methods",
            django.contrib.postgres.fields.ArrayField(
                base_field=models.CharField(choices=METHODS, max_length=12),
                blank=True,
                default=dealwright.signing.envelopes.models.by_mailed_code,
                size=None,
            ),
        ),
        migrations.RunSQL(TO_LIST, TO_ONE),
        migrations.RemoveField("recipient", "identity_method"),
        migrations.AddField(
            "onetimecode",
            "purpose",
            models.CharField(choices=PURPOSES, default="access", max_length=8),
        ),
        migrations.AddIndex(
            "onetimecode",
            models.Index(condition=Q(channel="sms"), fields=["-sent_at"], name="one_time_code_sms"),
        ),
        migrations.CreateModel(
            "IdentityStep",
            [
                ("id", key()),
                ("method", models.CharField(choices=METHODS, max_length=12)),
                ("secret_hash", models.CharField(blank=True, max_length=64)),
                ("secret", models.CharField(blank=True, max_length=200)),
                ("destination", models.CharField(blank=True, max_length=200)),
                ("attempts", models.PositiveSmallIntegerField(default=0)),
                ("confirmed_at", moment()),
                ("session_hash", models.CharField(blank=True, max_length=64)),
                ("facts", models.JSONField(default=dict)),
                ("recipient", of_recipient("identity_steps")),
            ],
            {
                "ordering": ["id"],
                "constraints": [
                    models.UniqueConstraint(
                        fields=["recipient", "method"], name="identity_step_once"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            "SignerTotp",
            [
                ("id", key()),
                ("email", models.EmailField(max_length=254, unique=True)),
                ("secret", models.CharField(max_length=200)),
                ("last_counter", models.BigIntegerField(default=0)),
                ("created_at", made()),
            ],
        ),
        migrations.CreateModel(
            "SignerPasskey",
            [
                ("id", key()),
                ("email", models.EmailField(max_length=254)),
                ("credential_id", models.BinaryField(unique=True)),
                ("public_key", models.BinaryField()),
                ("sign_count", models.BigIntegerField(default=0)),
                ("created_at", made()),
                ("last_used_at", moment()),
            ],
            {"indexes": [models.Index(fields=["email"], name="signer_passkey_email")]},
        ),
        migrations.CreateModel(
            "PasskeyChallenge",
            [
                ("id", key()),
                ("session_hash", models.CharField(max_length=64)),
                ("purpose", models.CharField(choices=PURPOSES, max_length=8)),
                ("nonce", models.CharField(max_length=64)),
                ("created_at", noted()),
                ("used_at", moment()),
                ("recipient", of_recipient("challenges")),
            ],
            {
                "constraints": [
                    models.UniqueConstraint(
                        fields=["recipient", "session_hash", "purpose"],
                        name="passkey_challenge_once",
                    )
                ]
            },
        ),
        migrations.CreateModel(
            "IdentityAttempt",
            [
                ("id", key()),
                ("kind", models.CharField(max_length=12)),
                ("key_hash", models.CharField(max_length=64)),
                ("at", noted()),
            ],
            {
                "indexes": [
                    models.Index(
                        fields=["kind", "key_hash", "-at"], name="identity_attempt_recent"
                    ),
                    models.Index(fields=["at"], name="identity_attempt_old"),
                ]
            },
        ),
        migrations.CreateModel(
            "SigningSettings",
            [
                ("id", key()),
                ("only", models.BooleanField(default=True, editable=False, unique=True)),
                (
                    "sms_countries",
                    texts(2, default=dealwright.signing.identity.models._sms_countries),
                ),
                ("sms_per_day", models.PositiveIntegerField(default=200)),
                ("part11", models.BooleanField(default=False)),
                ("consent_code", models.BooleanField(default=False)),
                ("updated_at", models.DateTimeField(auto_now=True)),
                (
                    "updated_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            {
                "constraints": [
                    models.CheckConstraint(condition=Q(only=True), name="signing_settings_one")
                ]
            },
        ),
        migrations.AddField("consenttext", "is_own", models.BooleanField(default=False)),
        migrations.AddField("consenttext", "covers", texts(20, default=list)),
        migrations.AddField("consenttext", "asks_again", models.BooleanField(default=True)),
        migrations.AddField(
            "consenttext",
            "created_by",
            models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.RunSQL(PROOFS, migrations.RunSQL.noop),
        audit_tables(
            "signing_identitystep",
            "signing_signertotp",
            "signing_signerpasskey",
            "signing_signingsettings",
        ),
    ]
