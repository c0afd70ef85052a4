from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("base", "0007_undo_steps")]

    operations = [
        # The form Django's database cache expects; unlogged, since a crash may forget it.
        migrations.RunSQL(
            [
                "create unlogged table base_cache (cache_key varchar(255) primary key, "
                "value text not null, expires timestamptz not null)",
                "create index base_cache_expires on base_cache (expires)",
            ],
            "drop table if exists base_cache",
        ),
    ]
