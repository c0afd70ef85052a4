"""Redlines of the sender."""

import dealwright.base.identifiers
import django.db.models.deletion
from dealwright.base.records.audit import audit_tables
from django.conf import settings
from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    dependencies = [
        ("signing", "0013_payments"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Redline",
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
                    "kind",
                    models.CharField(
                        choices=[
                            ("strike", "Strike out"),
                            ("insertion", "Insert"),
                            ("replacement", "Replace"),
                        ],
                        max_length=12,
                    ),
                ),
                ("page", models.PositiveSmallIntegerField()),
                ("boxes", models.JSONField()),
                ("struck", models.TextField(blank=True)),
                ("beside", models.CharField(blank=True, max_length=200)),
                (
                    "side",
                    models.CharField(
                        choices=[("after", "After"), ("before", "Before")],
                        default="after",
                        max_length=6,
                    ),
                ),
                ("inserted", models.CharField(blank=True, max_length=500)),
                ("place", models.JSONField(blank=True, null=True)),
                ("size", models.FloatField(default=0)),
                ("away", models.BooleanField(default=False)),
                ("note", models.CharField(blank=True, max_length=200)),
                ("is_picture", models.BooleanField(default=False)),
                ("author_name", models.CharField(max_length=160)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("fixed_at", models.DateTimeField(blank=True, null=True)),
                (
                    "author",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "document",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="redlines",
                        to="signing.envelopedocument",
                    ),
                ),
            ],
            options={"ordering": ["document__position", "page", "created_at"]},
        ),
        migrations.AddConstraint(
            model_name="redline",
            constraint=models.CheckConstraint(
                condition=Q(kind="strike", inserted="", place__isnull=True)
                | Q(kind__in=["insertion", "replacement"], place__isnull=False),
                name="redline_inserts_what_it_says",
            ),
        ),
        audit_tables("signing_redline"),
    ]
