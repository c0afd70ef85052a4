from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [
        ("signing", "0004_seals"),
    ]

    operations: list = []
