"""The seal in depth: its settings, keys that are not made here, revocations, archived versions."""

import django.db.models.deletion
import django.utils.timezone
import uuid

from django.conf import settings
from django.db import migrations, models

import dealwright.base.identifiers
from dealwright.base.records.audit import append_only, audit_tables


class Migration(migrations.Migration):

    dependencies = [
        ('base', '0011_audit_by_statement'),
        ("signing", "0003_former_links"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='ArchivedVersion',
            fields=[
                ('id', models.UUIDField(default=dealwright.base.identifiers.uuid7, editable=False, primary_key=True, serialize=False)),
                ('number', models.PositiveSmallIntegerField()),
                ('sha256', models.CharField(max_length=64, unique=True)),
                ('before_sha256', models.CharField(max_length=64)),
                ('reason', models.CharField(max_length=200)),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now, editable=False)),
            ],
            options={
                'ordering': ['number'],
            },
        ),
        migrations.CreateModel(
            name='RevokedCertificate',
            fields=[
                ('id', models.UUIDField(default=dealwright.base.identifiers.uuid7, editable=False, primary_key=True, serialize=False)),
                ('serial', models.CharField(max_length=40, unique=True)),
                ('revoked_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('reason', models.CharField(blank=True, max_length=200)),
            ],
            options={
                'ordering': ['revoked_at'],
            },
        ),
        migrations.CreateModel(
            name='SealCertificate',
            fields=[
                ('id', models.UUIDField(default=dealwright.base.identifiers.uuid7, editable=False, primary_key=True, serialize=False)),
                ('kind', models.CharField(choices=[('imported', 'Imported file'), ('token', 'PKCS#11 token'), ('service', 'Signing service')], max_length=8)),
                ('certificate', models.TextField()),
                ('chain', models.TextField(blank=True)),
                ('fingerprint', models.CharField(max_length=64)),
                ('place', models.JSONField(default=dict)),
                ('secret', models.TextField(blank=True)),
                ('expires_at', models.DateTimeField()),
                ('told_days', models.PositiveSmallIntegerField(blank=True, null=True)),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ('retired_at', models.DateTimeField(blank=True, null=True)),
            ],
            options={
                'ordering': ['-created_at'],
            },
        ),
        migrations.CreateModel(
            name='SealSettings',
            fields=[
                ('id', models.UUIDField(default=uuid.UUID('00000000-0000-0000-0000-000000000001'), editable=False, primary_key=True, serialize=False)),
                ('profile', models.CharField(blank=True, max_length=8)),
                ('tsa_urls', models.TextField(blank=True)),
                ('tsa_roots', models.TextField(blank=True)),
                ('fetches_revocations', models.BooleanField(default=True)),
                ('private_hosts', models.TextField(blank=True)),
                ('weak_digests', models.CharField(blank=True, max_length=80)),
                ('own_key', models.CharField(default='p256', max_length=8)),
                ('root_told_days', models.PositiveSmallIntegerField(blank=True, null=True)),
                ('updated_at', models.DateTimeField(default=django.utils.timezone.now)),
            ],
        ),
        migrations.AddField(
            model_name='envelope',
            name='signature_level',
            field=models.CharField(choices=[('ses', 'Simple'), ('aes', 'Advanced: a certificate for each signer')], default='ses', max_length=4),
        ),
        migrations.AddField(
            model_name='envelopedocument',
            name='archive_digest',
            field=models.CharField(blank=True, max_length=12),
        ),
        migrations.AddField(
            model_name='envelopedocument',
            name='archive_due_at',
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddIndex(
            model_name='envelopedocument',
            index=models.Index(condition=models.Q(('archive_due_at__isnull', False)), fields=['archive_due_at'], name='document_archive_due'),
        ),
        migrations.AddField(
            model_name='archivedversion',
            name='document',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='archived_versions', to='signing.envelopedocument'),
        ),
        migrations.AddField(
            model_name='archivedversion',
            name='file',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='base.storedfile'),
        ),
        migrations.AddConstraint(
            model_name='sealcertificate',
            constraint=models.UniqueConstraint(fields=('kind', 'fingerprint'), name='seal_certificate_once'),
        ),
        migrations.AddField(
            model_name='sealsettings',
            name='key',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='signing.sealcertificate'),
        ),
        migrations.AddField(
            model_name='sealsettings',
            name='updated_by',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddConstraint(
            model_name='archivedversion',
            constraint=models.UniqueConstraint(fields=('document', 'number'), name='archived_version_once'),
        ),
        migrations.AddConstraint(
            model_name='sealsettings',
            constraint=models.CheckConstraint(condition=models.Q(('id', uuid.UUID('00000000-0000-0000-0000-000000000001'))), name='seal_settings_one_row'),
        ),
        append_only("signing_archivedversion", "signing_revokedcertificate"),
        audit_tables("signing_sealsettings", "signing_sealcertificate"),
    ]
