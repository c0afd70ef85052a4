from django.db import migrations

from dealwright.base.records.audit import audit_tables


class Migration(migrations.Migration):
    dependencies = [("acceleration", "0001_initial"), ("base", "0002_audit")]

    operations = [
        audit_tables(
            "acceleration_sequence",
            "acceleration_sequencestep",
            "acceleration_enrollment",
            "acceleration_play",
        ),
    ]
