"""A touch keeps which material and wording it carried, and the words it went out with that the list warns of."""

import django.db.models.deletion
from django.db import migrations, models

# The owner of the tables may not see through row-level security, so it is lifted for this statement.
_TABLES = ("sop_touch", "sop_step", "content_materialedition")
_CARRIED = """
update sop_touch t set material_id = s.material_id, wording = coalesce((
    select case when btrim(e.text) = btrim(s.text) then 'main' else (
        select v->>'key' from jsonb_array_elements(e.variants) v where btrim(v->>'text') = btrim(s.text) limit 1
    ) end
    from content_materialedition e
    where e.tenant_id = s.tenant_id and e.material_id = s.material_id and (
        btrim(e.text) = btrim(s.text) or exists (
            select 1 from jsonb_array_elements(e.variants) v where btrim(v->>'text') = btrim(s.text)
        )
    )
    order by e.number desc limit 1
), '')
from sop_step s
where s.tenant_id = t.tenant_id and s.id = t.step_id and s.material_id is not null and t.handed_at is not null;
"""
_LIFT = "".join(f"alter table {table} no force row level security;\n" for table in _TABLES)
_PUT_BACK = "".join(f"alter table {table} force row level security;\n" for table in _TABLES)


class Migration(migrations.Migration):
    dependencies = [
        ("content", "0004_library"),
        ("groups", "0013_week_exempt"),
        ("sop", "0011_triggers_and_exits"),
        ("team", "0005_blocked_end"),
        ("tenants", "0003_redaction"),
    ]

    operations = [
        migrations.AddField(
            model_name="touch",
            name="material",
            field=models.ForeignKey(
                blank=True,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to="content.material",
            ),
        ),
        migrations.AddField(
            model_name="touch", name="warned", field=models.JSONField(blank=True, default=list)
        ),
        migrations.AddField(
            model_name="touch", name="wording", field=models.CharField(blank=True, max_length=16)
        ),
        migrations.RunSQL(
            sql=_LIFT + _CARRIED + "set constraints all immediate;\n" + _PUT_BACK,
            reverse_sql=migrations.RunSQL.noop,
        ),
        migrations.AddIndex(
            model_name="touch",
            index=models.Index(
                condition=models.Q(("material__isnull", False)),
                fields=["tenant", "material", "done_at"],
                name="sop_touch_by_material",
            ),
        ),
    ]
