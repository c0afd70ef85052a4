from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [
        ("signing", "0007_identity"),
    ]

    operations: list = []
