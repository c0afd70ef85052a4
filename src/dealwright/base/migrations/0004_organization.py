import django.utils.timezone
from django.db import migrations, models

from dealwright.base.records.audit import AUDIT_FUNCTION, audit_tables


class Migration(migrations.Migration):
    dependencies = [("base", "0003_platform")]

    operations = [
        migrations.CreateModel(
            name="Organization",
            fields=[
                (
                    "id",
                    models.PositiveSmallIntegerField(
                        default=1, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("name", models.CharField(max_length=160)),
                ("currency", models.CharField(default="USD", max_length=3)),
                ("timezone", models.CharField(default="UTC", max_length=64)),
                ("language", models.CharField(default="en", max_length=12)),
                (
                    "created_at",
                    models.DateTimeField(default=django.utils.timezone.now, editable=False),
                ),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("id", 1)), name="organization_is_one"
                    )
                ],
            },
        ),
        migrations.RenameField("webhookendpoint", "position", "told_until"),
        # The function again: it now hides secrets and leaves out what changes with every use.
        migrations.RunSQL(AUDIT_FUNCTION, migrations.RunSQL.noop),
        # Who gave whom which key to the house, and where the house sends what it knows.
        audit_tables("base_invitation", "base_apitoken", "base_webhookendpoint"),
    ]
