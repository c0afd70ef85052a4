from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [
        ("signing", "0006_envelopes"),
    ]

    operations: list = []
