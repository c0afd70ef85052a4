from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("compensation", "0004_simulation")]

    operations = []
