import django.db.models.deletion
from django.db import migrations, models

import tenants.clock
from tenants.rls import protect


class Migration(migrations.Migration):
    dependencies = [
        ("contacts", "0006_channels_and_codes"),
        ("team", "0005_blocked_end"),
        ("tenants", "0002_member_suspended"),
        ("wecom", "0006_quota_rules"),
    ]

    operations = [
        migrations.CreateModel(
            name="TagPast",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "source",
                    models.CharField(
                        choices=[("wecom", "WeCom"), ("manual", "By hand"), ("rule", "By rule")], max_length=8
                    ),
                ),
                ("added_at", models.DateTimeField()),
                ("added_by", models.CharField(blank=True, max_length=128)),
                ("evidence", models.JSONField(default=dict)),
                ("ended_at", models.DateTimeField()),
                ("ended_by", models.CharField(blank=True, max_length=128)),
                (
                    "why",
                    models.CharField(
                        choices=[
                            ("hand", "Taken off by hand"),
                            ("rule", "The rule no longer holds"),
                            ("expired", "Its time was over"),
                            ("wecom", "Taken off in WeCom"),
                            ("retired", "The tag or its rule was ended"),
                        ],
                        max_length=8,
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="TagRule",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("conditions", models.JSONField(default=list)),
                ("needs_all", models.BooleanField(default=True)),
                ("keeps_days", models.PositiveSmallIntegerField(blank=True, null=True)),
                ("is_active", models.BooleanField(default=True)),
                ("version", models.PositiveIntegerField(default=1)),
                ("changed_at", models.DateTimeField(default=tenants.clock.now)),
                ("changed_by", models.CharField(blank=True, max_length=128)),
                ("due_at", models.DateTimeField(default=tenants.clock.now)),
                ("upto_id", models.BigIntegerField(default=0)),
                ("ran_at", models.DateTimeField(blank=True, null=True)),
            ],
        ),
        migrations.AddField(
            model_name="customertag",
            name="evidence",
            field=models.JSONField(default=dict),
        ),
        migrations.AddField(
            model_name="customertag",
            name="expires_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AlterField(
            model_name="tag",
            name="app",
            field=models.ForeignKey(
                blank=True,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="+",
                to="wecom.app",
            ),
        ),
        migrations.AlterField(
            model_name="tag",
            name="tag_id",
            field=models.CharField(blank=True, max_length=64),
        ),
        migrations.AlterField(
            model_name="taggroup",
            name="app",
            field=models.ForeignKey(
                blank=True,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="+",
                to="wecom.app",
            ),
        ),
        migrations.AlterField(
            model_name="taggroup",
            name="group_id",
            field=models.CharField(blank=True, max_length=64),
        ),
        migrations.AddIndex(
            model_name="customertag",
            index=models.Index(
                condition=models.Q(("expires_at__isnull", False)),
                fields=["tenant", "expires_at"],
                name="contacts_customer_tag_expiry",
            ),
        ),
        migrations.AddConstraint(
            model_name="tag",
            constraint=models.UniqueConstraint(
                condition=models.Q(("app__isnull", True), ("deleted_at__isnull", True)),
                fields=("tenant", "group", "name"),
                name="contacts_own_tag_once",
            ),
        ),
        migrations.AddConstraint(
            model_name="taggroup",
            constraint=models.UniqueConstraint(
                condition=models.Q(("app__isnull", True), ("deleted_at__isnull", True)),
                fields=("tenant", "name"),
                name="contacts_own_tag_group_once",
            ),
        ),
        migrations.AddField(
            model_name="tagpast",
            name="customer",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="+",
                to="contacts.customer",
            ),
        ),
        migrations.AddField(
            model_name="tagpast",
            name="staff",
            field=models.ForeignKey(
                blank=True,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to="team.staff",
            ),
        ),
        migrations.AddField(
            model_name="tagpast",
            name="tag",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="+",
                to="contacts.tag",
            ),
        ),
        migrations.AddField(
            model_name="tagpast",
            name="tenant",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="+",
                to="tenants.tenant",
            ),
        ),
        migrations.AddField(
            model_name="tagrule",
            name="tag",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="rules",
                to="contacts.tag",
            ),
        ),
        migrations.AddField(
            model_name="tagrule",
            name="tenant",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="+",
                to="tenants.tenant",
            ),
        ),
        migrations.AddIndex(
            model_name="tagpast",
            index=models.Index(fields=["tenant", "customer", "-ended_at"], name="contacts_tag_past_person"),
        ),
        migrations.AddIndex(
            model_name="tagrule",
            index=models.Index(
                condition=models.Q(("is_active", True)),
                fields=["tenant", "due_at"],
                name="contacts_tag_rule_due",
            ),
        ),
        migrations.AddConstraint(
            model_name="tagrule",
            constraint=models.UniqueConstraint(fields=("tenant", "tag"), name="contacts_tag_rule_once"),
        ),
        protect("contacts_tagpast", "contacts_tagrule"),
    ]
