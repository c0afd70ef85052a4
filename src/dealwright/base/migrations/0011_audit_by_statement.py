from django.db import migrations

from dealwright.base.records.audit import (
    AUDIT_BY_ROW,
    AUDIT_BY_STATEMENT,
    AUDIT_INSERTS_FUNCTION,
)


class Migration(migrations.Migration):
    """New rows are audited once a statement; the tables of a new database are so from 0002 on."""

    dependencies = [
        ("base", "0010_answer_etag"),
    ]

    operations = [
        migrations.RunSQL(AUDIT_INSERTS_FUNCTION, migrations.RunSQL.noop),
        migrations.RunSQL(AUDIT_BY_STATEMENT, AUDIT_BY_ROW),
    ]
