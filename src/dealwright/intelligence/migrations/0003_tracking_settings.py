"""The settings of tracking."""

import uuid

from django.db import migrations, models

from dealwright.base.records.audit import audit_tables


class Migration(migrations.Migration):
    dependencies = [
        ("intelligence", "0002_audit"),
    ]

    operations = [
        migrations.CreateModel(
            name="TrackingSettings",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=uuid.UUID("00000000-0000-0000-0000-000000000001"),
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("is_on", models.BooleanField(default=True)),
                ("question", models.TextField(blank=True)),
                ("sites", models.TextField(blank=True)),
                ("keep_days", models.PositiveIntegerField(default=390)),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("id", uuid.UUID("00000000-0000-0000-0000-000000000001"))
                        ),
                        name="tracking_settings_is_one",
                    )
                ],
            },
        ),
        audit_tables("intelligence_trackingsettings"),
    ]
