"""What is known of buyers and of those who did not buy (R73): counts, and the people behind each.

The value of a field is the one that the profile shows (policies.profile.settled), of a person with all records.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection

from contacts.enums import Gender, ProfileField, ProfileSource
from contacts.policies.persona import BANDS, FIELDS, OTHER, UNKNOWN, FieldRows, band_years, field_rows


@dataclass(frozen=True)
class Among:
    """Whose persona: a statement of customer ids with its values, or everybody; and when an order counts,
    [since, until), None: always."""

    statement: str = ""
    values: tuple[tuple[str, Any], ...] = ()
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True)
class Persona:
    """Everybody asked about, the buyers among them, and each field."""

    people: int
    bought: int
    fields: tuple[FieldRows, ...]


# The records of those asked about, each with the one that stands for its person. Of a camp they are listed first, so
# that everything else is found by its index; everybody is not listed at all.
_LISTED = """
persons as materialized (
    select distinct coalesce(c.person_id, c.id) as person from contacts_customer c
    where c.tenant_id = %(tenant)s and c.id in ({among})
),
records as materialized (
    select c.id, p.person, c.gender from persons p
    join contacts_customer c on c.tenant_id = %(tenant)s and c.id = p.person
    union all
    select c.id, p.person, c.gender from persons p
    join contacts_customer c on c.tenant_id = %(tenant)s and c.person_id = p.person and c.person_id is not null
)
"""
_EVERY_RECORD = """
records as (
    select id, coalesce(person_id, id) as person, gender from contacts_customer where tenant_id = %(tenant)s
),
persons as (select id as person from contacts_customer where tenant_id = %(tenant)s and person_id is null)
"""
_AT_ONCE = "{table} {name} join records r on r.id = {name}.customer_id"
# "offset 0" keeps the look-up as it is written: a few people's rows by their index, and never the whole table.
_BY_INDEX = (
    "records r cross join lateral (select * from {table} own"
    " where own.tenant_id = %(tenant)s and own.customer_id = r.id offset 0) {name}"
)
_BUYERS = """
buyers as materialized (
    select distinct r.person from {orders}
    where o.tenant_id = %(tenant)s and o.state = 'paid'
        and (%(since)s::timestamptz is null or o.ordered_at >= %(since)s)
        and (%(until)s::timestamptz is null or o.ordered_at < %(until)s)
)
"""
# Staff who settle a field outrank what was said before; otherwise the latest word holds; "" is no word. WeCom does not
# say when it learned a gender: anybody else's word is later.
_HELD = """
told as materialized (
    select r.person, f.field, f.value, f.source, f.said_at
    from {facts}
    where f.tenant_id = %(tenant)s and f.field = any(%(fields)s)
    union all
    select r.person, %(gender)s, case r.gender when 1 then %(male)s else %(female)s end, %(wecom)s, '-infinity'
    from records r where r.gender in (1, 2) and %(gender)s = any(%(fields)s)
),
settled as (select person, field, max(said_at) as at from told where source = %(staff)s group by 1, 2),
held as materialized (
    select distinct on (t.person, t.field) t.person, t.field, t.value
    from told t left join settled s on s.person = t.person and s.field = t.field
    where t.value <> '' and (s.at is null or t.said_at > s.at or (t.source = %(staff)s and t.said_at = s.at))
    order by t.person, t.field, (t.source = %(staff)s) desc, t.said_at desc, t.source desc
)
"""
_TOTALS = "select (select count(*) from persons), (select count(*) from buyers)"
# Asked as a value, membership is looked up in a hash whatever the planner thinks of the tables' sizes.
_COUNTS = """
select field, value, count(*), count(*) filter (where person in (select person from buyers)) from held group by 1, 2
"""


def persona_of(*, tenant_id: int, among: Among, this_year: int) -> Persona:
    """Counts of each field. Two queries."""
    said = _said(tenant_id, among, FIELDS)
    with connection.cursor() as cursor:
        cursor.execute(f"with {_parts(among, _BUYERS)} {_TOTALS}", said)
        people, bought = cursor.fetchone()
        cursor.execute(f"with {_parts(among, _BUYERS, _HELD)} {_COUNTS}", said)
        rows = cursor.fetchall()
    counts: dict[str, dict[str, tuple[int, int]]] = {field: {} for field in FIELDS}
    for field, value, many, buyers in rows:
        counts[field][value] = (many, buyers)
    return Persona(
        people,
        bought,
        tuple(
            field_rows(field, counts[field], people=people, bought=bought, this_year=this_year)
            for field in FIELDS
        ),
    )


def persona_people(
    *,
    tenant_id: int,
    among: Among,
    field: str,
    key: str,
    named: Sequence[str] = (),
    bought: bool | None = None,
    this_year: int,
) -> list[int]:
    """The people of one figure, by the same statement: of a field's row, or with no `field` of everybody.

    `key` is a row's key; for OTHER, `named` are the values that stand alone. `bought`: only buyers, only the others,
    or both. One query.
    """
    said = _said(tenant_id, among, [field] if field else [])
    wanted = []
    if field:
        wanted.append(_of_key(said, field, key, named, this_year))
    if bought is not None:
        wanted.append(f"and (p.person in (select person from buyers)) is {bought}")
    parts = _parts(among, _BUYERS, *([_HELD] if field else []))
    statement = f"select p.person from persons p where true {' '.join(wanted)} order by 1"
    with connection.cursor() as cursor:
        cursor.execute(f"with {parts} {statement}", said)
        return [row[0] for row in cursor.fetchall()]


def _of_key(said: dict[str, Any], field: str, key: str, named: Sequence[str], this_year: int) -> str:
    if key == UNKNOWN:
        return "and (p.person in (select person from held)) is false"
    if key == OTHER:
        said["named"] = list(named)
        test = "value <> all(%(named)s)"
    elif field == ProfileField.BIRTH_YEAR:
        first, last = band_years(key, this_year=this_year)
        said["first"], said["last"] = first, 9999 if key == BANDS[0] else last
        test = "value::int between %(first)s and %(last)s"
    else:
        said["value"] = key
        test = "value = %(value)s"
    return f"and (p.person in (select person from held where {test})) is true"


def _parts(among: Among, *parts: str) -> str:
    first, how = (_LISTED, _BY_INDEX) if among.statement else (_EVERY_RECORD, _AT_ONCE)
    tables = {"orders": how.format(table="contacts_order", name="o"),
              "facts": how.format(table="contacts_profilefact", name="f")}  # fmt: skip
    return ", ".join([first.format(among=among.statement), *(one.format(**tables) for one in parts)])


def _said(tenant_id: int, among: Among, fields: Sequence[str]) -> dict[str, Any]:
    return {
        "tenant": tenant_id, "since": among.since, "until": among.until, "fields": [str(one) for one in fields],
        "staff": ProfileSource.STAFF.value, "gender": ProfileField.GENDER.value, "male": Gender.MALE.value,
        "female": Gender.FEMALE.value, "wecom": ProfileSource.WECOM.value, **dict(among.values),
    }  # fmt: skip
