from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [
        ("signing", "0005_evidence_keeping"),
    ]

    operations: list = []
