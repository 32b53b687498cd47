import django.db.models.deletion
from django.db import migrations, models

import tenants.clock
from tenants.rls import protect


class Migration(migrations.Migration):
    dependencies = [
        ("contacts", "0015_redeemed"),
        ("groups", "0010_wordings"),
        ("team", "0005_blocked_end"),
        ("tenants", "0002_member_suspended"),
    ]

    operations = [
        migrations.CreateModel(
            name="Invitation",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("invited", "Invited"),
                            ("accepted", "Accepted"),
                            ("declined", "Declined"),
                            ("admitted", "Admitted"),
                            ("withdrawn", "Withdrawn"),
                        ],
                        default="invited",
                        max_length=10,
                    ),
                ),
                ("is_super", models.BooleanField(default=False)),
                ("evidence", models.JSONField(default=dict)),
                ("mix", models.JSONField(default=dict)),
                ("reason", models.CharField(blank=True, max_length=200)),
                ("invited_at", models.DateTimeField(default=tenants.clock.now)),
                ("invited_by", models.CharField(blank=True, max_length=128)),
                ("told_at", models.DateTimeField(null=True)),
                ("answered_at", models.DateTimeField(null=True)),
                ("answer_note", models.CharField(blank=True, max_length=200)),
                ("admitted_at", models.DateTimeField(null=True)),
                ("welcomed_at", models.DateTimeField(null=True)),
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
                    "group",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="invitations",
                        to="groups.group",
                    ),
                ),
                (
                    "staff",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
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
            options={
                "indexes": [
                    models.Index(fields=["tenant", "group", "-invited_at"], name="invitation_of_group"),
                    models.Index(fields=["tenant", "customer"], name="invitation_of_customer"),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("state__in", ("invited", "accepted"))),
                        fields=("tenant", "group", "customer"),
                        name="invitation_open_once",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="NewUserGoal",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "opening",
                    models.CharField(
                        choices=[
                            ("flash_sale", "Flash sale, sold to people"),
                            ("group_buy", "Group-buy, sold to people"),
                            ("education", "Long lessons and real feedback, sold to companies"),
                        ],
                        max_length=12,
                    ),
                ),
                ("goals", models.JSONField(default=dict)),
                ("filled", models.JSONField(default=dict)),
                ("chosen_at", models.DateTimeField(default=tenants.clock.now)),
                ("chosen_by", models.CharField(blank=True, max_length=128)),
                (
                    "group",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="goals",
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
                "constraints": [
                    models.UniqueConstraint(fields=("tenant", "group"), name="new_user_goal_once")
                ],
            },
        ),
        migrations.CreateModel(
            name="ScreeningRule",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("conditions", models.JSONField(default=list)),
                ("needs_all", models.BooleanField(default=True)),
                ("words", models.TextField(max_length=500)),
                ("benefits", models.TextField(max_length=1000)),
                ("version", models.PositiveIntegerField(default=1)),
                ("changed_at", models.DateTimeField(default=tenants.clock.now)),
                ("changed_by", models.CharField(blank=True, max_length=128)),
                ("token", models.CharField(max_length=40)),
                ("published_at", models.DateTimeField(null=True)),
                (
                    "group",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="screening",
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
                "constraints": [
                    models.UniqueConstraint(fields=("tenant", "group"), name="screening_rule_once"),
                    models.UniqueConstraint(fields=("tenant", "token"), name="screening_rule_token_once"),
                ],
            },
        ),
        protect("groups_screeningrule", "groups_invitation", "groups_newusergoal"),
    ]
