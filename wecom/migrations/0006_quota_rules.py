"""The mass-send limit as data: rules with the day they begin, members' own sends; how long a send is worth making."""

import django.db.models.deletion
from django.db import migrations, models

import tenants.clock
from tenants.rls import protect

# The former setting becomes a rule that always held. The owner of the tables may not see through row-level
# security, so it is lifted for these statements; checks that wait are made before the tables change again.
_TAKE_OVER = """
alter table tenants_preference no force row level security;
insert into wecom_quotarulechange (tenant_id, rule, "limit", effective_from, source, created_at)
  select tenant_id, value #>> '{}', null, '2000-01-01', 'migrated', now() from tenants_preference
  where key = 'wecom.quota_rule' and value #>> '{}' in ('month_days', '7_week', '1_day');
delete from tenants_preference where key = 'wecom.quota_rule';
set constraints all immediate;
alter table tenants_preference force row level security;
"""
_GIVE_BACK = """
alter table tenants_preference no force row level security;
insert into tenants_preference (tenant_id, key, value)
  select distinct on (tenant_id) tenant_id, 'wecom.quota_rule', to_jsonb(rule::text) from wecom_quotarulechange
  where effective_from <= current_date order by tenant_id, effective_from desc
  on conflict do nothing;
set constraints all immediate;
alter table tenants_preference force row level security;
"""


class Migration(migrations.Migration):
    dependencies = [("tenants", "0001_initial"), ("wecom", "0005_sync_position")]

    operations = [
        migrations.AddField(
            model_name="outboundsend",
            name="expires_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.CreateModel(
            name="PersonalFeed",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("read_until", models.DateTimeField(null=True)),
                ("read_at", models.DateTimeField(null=True)),
                ("next_at", models.DateTimeField(default=tenants.clock.now)),
                ("leased_until", models.DateTimeField(null=True)),
                ("error", models.TextField(blank=True)),
                ("error_code", models.IntegerField(default=0)),
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
                "indexes": [models.Index(fields=["tenant", "next_at"], name="wecom_personal_feed_due")],
                "constraints": [
                    models.UniqueConstraint(fields=("tenant", "app"), name="wecom_personal_feed_once")
                ],
            },
        ),
        migrations.CreateModel(
            name="PersonalSend",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("msgid", models.CharField(max_length=128)),
                ("chat_type", models.CharField(max_length=8)),
                ("creator", models.CharField(max_length=64)),
                ("made_at", models.DateTimeField()),
                ("tries", models.PositiveSmallIntegerField(default=0)),
                ("next_at", models.DateTimeField(null=True)),
                ("receivers", models.PositiveIntegerField(default=0)),
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
                "indexes": [
                    models.Index(
                        condition=models.Q(("next_at__isnull", False)),
                        fields=["tenant", "next_at"],
                        name="wecom_personal_send_due",
                    )
                ],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("tenant", "app", "msgid"), name="wecom_personal_send_once"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="QuotaRuleChange",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "rule",
                    models.CharField(
                        choices=[
                            ("month_days", "As many a month as it has days"),
                            ("7_week", "7 a week"),
                            ("1_day", "1 a day"),
                        ],
                        max_length=16,
                    ),
                ),
                ("limit", models.PositiveSmallIntegerField(null=True)),
                ("effective_from", models.DateField()),
                (
                    "source",
                    models.CharField(
                        choices=[
                            ("stated", "Stated by an administrator"),
                            ("migrated", "Taken over from the former setting"),
                        ],
                        max_length=16,
                    ),
                ),
                ("created_at", models.DateTimeField(default=tenants.clock.now)),
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
                    models.UniqueConstraint(fields=("tenant", "effective_from"), name="wecom_quota_rule_once")
                ],
            },
        ),
        migrations.RunSQL(sql=_TAKE_OVER, reverse_sql=_GIVE_BACK),
        protect("wecom_quotarulechange", "wecom_personalfeed", "wecom_personalsend"),
    ]
