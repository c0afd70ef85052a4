from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("compensation", "0002_rules")]

    operations = []
