"""Customers from a file (R28): what a line adds to a person, kept with the file as its source, and taken back."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from contacts.enums import ProfileField, ProfileSource, Verdict
from contacts.errors import PersonErased
from contacts.models import Customer, ProfileFact, Sheet, SheetRow
from contacts.policies.profile import Said, settled
from contacts.selectors.personal import erased_among
from contacts.selectors.profile import words_known
from contacts.services.customers import PersonSeen, customers_ensure
from contacts.services.profile import Told, profile_told
from contacts.services.sheet_people import Judged, People, faulty
from tenants import clock
from tenants.models import Tenant
from wecom.selectors import app_current

_OWN = ("name", "phone", "unionid")


def judge(*, tenant: Tenant, sheet: Sheet, lines: Sequence[dict[str, Any]]) -> list[Judged]:
    """What each line would do now. A constant number of queries."""
    people = People(tenant.pk, lines)
    found = [people.find(told) for told in lines]
    words = words_known(tenant_id=tenant.pk, customer_ids={one.customer.pk for one in found if one.customer})
    is_connected = app_current(tenant_id=tenant.pk) is not None
    erased = erased_among(tenant_id=tenant.pk, external_userids={one.fresh for one in found})
    made = []
    for told, one in zip(lines, found, strict=True):
        if one.fault:
            made.append(one.fault)
        elif one.customer:
            made.append(_known(one.customer, told, words[one.customer.pk]))
        elif one.fresh in erased:
            made.append(faulty("external_userid", str(PersonErased.message)))
        elif is_connected:
            fields = [name for name in (*_OWN, *ProfileField.values) if name in told]
            made.append(
                Judged(Verdict.NEW, key=one.fresh, changes=[[name, None, told[name]] for name in fields])
            )
        else:
            made.append(faulty("external_userid", _("Nobody is known by this id. Connect WeCom first.")))
    return made


def _known(row: Customer, told: dict[str, Any], words: dict[str, list[Said]]) -> Judged:
    if told.get("unionid") and row.unionid and told["unionid"] != row.unionid:
        return faulty("unionid", _("This person has another union id here. Correct the line."))
    changes: list[list[Any]] = []
    if told.get("phone") and told["phone"] != row.phone:
        changes.append(["phone", row.phone or None, told["phone"]])
    # A name is what WeCom says; a file fills an empty one.
    changes += [
        [name, None, told[name]] for name in ("name", "unionid") if told.get(name) and not getattr(row, name)
    ]
    against = False
    for name in ProfileField.values:
        if name not in told:
            continue
        now = settled(words[name])
        own = [one.value for one in words[name] if one.source == ProfileSource.IMPORT]
        if told[name] in (now.value, *own):
            continue
        changes.append([name, now.value or None, told[name]])
        against = against or bool(now.holds and now.holds.source == ProfileSource.STAFF)
    verdict = Verdict.CHANGE if changes else Verdict.SAME
    message = _("Staff say otherwise: theirs holds, the file's stands beside it.") if against else ""
    return Judged(verdict, key=row.external_userid, customer_id=row.pk, message=message, changes=changes)


def write(*, tenant: Tenant, sheet: Sheet, rows: Sequence[SheetRow]) -> None:
    """Write lines that were just judged anew; what stood there before goes into each row. In a transaction."""
    fresh = [row for row in rows if row.customer_id is None]
    app = app_current(tenant_id=tenant.pk)
    if fresh and app is not None:
        seen = [PersonSeen(row.key, row.told.get("name", ""), row.told.get("unionid", "")) for row in fresh]
        ids = customers_ensure(tenant_id=tenant.pk, app_id=app.pk, people=seen, seen_at=clock.now())
        for row in fresh:
            row.customer_id = ids[row.key]
    people = Customer.objects.select_for_update(no_key=True).filter(
        tenant=tenant, pk__in={row.customer_id for row in rows}
    )
    by_id = {one.pk: one for one in people.order_by("pk")}
    facts = _facts(tenant.pk, rows)
    told = []
    for row in rows:
        person = by_id[row.customer_id or 0]
        fields = {change[0]: change[2] for change in row.changes}
        row.before = {name: getattr(person, name) for name in _OWN if name in fields}
        for name in row.before:
            setattr(person, name, fields[name])
        for name in ProfileField.values:
            if name in fields:
                old = facts.get((person.pk, name))
                row.before[name] = [old.value, old.said_at.isoformat(), old.said_by] if old else None
                told.append(Told(person.pk, name, fields[name], _said_at(sheet, old), sheet.name))
    Customer.objects.bulk_update(by_id.values(), list(_OWN))
    profile_told(tenant_id=tenant.pk, source=ProfileSource.IMPORT, told=told)


def _said_at(sheet: Sheet, old: ProfileFact | None) -> datetime:
    """The file's word is as old as its upload, but younger than the file before it."""
    return max(sheet.created_at, old.said_at) if old else sheet.created_at


def _facts(tenant_id: int, rows: Sequence[SheetRow]) -> dict[tuple[int, str], ProfileFact]:
    found = ProfileFact.objects.select_for_update(no_key=True).filter(
        tenant_id=tenant_id, source=ProfileSource.IMPORT, customer_id__in={row.customer_id for row in rows}
    )
    return {(one.customer_id, one.field): one for one in found.order_by("pk")}


def undo(*, tenant: Tenant, sheet: Sheet, rows: Sequence[SheetRow]) -> None:
    """Put back what stood there, where nobody has changed it since. People who came with the file stay."""
    people = Customer.objects.select_for_update(no_key=True).filter(
        tenant=tenant, pk__in={row.customer_id for row in rows}
    )
    by_id = {one.pk: one for one in people.order_by("pk")}
    facts = _facts(tenant.pk, rows)
    for row in rows:
        person = by_id.get(row.customer_id or 0)
        if person is None:
            continue
        fields = {change[0]: change[2] for change in row.changes}
        for name, old in row.before.items():
            if name in _OWN:
                if getattr(person, name) == fields[name]:
                    setattr(person, name, old)
                continue
            fact = facts.get((person.pk, name))
            if fact is None or (fact.value, fact.said_by) != (fields[name], sheet.name[:128]):
                continue
            if old is None:
                fact.delete()
            else:
                fact.value, fact.said_at, fact.said_by = old[0], datetime.fromisoformat(old[1]), old[2]
                fact.save(update_fields=["value", "said_at", "said_by"])
    Customer.objects.bulk_update(by_id.values(), list(_OWN))
