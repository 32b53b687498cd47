"""What is learnt about a person: from staff, a form, a file, another system (R28)."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.db import connection, transaction
from django.utils.translation import gettext as _

from contacts.enums import ProfileField, ProfileSource
from contacts.errors import CustomerUnknown, ProfileInvalid, ProfileStale
from contacts.models import Customer, ProfileFact
from contacts.policies.profile import Said, is_value, stamp
from contacts.selectors import customer_ids_known
from contacts.selectors.own_fields import own_specs
from contacts.selectors.profile import ProfileRow, profile_of, source_words
from tenants import audit, clock
from tenants.audit import Actor
from tenants.enums import Permission
from tenants.models import Tenant
from tenants.services import require

# An older word of the same source never replaces a younger one: files and events may come late.
_SAY = """
insert into contacts_profilefact (tenant_id, customer_id, field, source, value, said_at, said_by)
select %s, customer_id, field, %s, value, said_at, said_by
from unnest(%s::bigint[], %s::text[], %s::text[], %s::timestamptz[], %s::text[])
  as t(customer_id, field, value, said_at, said_by)
on conflict (tenant_id, customer_id, field, source) do update
  set value = excluded.value, said_at = excluded.said_at, said_by = excluded.said_by
  where contacts_profilefact.said_at <= excluded.said_at
"""


@dataclass(frozen=True, slots=True)
class Told:
    """One answer about one person. `value` "": asked, not told. `by` names the form, file or staff member."""

    customer_id: int
    field: str
    value: str
    at: datetime
    by: str = ""


def profile_told(*, tenant_id: int, source: str, told: Iterable[Told]) -> None:
    """Keep what one source says of many people; the youngest word of each field wins. Raises ProfileInvalid.

    One transaction; safe to repeat, in any order. People of other companies are left out.
    """
    year = clock.now().year + 1  # a zone may be a year ahead
    words = sorted(told, key=lambda each: each.at)
    own = own_specs(tenant_id=tenant_id) if any(one.field not in ProfileField.values for one in words) else {}
    youngest: dict[tuple[int, str], Told] = {}
    for one in words:
        if not is_value(one.field, one.value, this_year=year, own=own):
            raise ProfileInvalid
        youngest[one.customer_id, one.field] = one
    known = customer_ids_known(tenant_id=tenant_id, customer_ids={key[0] for key in youngest})
    rows = [youngest[key] for key in sorted(youngest) if key[0] in known]
    if not rows:
        return
    columns: list[list[Any]] = [
        [one.customer_id for one in rows],
        [one.field for one in rows],
        [one.value for one in rows],
        [one.at for one in rows],
        [one.by[:128] for one in rows],
    ]
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_SAY, [tenant_id, ProfileSource(source).value, *columns])


def profile_edit(
    *,
    tenant: Tenant,
    customer_id: int,
    values: Mapping[str, str],
    actor: Actor,
    asked: Iterable[str] = (),
    shown: Mapping[str, str] | None = None,
) -> list[str]:
    """Staff settle fields by hand: {field: value}, only those they touched. Returns the fields that changed.

    An emptied field becomes unknown; one in `asked` that is unknown becomes "asked, not told". A field whose value
    already holds and is not contradicted stays as it is, with its source. `shown`: {field: policies.profile.stamp of
    what the person looked at}; a field that says something else by now is not overwritten.

    Raises CustomerUnknown, ProfileInvalid, ProfileStale, NotPermitted. Safe to repeat.
    """
    require(actor, Permission.WORK)
    now = clock.now()
    with transaction.atomic():
        customer = (
            Customer.objects.select_for_update(no_key=True).filter(tenant=tenant, pk=customer_id).first()
        )
        if customer is None:
            raise CustomerUnknown
        year = clock.local_date(now, tenant.timezone).year
        cleaned = {field: value.strip() for field, value in values.items()}
        rows = {row.field: row for row in profile_of(customer=customer, this_year=year)}
        own = (
            own_specs(tenant_id=tenant.pk, archived=False) if set(cleaned) - set(ProfileField.values) else {}
        )
        if not all(is_value(field, value, this_year=year, own=own) for field, value in cleaned.items()):
            raise ProfileInvalid
        changes = {
            field: [rows[field].settled.value or None, value or None]
            for field, value in cleaned.items()
            if value != rows[field].settled.value or rows[field].against
        }
        unknown = {
            field for field in asked if not rows[field].settled.holds and not rows[field].settled.asked
        }
        changes |= {field: [None, "–"] for field in sorted(unknown - set(changes))}
        if not changes:
            return []
        _refuse_stale([rows[field] for field in changes], shown or {}, ZoneInfo(tenant.timezone))
        for field in changes:
            ProfileFact.objects.update_or_create(
                tenant=tenant,
                customer=customer,
                field=field,
                source=ProfileSource.STAFF,
                defaults={"value": cleaned.get(field, ""), "said_at": now, "said_by": actor.name[:128]},
            )
        named = {
            field if field in ProfileField.values else rows[field].label: changes[field] for field in changes
        }
        audit.record(
            tenant=tenant, actor=actor, verb="contacts.customer.profiled", target=customer, changes=named
        )
    return sorted(changes)


def _refuse_stale(rows: Iterable[ProfileRow], shown: Mapping[str, str], zone: ZoneInfo) -> None:
    """Raises ProfileStale that names, per field, what it says now, who said it and when."""
    said = []
    for row in rows:
        if shown.get(row.field, stamp(row.settled)) == stamp(row.settled):
            continue
        words = (row.settled.holds, row.settled.asked, *row.settled.against)
        last = max((one for one in words if one), key=_when, default=None)
        told = {
            "field": row.label,
            "who": source_words(last) or "–",
            "at": f"{last.at.astimezone(zone):%Y-%m-%d %H:%M}" if last and last.at else "–",
            "value": row.words or _("Unknown"),
        }
        said.append(_("%(field)s was changed meanwhile by %(who)s at %(at)s and says: %(value)s.") % told)
    if said:
        raise ProfileStale(" ".join([*said, _("Save again to put your words in their place.")]))


def _when(said: Said) -> float:
    return said.at.timestamp() if said.at else 0.0
