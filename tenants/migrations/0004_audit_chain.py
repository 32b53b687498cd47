import django.db.models.deletion
from django.db import migrations, models

import tenants.clock
from tenants.rls import append_only, protect

# A seal stands beside each entry from its transaction on; what was written before gets one here, in the order of its
# ids. The worker numbers and chains them afterwards.
_AWAIT = """
create function qunce_audit_await() returns trigger language plpgsql as $f$
begin
  insert into tenants_auditseal (tenant_id, entry_id) select tenant_id, id from made order by id;
  return null;
end $f$;
create trigger tenants_auditentry_await after insert on tenants_auditentry
  referencing new table as made for each statement execute function qunce_audit_await();
"""
_AWAIT_BACK = """
drop trigger tenants_auditentry_await on tenants_auditentry;
drop function qunce_audit_await();
"""
# A seal is given once. Later only its salt may go, while a person is being erased.
_GUARD = """
create function qunce_seal_guard() returns trigger language plpgsql as $f$
begin
  if tg_op = 'UPDATE' and old.number is null and new.number is not null
    and (new.id, new.tenant_id, new.entry_id) = (old.id, old.tenant_id, old.entry_id) then
    return new;
  end if;
  if tg_op = 'UPDATE' and current_setting('qunce.redacting', true) = 'on' and new.salt is null
    and to_jsonb(new) - 'salt' = to_jsonb(old) - 'salt' then
    return new;
  end if;
  raise exception 'rows of % are never changed', tg_table_name using errcode = 'check_violation';
end $f$;
create trigger tenants_auditseal_guard before update or delete on tenants_auditseal
  for each row execute function qunce_seal_guard();
"""
_GUARD_BACK = """
drop trigger tenants_auditseal_guard on tenants_auditseal;
drop function qunce_seal_guard();
"""
_OLD = """
alter table tenants_auditentry no force row level security;
insert into tenants_auditseal (tenant_id, entry_id) select tenant_id, id from tenants_auditentry order by id;
set constraints all immediate;
alter table tenants_auditentry force row level security;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("tenants", "0003_redaction"),
    ]

    operations = [
        migrations.CreateModel(
            name="AuditCheck",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("at", models.DateTimeField(default=tenants.clock.now)),
                ("asked_by", models.CharField(blank=True, max_length=128)),
                ("entries", models.BigIntegerField()),
                ("number", models.BigIntegerField()),
                ("link", models.CharField(max_length=64)),
                (
                    "finding",
                    models.CharField(
                        choices=[
                            ("whole", "Every entry is as it was written"),
                            ("altered", "Changed after it was written, or moved to another place"),
                            ("removed", "Taken out of the trail"),
                            ("inserted", "Put in beside the chain"),
                            ("misdated", "Its time does not fit its place"),
                            ("blanked", "Its words are gone, and no erasure tells why"),
                            ("cut", "The end of the trail was cut off or written anew"),
                            ("unsealed", "Waits too long to be chained"),
                        ],
                        default="whole",
                        max_length=16,
                    ),
                ),
                ("broken_number", models.BigIntegerField(null=True)),
                ("broken_entry_id", models.BigIntegerField(null=True)),
            ],
        ),
        migrations.CreateModel(
            name="AuditSeal",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("entry_id", models.BigIntegerField()),
                ("number", models.BigIntegerField(null=True)),
                ("salt", models.BinaryField(null=True)),
                ("personal", models.BinaryField(null=True)),
                ("link", models.BinaryField(null=True)),
                ("sealed_at", models.DateTimeField(null=True)),
            ],
        ),
        migrations.AddIndex(
            model_name="auditentry",
            index=models.Index(fields=["tenant", "actor_kind", "actor_id", "-at"], name="audit_actor"),
        ),
        migrations.AddIndex(
            model_name="auditentry",
            index=models.Index(fields=["tenant", "verb", "-at"], name="audit_verb"),
        ),
        migrations.AddField(
            model_name="auditcheck",
            name="tenant",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="+",
                to="tenants.tenant",
            ),
        ),
        migrations.AddField(
            model_name="auditseal",
            name="tenant",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="+",
                to="tenants.tenant",
            ),
        ),
        migrations.AddIndex(
            model_name="auditcheck",
            index=models.Index(fields=["tenant", "-at"], name="audit_check_recent"),
        ),
        migrations.AddIndex(
            model_name="auditseal",
            index=models.Index(
                condition=models.Q(("number", None)), fields=["tenant", "entry_id"], name="audit_unsealed"
            ),
        ),
        migrations.AddConstraint(
            model_name="auditseal",
            constraint=models.UniqueConstraint(fields=("tenant", "entry_id"), name="audit_seal_once"),
        ),
        migrations.AddConstraint(
            model_name="auditseal",
            constraint=models.UniqueConstraint(fields=("tenant", "number"), name="audit_seal_number"),
        ),
        migrations.RunSQL(sql=_OLD, reverse_sql=migrations.RunSQL.noop),
        migrations.RunSQL(sql=_AWAIT, reverse_sql=_AWAIT_BACK),
        migrations.RunSQL(sql=_GUARD, reverse_sql=_GUARD_BACK),
        protect("tenants_auditseal", "tenants_auditcheck"),
        append_only("tenants_auditcheck"),
    ]
