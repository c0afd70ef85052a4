from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [
        ("signing", "0009_fields"),
    ]

    operations: list = []
