import django.contrib.postgres.fields
import django.db.models.deletion
from django.db import migrations, models

import tenants.clock
from tenants.rls import protect


class Migration(migrations.Migration):
    dependencies = [
        ("contacts", "0015_redeemed"),
        ("tenants", "0002_member_suspended"),
    ]

    operations = [
        migrations.CreateModel(
            name="TagBatch",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("is_on", models.BooleanField()),
                (
                    "person_ids",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.BigIntegerField(), default=list, size=None
                    ),
                ),
                ("total", models.PositiveIntegerField()),
                ("reason", models.CharField(max_length=200)),
                ("expires_at", models.DateTimeField(blank=True, null=True)),
                ("asked_by", models.CharField(max_length=128)),
                ("asked_at", models.DateTimeField(default=tenants.clock.now)),
                ("done", models.PositiveIntegerField(default=0)),
                ("changed", models.PositiveIntegerField(default=0)),
                ("done_at", models.DateTimeField(blank=True, null=True)),
                ("undo_by", models.CharField(blank=True, max_length=128)),
                ("undo_at", models.DateTimeField(blank=True, null=True)),
                ("undone", models.PositiveIntegerField(default=0)),
                ("undone_at", models.DateTimeField(blank=True, null=True)),
                (
                    "tag",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="contacts.tag",
                    ),
                ),
                (
                    "tenant",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="tenants.tenant",
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["tenant", "-asked_at"], name="contacts_tag_batch_recent")],
            },
        ),
        protect("contacts_tagbatch"),
    ]
