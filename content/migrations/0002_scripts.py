"""Agreed answers that staff send from the sidebar, and the questions that lack one."""

import django.db.models.deletion
from django.db import migrations, models

import tenants.clock
from tenants.rls import protect


class Migration(migrations.Migration):
    dependencies = [
        ("content", "0001_initial"),
        ("tenants", "0002_member_suspended"),
    ]

    operations = [
        migrations.CreateModel(
            name="Script",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("product", "Product questions"),
                            ("offer", "Offers"),
                            ("after_sales", "After sales"),
                            ("doubt", "Doubts"),
                            ("opening", "Opening a talk"),
                            ("other", "Other"),
                        ],
                        max_length=16,
                    ),
                ),
                ("title", models.CharField(max_length=120)),
                ("keywords", models.CharField(blank=True, max_length=200)),
                ("text", models.TextField()),
                ("uses", models.PositiveIntegerField(default=0)),
                ("used_at", models.DateTimeField(blank=True, null=True)),
                ("created_at", models.DateTimeField(default=tenants.clock.now)),
                ("changed_at", models.DateTimeField(default=tenants.clock.now)),
                ("changed_by", models.CharField(blank=True, max_length=128)),
                ("archived_at", models.DateTimeField(blank=True, null=True)),
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
                        condition=models.Q(("archived_at__isnull", True)),
                        fields=["tenant", "-uses"],
                        name="content_script_by_use",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="ScriptMiss",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("words", models.CharField(max_length=120)),
                ("times", models.PositiveIntegerField(default=1)),
                ("asked_at", models.DateTimeField(default=tenants.clock.now)),
                ("asked_by", models.CharField(blank=True, max_length=128)),
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
                    models.UniqueConstraint(fields=("tenant", "words"), name="content_script_miss_once")
                ],
            },
        ),
        protect("content_script", "content_scriptmiss"),
    ]
