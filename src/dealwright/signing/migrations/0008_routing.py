"""Routing in depth: groups, conditions, witnesses, hosts, delegation, schedules of reminders."""

import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models
from django.db.models import F, Q

import dealwright.base.identifiers
from dealwright.base.records.audit import audit_tables


def key() -> models.UUIDField:
    return models.UUIDField(
        default=dealwright.base.identifiers.uuid7, editable=False, primary_key=True, serialize=False
    )


def moment() -> models.DateTimeField:
    return models.DateTimeField(blank=True, null=True)


def made() -> models.DateTimeField:
    return models.DateTimeField(default=django.utils.timezone.now, editable=False)


def days() -> models.PositiveSmallIntegerField:
    return models.PositiveSmallIntegerField(blank=True, null=True)


def to_user(name: str = "+", on_delete=django.db.models.deletion.CASCADE) -> models.ForeignKey:
    return models.ForeignKey(
        blank=True,
        null=True,
        on_delete=on_delete,
        related_name=name,
        to=settings.AUTH_USER_MODEL,
    )


def kept(to: str, name: str) -> models.ForeignKey:
    return models.ForeignKey(
        blank=True,
        null=True,
        on_delete=django.db.models.deletion.PROTECT,
        related_name=name,
        to=to,
    )


class Migration(migrations.Migration):
    dependencies = [
        ("signing", "0007_identity"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            "SigningGroup",
            [
                ("id", key()),
                ("name", models.CharField(max_length=80, unique=True)),
                ("created_at", made()),
                ("retired_at", moment()),
            ],
            {"ordering": ["name"]},
        ),
        migrations.CreateModel(
            "SigningGroupMember",
            [
                ("id", key()),
                (
                    "group",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="members",
                        to="signing.signinggroup",
                    ),
                ),
                ("user", to_user()),
                ("name", models.CharField(blank=True, max_length=160)),
                ("email", models.EmailField(blank=True, max_length=254)),
            ],
            {
                "ordering": ["id"],
                "constraints": [
                    models.CheckConstraint(
                        condition=Q(user__isnull=False) ^ ~Q(email=""),
                        name="member_is_user_or_address",
                    ),
                    models.UniqueConstraint(
                        fields=["group", "user"],
                        name="signing_group_user_once",
                        condition=Q(user__isnull=False),
                    ),
                    models.UniqueConstraint(
                        fields=["group", "email"],
                        name="signing_group_email_once",
                        condition=~Q(email=""),
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            "Delegation",
            [
                ("id", key()),
                ("user", to_user("delegations")),
                ("email", models.EmailField(max_length=254)),
                ("to_name", models.CharField(max_length=160)),
                ("to_email", models.EmailField(max_length=254)),
                ("starts_on", models.DateField()),
                ("ends_on", models.DateField()),
                ("reason", models.CharField(blank=True, max_length=200)),
                ("created_by", to_user(on_delete=django.db.models.deletion.SET_NULL)),
                ("created_at", made()),
                ("ended_at", moment()),
            ],
            {
                "ordering": ["-starts_on"],
                "indexes": [
                    models.Index(
                        fields=["email", "starts_on"],
                        name="delegation_in_force",
                        condition=Q(ended_at__isnull=True),
                    )
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=Q(ends_on__gte=F("starts_on")), name="delegation_ends_after_start"
                    ),
                    models.CheckConstraint(
                        condition=~Q(email=F("to_email")), name="delegation_to_somebody_else"
                    ),
                ],
            },
        ),
        migrations.AddField("envelope", "remind_first_days", days()),
        migrations.AddField("envelope", "remind_most", days()),
        migrations.AddField(
            "envelope", "reminders_sent", models.PositiveSmallIntegerField(default=0)
        ),
        migrations.AddField("envelope", "warn_days", days()),
        migrations.AddField("envelope", "warn_at", moment()),
        migrations.AddField("envelope", "may_reassign", models.BooleanField(default=True)),
        migrations.AddIndex(
            "envelope",
            models.Index(
                fields=["warn_at"], name="envelope_warning_due", condition=Q(warn_at__isnull=False)
            ),
        ),
        migrations.AlterField("recipient", "email", models.EmailField(blank=True, max_length=254)),
        migrations.AddField("recipient", "condition", models.CharField(blank=True, max_length=500)),
        migrations.AddField("recipient", "group", kept("signing.signinggroup", "+")),
        migrations.AddField("recipient", "member_of", kept("signing.recipient", "members")),
        migrations.AddField("recipient", "named_by", kept("signing.recipient", "names")),
        migrations.AddField("recipient", "witness_of", kept("signing.recipient", "witnesses")),
        migrations.AddField(
            "recipient", "host", to_user(on_delete=django.db.models.deletion.PROTECT)
        ),
        migrations.AddField("recipient", "hosted_at", moment()),
        audit_tables("signing_signinggroup", "signing_signinggroupmember", "signing_delegation"),
    ]
