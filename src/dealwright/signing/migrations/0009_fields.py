from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [
        ("signing", "0008_routing"),
    ]

    operations: list = []
