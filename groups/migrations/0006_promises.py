import django.db.models.deletion
from django.db import migrations, models

import tenants.clock
from tenants.rls import protect


class Migration(migrations.Migration):
    dependencies = [
        ("groups", "0005_constitution"),
        ("tenants", "0002_member_suspended"),
    ]

    operations = [
        migrations.CreateModel(
            name="Promise",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("text", models.CharField(max_length=200)),
                ("due_at", models.DateTimeField()),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("open", "Open promise"),
                            ("kept", "Kept"),
                            ("broken", "Broken"),
                            ("withdrawn", "Withdrawn"),
                        ],
                        default="open",
                        max_length=10,
                    ),
                ),
                ("beneficiary_count", models.PositiveIntegerField(default=0)),
                ("evidence", models.TextField(blank=True, max_length=1000)),
                ("evidence_url", models.CharField(blank=True, max_length=500)),
                ("reason", models.CharField(blank=True, max_length=200)),
                ("closed_at", models.DateTimeField(null=True)),
                ("closed_by", models.CharField(blank=True, max_length=128)),
                ("from_gate", models.BooleanField(default=False)),
                ("added_at", models.DateTimeField(default=tenants.clock.now)),
                ("added_by", models.CharField(blank=True, max_length=128)),
                ("told_at", models.DateTimeField(null=True)),
                ("judged_at", models.DateTimeField(null=True)),
                (
                    "group",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="promises",
                        to="groups.group",
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
                "indexes": [
                    models.Index(fields=["tenant", "group", "due_at"], name="promise_of_group"),
                    models.Index(
                        condition=models.Q(("state", "open")),
                        fields=["tenant", "due_at"],
                        name="promise_open_due",
                    ),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("state", "open"), ("closed_at__isnull", False), _connector="OR"),
                        name="promise_closed_at_known",
                    )
                ],
            },
        ),
        protect("groups_promise"),
    ]
