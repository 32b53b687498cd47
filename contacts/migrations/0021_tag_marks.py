import django.db.models.deletion
from django.db import migrations, models

import tenants.clock
from tenants.rls import protect


class Migration(migrations.Migration):
    dependencies = [
        ("contacts", "0020_person_counts"),
        ("team", "0005_blocked_end"),
        ("tenants", "0002_member_suspended"),
    ]

    operations = [
        migrations.CreateModel(
            name="TagMark",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("is_on", models.BooleanField()),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("waiting", "On its way to WeCom"),
                            ("done", "Written to WeCom"),
                            ("failed", "Refused by WeCom"),
                        ],
                        default="done",
                        max_length=8,
                    ),
                ),
                ("is_sending", models.BooleanField(default=False)),
                ("attempt", models.PositiveIntegerField(default=0)),
                ("asked_by", models.CharField(blank=True, max_length=128)),
                ("asked_at", models.DateTimeField(default=tenants.clock.now)),
                ("finished_at", models.DateTimeField(blank=True, null=True)),
                ("error", models.CharField(blank=True, max_length=500)),
                ("error_code", models.IntegerField(default=0)),
                (
                    "batch",
                    models.ForeignKey(
                        blank=True,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to="contacts.tagbatch",
                    ),
                ),
                (
                    "customer",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="contacts.customer",
                    ),
                ),
                (
                    "staff",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="team.staff",
                    ),
                ),
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
                "indexes": [
                    models.Index(
                        condition=models.Q(("batch__isnull", False)),
                        fields=["tenant", "batch", "status"],
                        name="contacts_tag_mark_batch",
                    ),
                    models.Index(
                        condition=models.Q(("is_sending", True)),
                        fields=["tenant", "id"],
                        name="contacts_tag_mark_line",
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("tenant", "customer", "tag", "staff"), name="contacts_tag_mark_once"
                    )
                ],
            },
        ),
        protect("contacts_tagmark"),
    ]
