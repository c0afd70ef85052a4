from django.db import migrations

from dealwright.base.records.audit import audit_tables


class Migration(migrations.Migration):
    dependencies = [("intelligence", "0001_initial"), ("base", "0002_audit")]

    operations = [audit_tables("intelligence_segment", "intelligence_scorecard")]
