"""What reached people with several records is counted for the person, not for each record."""

from django.db import migrations

# The owner of the tables may not see through row-level security, so it is lifted for these statements.
_TABLES = ("contacts_customer", "contacts_exposure", "contacts_exposureday", "contacts_exposureweek")
_MERGED = """
select tenant_id, id from contacts_customer where person_id is not null
union select tenant_id, person_id from contacts_customer where person_id is not null
"""
_COUNT = f"""
delete from contacts_exposureday d using ({_MERGED}) m where m.tenant_id = d.tenant_id and m.id = d.customer_id;
delete from contacts_exposureweek w using ({_MERGED}) m where m.tenant_id = w.tenant_id and m.id = w.customer_id;
insert into contacts_exposureday (tenant_id, customer_id, local_date, count)
  select tenant_id, person, local_date, count(distinct touch_key) from (
    select e.tenant_id, coalesce(c.person_id, c.id) as person, e.local_date, e.touch_key
    from contacts_exposure e
    join ({_MERGED}) m on m.tenant_id = e.tenant_id and m.id = e.customer_id
    join contacts_customer c on c.tenant_id = e.tenant_id and c.id = e.customer_id
    where e.capped group by e.customer_id, 1, 2, 3, 4 having sum(e.weight) > 0
  ) standing group by tenant_id, person, local_date;
insert into contacts_exposureweek (tenant_id, customer_id, starts_on, count)
  select d.tenant_id, d.customer_id, date_trunc('week', d.local_date)::date, sum(d.count)
  from contacts_exposureday d join ({_MERGED}) m on m.tenant_id = d.tenant_id and m.id = d.customer_id
  group by 1, 2, 3;
"""
_LIFT = "".join(f"alter table {table} no force row level security;\n" for table in _TABLES)
_PUT_BACK = "".join(f"alter table {table} force row level security;\n" for table in _TABLES)


class Migration(migrations.Migration):
    dependencies = [("contacts", "0019_own_fields")]

    operations = [
        migrations.RunSQL(
            sql=_LIFT + _COUNT + "set constraints all immediate;\n" + _PUT_BACK,
            reverse_sql=migrations.RunSQL.noop,
        ),
    ]
