"""How long envelopes are kept, legal holds, and that a purge may destroy what else must stay."""

import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models
from django.db.models import Q

import dealwright.base.identifiers
from dealwright.base.records.audit import audit_tables

# What was sent or signed stays as it is, but for a purge, which says so in its transaction.
TABLES = {
    "signing_envelopedocument": "signing_keep_documents",
    "signing_envelopefield": "signing_keep_values",
    "signing_adoptedsignature": "signing_keep_values",
}
BUT_FOR_PURGES = " ".join(
    f"drop trigger {name} on {table}; "
    f"create trigger {name} before update or delete on {table} for each row "
    "when (coalesce(current_setting('dealwright.purging', true), '') <> 'on') "
    f"execute function {name}();"
    for table, name in TABLES.items()
)
ALWAYS = " ".join(
    f"drop trigger {name} on {table}; "
    f"create trigger {name} before update or delete on {table} for each row "
    f"execute function {name}();"
    for table, name in TABLES.items()
)


def key() -> models.UUIDField:
    return models.UUIDField(
        default=dealwright.base.identifiers.uuid7,
        editable=False,
        primary_key=True,
        serialize=False,
    )


def person(on_delete) -> models.ForeignKey:
    return models.ForeignKey(
        blank=True,
        null=True,
        on_delete=on_delete,
        related_name="+",
        to=settings.AUTH_USER_MODEL,
    )


def now() -> models.DateTimeField:
    return models.DateTimeField(default=django.utils.timezone.now, editable=False)


class Migration(migrations.Migration):
    dependencies = [
        ("signing", "0004_seals"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations: list = [
        migrations.CreateModel(
            name="RetentionPolicy",
            fields=[
                ("id", key()),
                ("name", models.CharField(max_length=120, unique=True)),
                ("subject_object", models.CharField(blank=True, max_length=40)),
                ("words", models.CharField(blank=True, max_length=120)),
                ("keep_days", models.PositiveIntegerField()),
                ("created_at", now()),
            ],
            options={
                "ordering": ["name"],
                "constraints": [
                    models.CheckConstraint(
                        condition=Q(keep_days__gt=0), name="retention_of_a_day_or_more"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="LegalHold",
            fields=[
                ("id", key()),
                ("reason", models.CharField(max_length=500)),
                ("placed_at", now()),
                ("released_at", models.DateTimeField(blank=True, null=True)),
                (
                    "envelope",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="holds",
                        to="signing.envelope",
                    ),
                ),
                ("placed_by", person(django.db.models.deletion.PROTECT)),
                ("released_by", person(django.db.models.deletion.PROTECT)),
            ],
            options={
                "ordering": ["placed_at"],
                "indexes": [
                    models.Index(
                        condition=Q(released_at__isnull=True),
                        fields=["envelope"],
                        name="legal_hold_standing",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="RetentionRun",
            fields=[
                ("id", key()),
                ("started_at", now()),
                ("purged", models.JSONField(default=list)),
                ("left", models.JSONField(default=dict)),
                ("started_by", person(django.db.models.deletion.SET_NULL)),
            ],
            options={"ordering": ["-id"]},
        ),
        migrations.RunSQL(BUT_FOR_PURGES, ALWAYS),
        audit_tables("signing_retentionpolicy", "signing_legalhold", "signing_retentionrun"),
    ]
