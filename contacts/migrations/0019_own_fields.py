import django.db.models.deletion
from django.db import migrations, models

import tenants.clock
from tenants.rls import protect


class Migration(migrations.Migration):
    dependencies = [
        ("contacts", "0018_stage_runs"),
        ("tenants", "0002_member_suspended"),
    ]

    operations = [
        migrations.CreateModel(
            name="OwnField",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.CharField(max_length=40)),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("text", "Text"),
                            ("number", "Number"),
                            ("date", "Date"),
                            ("choice", "One of several"),
                        ],
                        max_length=8,
                    ),
                ),
                ("options", models.JSONField(default=list)),
                ("archived_at", models.DateTimeField(blank=True, null=True)),
                ("made_at", models.DateTimeField(default=tenants.clock.now)),
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
                "constraints": [
                    models.UniqueConstraint(fields=("tenant", "name"), name="contacts_own_field_once")
                ],
            },
        ),
        protect("contacts_ownfield"),
    ]
