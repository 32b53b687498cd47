import django.db.models.deletion
from django.db import migrations, models

import tenants.clock
from tenants.rls import protect


class Migration(migrations.Migration):
    dependencies = [("contacts", "0026_channel_places"), ("tenants", "0002_member_suspended")]

    operations = [
        migrations.CreateModel(
            name="StageSetting",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("stage", models.PositiveSmallIntegerField()),
                ("name", models.CharField(blank=True, max_length=40)),
                ("state", models.CharField(blank=True, max_length=200)),
                ("need", models.CharField(blank=True, max_length=200)),
                ("action", models.CharField(blank=True, max_length=200)),
                ("content", models.CharField(blank=True, max_length=200)),
                ("counts", models.JSONField(blank=True, null=True)),
                ("any_of", models.BooleanField(default=False)),
                ("changed_at", models.DateTimeField(default=tenants.clock.now)),
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
                    models.UniqueConstraint(fields=("tenant", "stage"), name="contacts_stage_setting_once")
                ],
            },
        ),
        protect("contacts_stagesetting"),
    ]
