"""Codes by WhatsApp and messenger; what identity providers check of signers."""

import dealwright.base.identifiers
import dealwright.signing.envelopes.models
import django.contrib.postgres.fields
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("signing", "0011_embedded_sending"),
        ("socialaccount", "0006_alter_socialaccount_extra_data"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="MessengerSettings",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=dealwright.base.identifiers.uuid7,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("only", models.BooleanField(default=True, editable=False, unique=True)),
                ("whatsapp_from", models.CharField(blank=True, max_length=40)),
                ("whatsapp_templates", models.JSONField(blank=True, default=dict)),
                ("whatsapp_per_day", models.PositiveIntegerField(default=200)),
                ("channel_name", models.CharField(blank=True, max_length=40)),
                ("channel_url", models.CharField(blank=True, max_length=500)),
                ("secret", models.CharField(blank=True, max_length=400)),
                (
                    "channel_to",
                    models.CharField(
                        choices=[("phone", "Phone numbers"), ("name", "Names or ids of its own")],
                        default="phone",
                        max_length=8,
                    ),
                ),
                ("channel_per_day", models.PositiveIntegerField(default=200)),
                ("updated_at", models.DateTimeField(auto_now=True)),
            ],
        ),
        migrations.CreateModel(
            name="ProviderChecks",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=dealwright.base.identifiers.uuid7,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                (
                    "offers",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(
                            choices=[
                                ("document_face", "ID document and face"),
                                ("document", "ID document"),
                                ("questions", "Knowledge questions"),
                            ],
                            max_length=16,
                        ),
                        default=list,
                    ),
                ),
                ("trust_framework", models.CharField(blank=True, max_length=100)),
                ("acr_values", models.CharField(blank=True, max_length=400)),
                ("most_days", models.PositiveIntegerField(default=365)),
                ("updated_at", models.DateTimeField(auto_now=True)),
            ],
        ),
        migrations.AddField(
            model_name="identitystep",
            name="assurance",
            field=models.CharField(
                blank=True,
                choices=[
                    ("document_face", "ID document and face"),
                    ("document", "ID document"),
                    ("questions", "Knowledge questions"),
                ],
                max_length=16,
            ),
        ),
        migrations.AddField(
            model_name="identitystep",
            name="other_name",
            field=models.CharField(
                blank=True,
                choices=[("refuse", "Refuse"), ("show", "Accept, and show both names")],
                default="refuse",
                max_length=8,
            ),
        ),
        migrations.AlterField(
            model_name="identitystep",
            name="method",
            field=models.CharField(
                choices=[
                    ("email_link", "Link alone"),
                    ("access_code", "Access code"),
                    ("email_otp", "Code by e-mail"),
                    ("sms_otp", "Code by SMS"),
                    ("whatsapp_otp", "Code by WhatsApp"),
                    ("messenger_otp", "Code by messenger"),
                    ("account", "Account"),
                    ("totp", "Authenticator app"),
                    ("webauthn", "Passkey"),
                    ("idp", "Identity provider"),
                ],
                max_length=16,
            ),
        ),
        migrations.AlterField(
            model_name="onetimecode",
            name="channel",
            field=models.CharField(default="email", max_length=12),
        ),
        migrations.AlterField(
            model_name="recipient",
            name="identity_methods",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.CharField(
                    choices=[
                        ("email_link", "Link alone"),
                        ("access_code", "Access code"),
                        ("email_otp", "Code by e-mail"),
                        ("sms_otp", "Code by SMS"),
                        ("whatsapp_otp", "Code by WhatsApp"),
                        ("messenger_otp", "Code by messenger"),
                        ("account", "Account"),
                        ("totp", "Authenticator app"),
                        ("webauthn", "Passkey"),
                        ("idp", "Identity provider"),
                    ],
                    max_length=16,
                ),
                blank=True,
                default=dealwright.signing.envelopes.models.by_mailed_code,
            ),
        ),
        migrations.AddIndex(
            model_name="onetimecode",
            index=models.Index(
                condition=models.Q(("channel__in", ["whatsapp", "messenger"])),
                fields=["channel", "-sent_at"],
                name="one_time_code_messenger",
            ),
        ),
        migrations.AddField(
            model_name="messengersettings",
            name="updated_by",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="providerchecks",
            name="provider",
            field=models.OneToOneField(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="checks",
                to="socialaccount.socialapp",
            ),
        ),
        migrations.AddField(
            model_name="providerchecks",
            name="updated_by",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddConstraint(
            model_name="messengersettings",
            constraint=models.CheckConstraint(
                condition=models.Q(("only", True)), name="messenger_settings_one"
            ),
        ),
    ]
