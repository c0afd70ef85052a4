from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [
        ("compensation", "0006_holds_and_acceptance"),
    ]

    operations: list = []
