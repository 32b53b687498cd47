import django.db.models.deletion
from django.db import migrations, models

import tenants.clock
from tenants.rls import protect


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("tenants", "0001_initial"),
        ("wecom", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="Staff",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("userid", models.CharField(max_length=64)),
                ("name", models.CharField(blank=True, max_length=64)),
                ("department_ids", models.JSONField(default=list)),
                ("is_active", models.BooleanField(default=True)),
                ("can_contact", models.BooleanField(default=False)),
                ("created_at", models.DateTimeField(default=tenants.clock.now)),
                ("synced_at", models.DateTimeField(blank=True, null=True)),
                (
                    "app",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="wecom.app",
                    ),
                ),
                (
                    "membership",
                    models.ForeignKey(
                        blank=True,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to="tenants.membership",
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
        ),
        migrations.CreateModel(
            name="WorkItem",
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
                            ("sop_task", "SOP task"),
                            ("lead", "Lead"),
                            ("question", "Question"),
                            ("new_members", "New members"),
                            ("alert", "Alert"),
                            ("check", "Check"),
                        ],
                        max_length=16,
                    ),
                ),
                (
                    "bucket",
                    models.CharField(
                        choices=[("must", "Must do"), ("remind", "Reminder"), ("suggest", "Suggestion")],
                        default="must",
                        max_length=8,
                    ),
                ),
                ("tier", models.CharField(blank=True, max_length=2)),
                ("title", models.CharField(max_length=160)),
                ("detail", models.TextField(blank=True)),
                ("script", models.TextField(blank=True)),
                ("reason", models.CharField(blank=True, max_length=240)),
                ("rule_code", models.CharField(blank=True, max_length=24)),
                ("due_at", models.DateTimeField(blank=True, null=True)),
                ("window_ends_at", models.DateTimeField(blank=True, null=True)),
                ("url", models.CharField(blank=True, max_length=300)),
                ("phone_url", models.CharField(blank=True, max_length=300)),
                ("verb_label", models.CharField(blank=True, max_length=40)),
                ("source_kind", models.CharField(max_length=40)),
                ("source_id", models.BigIntegerField()),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("open", "Open"),
                            ("done", "Done"),
                            ("snoozed", "Snoozed"),
                            ("cancelled", "Cancelled"),
                            ("missed", "Missed"),
                            ("blocked", "Blocked by a rule"),
                        ],
                        default="open",
                        max_length=10,
                    ),
                ),
                ("snoozed_until", models.DateTimeField(blank=True, null=True)),
                ("created_at", models.DateTimeField(default=tenants.clock.now)),
                ("done_at", models.DateTimeField(blank=True, null=True)),
                ("done_by", models.CharField(blank=True, max_length=128)),
                (
                    "staff",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="team.staff",
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
        ),
        migrations.CreateModel(
            name="Department",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("dept_id", models.BigIntegerField()),
                ("parent_id", models.BigIntegerField(default=0)),
                ("name", models.CharField(max_length=128)),
                (
                    "app",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="wecom.app",
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
                "constraints": [
                    models.UniqueConstraint(fields=("tenant", "app", "dept_id"), name="team_department_once")
                ],
            },
        ),
        migrations.AddIndex(
            model_name="staff",
            index=models.Index(fields=["tenant", "userid"], name="team_staff_userid"),
        ),
        migrations.AddIndex(
            model_name="staff",
            index=models.Index(
                condition=models.Q(("membership__isnull", False)),
                fields=["tenant", "membership"],
                name="team_staff_member",
            ),
        ),
        migrations.AddConstraint(
            model_name="staff",
            constraint=models.UniqueConstraint(fields=("tenant", "app", "userid"), name="team_staff_once"),
        ),
        migrations.AddIndex(
            model_name="workitem",
            index=models.Index(fields=["tenant", "staff", "state", "due_at"], name="team_work_item_of_staff"),
        ),
        migrations.AddIndex(
            model_name="workitem",
            index=models.Index(
                condition=models.Q(("state__in", ["open", "snoozed"])),
                fields=["tenant", "window_ends_at"],
                name="team_work_item_expiring",
            ),
        ),
        migrations.AddIndex(
            model_name="workitem",
            index=models.Index(fields=["tenant", "staff", "-done_at"], name="team_work_item_done"),
        ),
        migrations.AddConstraint(
            model_name="workitem",
            constraint=models.UniqueConstraint(
                fields=("tenant", "source_kind", "source_id"), name="team_work_item_source_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="workitem",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state", "snoozed"), _negated=True),
                    ("snoozed_until__isnull", False),
                    _connector="OR",
                ),
                name="team_work_item_snooze_ends",
            ),
        ),
        protect(
            "team_department",
            "team_staff",
            "team_workitem",
        ),
    ]
