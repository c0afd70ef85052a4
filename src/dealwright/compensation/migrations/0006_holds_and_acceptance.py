from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("compensation", "0005_accounting")]

    operations = []
