from django.db import migrations

from dealwright.base.records.audit import (
    AUDIT_FUNCTION,
    AUDIT_INSERTS_FUNCTION,
    REFUSE_FUNCTION,
    append_only,
    audit_tables,
)


class Migration(migrations.Migration):
    dependencies = [("base", "0001_initial")]

    operations = [
        migrations.RunSQL(AUDIT_FUNCTION, "drop function if exists dealwright_audit"),
        migrations.RunSQL(
            AUDIT_INSERTS_FUNCTION,
            "drop function if exists dealwright_audit_inserts;"
            " drop function if exists dealwright_without_secrets",
        ),
        migrations.RunSQL(REFUSE_FUNCTION, "drop function if exists dealwright_refuse_change"),
        append_only("base_auditevent"),
        audit_tables("base_user", "base_role", "base_team", "base_sharingrule", "base_customfield"),
    ]
