from django.db import migrations, models

from tenants.rls import redactable

# An update passes only while a person is being erased, and only where it touches nothing but the columns that the
# trigger of the table names: who did what, to which row and when, cannot be changed by it.
_REFUSE = """
create or replace function qunce_refuse_change() returns trigger language plpgsql as $f$
begin
  if tg_op = 'UPDATE' and tg_nargs > 0 and current_setting('qunce.redacting', true) = 'on'
    and to_jsonb(new) - tg_argv = to_jsonb(old) - tg_argv then
    return new;
  end if;
  raise exception 'rows of % are never changed', tg_table_name using errcode = 'check_violation';
end $f$;
"""
_BEFORE = """
create or replace function qunce_refuse_change() returns trigger language plpgsql as $f$
begin
  raise exception 'rows of % are never changed', tg_table_name using errcode = 'check_violation';
end $f$;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("tenants", "0002_member_suspended"),
    ]

    operations = [
        migrations.AddField(
            model_name="auditentry",
            name="redacted_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.RunSQL(sql=_REFUSE, reverse_sql=_BEFORE),
        redactable("tenants_auditentry", "target_name", "changes", "reason", "redacted_at"),
    ]
