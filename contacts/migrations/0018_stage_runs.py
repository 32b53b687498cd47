import django.db.models.deletion
from django.db import migrations, models

import tenants.clock
from tenants.rls import protect


class Migration(migrations.Migration):
    dependencies = [
        ("contacts", "0017_skus"),
        ("tenants", "0002_member_suspended"),
    ]

    operations = [
        migrations.CreateModel(
            name="StageRun",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("asked_by", models.CharField(max_length=128)),
                ("asked_at", models.DateTimeField(default=tenants.clock.now)),
                ("total", models.PositiveIntegerField()),
                ("upto_id", models.BigIntegerField(default=0)),
                ("seen", models.PositiveIntegerField(default=0)),
                ("moved", models.PositiveIntegerField(default=0)),
                ("touched_at", models.DateTimeField(default=tenants.clock.now)),
                ("done_at", models.DateTimeField(blank=True, null=True)),
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
                "indexes": [models.Index(fields=["tenant", "-asked_at"], name="contacts_stage_run_recent")],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("done_at__isnull", True)),
                        fields=("tenant",),
                        name="contacts_stage_run_alone",
                    )
                ],
            },
        ),
        protect("contacts_stagerun"),
    ]
