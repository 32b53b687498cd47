import django.db.models.deletion
from django.db import migrations, models

from tenants.rls import protect


class Migration(migrations.Migration):
    dependencies = [
        ("tenants", "0001_initial"),
        ("wecom", "0004_archive"),
    ]

    operations = [
        migrations.AddField(
            model_name="syncstate", name="lost_now", field=models.PositiveIntegerField(default=0)
        ),
        migrations.AddField(model_name="syncstate", name="position", field=models.JSONField(default=dict)),
        migrations.AddField(
            model_name="syncstate", name="doing", field=models.CharField(blank=True, max_length=160)
        ),
        migrations.AddField(
            model_name="syncstate", name="claim", field=models.CharField(blank=True, max_length=32)
        ),
        migrations.AddField(model_name="syncstate", name="stretch_at", field=models.DateTimeField(null=True)),
        migrations.AddField(
            model_name="syncstate", name="stretch_from", field=models.PositiveIntegerField(default=0)
        ),
        migrations.AddField(model_name="syncstate", name="step_at", field=models.DateTimeField(null=True)),
        migrations.CreateModel(
            name="LostChange",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("what", models.CharField(max_length=24)),
                ("subject_id", models.CharField(max_length=64)),
                ("title", models.CharField(blank=True, max_length=128)),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("made", "Group made"),
                            ("members", "Members came or left"),
                            ("about", "Name, announcement or owner"),
                            ("dissolved", "Group dissolved"),
                            ("tie", "Friendship with a staff member"),
                            ("standing", "Staff came, left or changed rights"),
                            ("tags", "Corp tags"),
                        ],
                        max_length=16,
                    ),
                ),
                ("count", models.PositiveIntegerField(default=1)),
                ("found_at", models.DateTimeField()),
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
                "indexes": [
                    models.Index(fields=["tenant", "-found_at", "-id"], name="wecom_lost_recent"),
                    models.Index(fields=["tenant", "what", "subject_id"], name="wecom_lost_subject"),
                ],
            },
        ),
        protect("wecom_lostchange"),
    ]
