from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [
        ("compensation", "0007_territories"),
    ]

    operations: list = []
