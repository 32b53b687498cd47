"""One person's data (R39): everything handed out as one file, everything erased. `holdings` says where it lives."""

import json
from datetime import timedelta
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder
from django.db import models, transaction
from django.forms.models import model_to_dict
from django.utils.translation import gettext_lazy as _

from contacts.errors import CustomerUnknown, ErasureUnproven, ReasonMissing
from contacts.events import CustomerOptedOut
from contacts.models import Customer, Erasure, PersonalExport
from contacts.selectors.identity import person_records
from contacts.selectors.personal import ERASED, KEPT_DAYS, digest_of, erased_name
from contacts.services.holdings import Holding, holdings
from contacts.services.identity import one_at_a_time
from outbox.dispatch import enqueue
from outbox.services import publish
from tenants import audit, clock
from tenants.audit import SYSTEM, Actor
from tenants.counting import rows_counted
from tenants.enums import Permission
from tenants.models import Tenant
from tenants.redaction import audit_kinds, audit_redact, redacting
from tenants.services import require
from wecom.archive.erasing import archive_erase
from wecom.archive.selectors import messages_of_person
from wecom.archive.services import consent_record
from wecom.forgetting import person_forget

_PERSON = {
    "unionid": "", "name": "", "avatar": "", "gender": 0, "phone": "", "opt_out_reason": "", "consent": {},
}  # fmt: skip


def export_ask(*, tenant: Tenant, customer_id: int, actor: Actor) -> PersonalExport:
    """Have everything about one person put into one file. Raises CustomerUnknown, NotPermitted."""
    require(actor, Permission.EXPORT)
    require(actor, Permission.SEE_PERSONAL)
    with transaction.atomic():
        customer = Customer.objects.filter(tenant=tenant, pk=customer_id).first()
        if customer is None:
            raise CustomerUnknown
        row = PersonalExport.objects.create(
            tenant=tenant, customer=customer, asked_by=actor.name[:128], asked_at=clock.now()
        )
        audit.record(tenant=tenant, actor=actor, verb="contacts.customer.data_exported", target=customer)
        enqueue("contacts.export_person", tenant_id=tenant.pk, export_id=row.pk)
    return row


def export_make(*, tenant: Tenant, export_id: int) -> None:
    """Write the file. Safe to repeat."""
    row = PersonalExport.objects.select_related("customer").filter(tenant=tenant, pk=export_id).first()
    if row is None or row.done_at is not None:
        return
    body = json.dumps(
        person_data(tenant_id=tenant.pk, customer=row.customer),
        cls=DjangoJSONEncoder,
        ensure_ascii=False,
        indent=1,
    )
    PersonalExport.objects.filter(tenant=tenant, pk=export_id, done_at=None).update(
        body=body, done_at=clock.now()
    )


def person_data(*, tenant_id: int, customer: Customer) -> dict[str, Any]:
    """{table: [row]} of everything about one person with every record, archived messages among it. A query a table."""
    records = person_records(customer=customer)
    made: dict[str, Any] = {"contacts.Customer": [_plain(one) for one in records]}
    for one in holdings():
        if one.table == "contacts.PersonalExport":
            continue
        if rows := [_plain(row) for row in one.rows(tenant_id=tenant_id, records=records).order_by("pk")]:
            made[one.table] = rows
    names = {one.external_userid for one in records}
    said = [messages_of_person(tenant_id=tenant_id, external_userid=one) for one in sorted(names)]
    if rows := [_plain(row) for some in said for row in some]:
        made["wecom.ArchivedMessage"] = rows
    return made


def _plain(row: models.Model) -> dict[str, Any]:
    names = {one.name for one in row._meta.concrete_fields} - {"tenant"}
    told = model_to_dict(row, fields=names)
    return {name: value for name, value in told.items() if not isinstance(value, bytes | memoryview)}


def holding_counts(*, tenant_id: int, customer: Customer) -> list[tuple[Any, int, Any]]:
    """(what, rows, what erasing does) of the tables that hold something of the person. Two queries."""
    records, made = person_records(customer=customer), []
    tables = dict(enumerate(holdings()))
    rows = {
        str(key): one.rows(tenant_id=tenant_id, records=records).order_by() for key, one in tables.items()
    }
    counted = rows_counted(tenant_id=tenant_id, queries={key: one.values("pk") for key, one in rows.items()})
    for key, one in tables.items():
        number = counted[str(key)]
        does = (
            _("removed")
            if one.is_removed
            else _("emptied of the person")
            if one.clear or one.renames
            else _("kept as a number")
        )
        if number:
            made.append((one.label, number, does))
    return made


def erasure_ask(*, tenant: Tenant, customer_id: int, typed: str, reason: str, actor: Actor) -> Erasure:
    """Decide that a person is forgotten, with every record; `typed` repeats the name, or WeCom's id, as proof that it
    is meant. Returns the erasure of this record.

    Raises CustomerUnknown, ReasonMissing, ErasureUnproven, NotPermitted. Safe to repeat.
    """
    require(actor, Permission.MANAGE)
    if not reason.strip():
        raise ReasonMissing
    with transaction.atomic():
        one_at_a_time(tenant)
        customer = Customer.objects.filter(tenant=tenant, pk=customer_id).first()
        if customer is None:
            raise CustomerUnknown
        records = person_records(customer=customer)
        known = {row.customer_id: row for row in Erasure.objects.filter(tenant=tenant, customer__in=records)}
        if customer.pk in known:
            return known[customer.pk]
        if typed.strip() not in {customer.name or customer.external_userid, customer.external_userid}:
            raise ErasureUnproven
        made = [_erasure(tenant, one, reason, actor) for one in records if one.pk not in known]
    return next(row for row in made if row.customer_id == customer.pk)


def _erasure(tenant: Tenant, record: Customer, reason: str, actor: Actor) -> Erasure:
    row = Erasure.objects.create(
        tenant=tenant,
        customer=record,
        app_id=record.app_id,
        digest=digest_of(tenant_id=tenant.pk, external_userid=record.external_userid),
        reason=reason.strip()[:200],
        asked_by=actor.name[:128],
        asked_at=clock.now(),
    )
    # The audit trail is kept for ever: it names the row, not the person.
    audit.record(
        tenant=tenant, actor=actor, verb="contacts.customer.erased", target=row, reason=reason.strip()
    )
    enqueue("contacts.erase_person", tenant_id=tenant.pk, erasure_id=row.pk)
    return row


def erasure_run(*, tenant: Tenant, erasure_id: int) -> None:
    """Forget one record of a person: archived messages, then every table of the registry, last the record itself.

    Safe to repeat; cut off anywhere, the next call does the rest.
    """
    row = Erasure.objects.select_related("customer").filter(tenant=tenant, pk=erasure_id).first()
    if row is None or row.done_at is not None:
        return
    external = row.customer.external_userid
    counts: dict[str, int] = {}
    if not external.startswith(ERASED):
        consent_record(
            tenant=tenant,
            app_id=row.app_id,
            person_id=external,
            agreed=False,
            ground=str(_("Erased on request")),
            actor=SYSTEM,
        )
        counts["wecom.ArchivedMessage"] = archive_erase(
            tenant=tenant, external_userid=external, actor=SYSTEM
        ).messages
    with transaction.atomic():
        customer = Customer.objects.select_for_update().get(tenant=tenant, pk=row.customer_id)
        if not customer.external_userid.startswith(ERASED):
            counts["tenants.AuditEntry"] = _redact(tenant.pk, customer)
            counts |= person_forget(
                tenant_id=tenant.pk,
                external_userid=customer.external_userid,
                unionid=customer.unionid,
                name=erased_name(customer.pk),
            )
        for one in holdings():
            counts[one.table] = _forget(one, tenant.pk, customer)
        now = clock.now()
        gone = {"external_userid": erased_name(customer.pk), "opt_out_at": customer.opt_out_at or now}
        Customer.objects.filter(tenant=tenant, pk=customer.pk).update(**_PERSON, **gone)
        publish(
            CustomerOptedOut(tenant_id=tenant.pk, occurred_at=now, customer_id=customer.pk, opted_out=True)
        )
        Erasure.objects.filter(tenant=tenant, pk=row.pk).update(
            done_at=now, counts={k: v for k, v in counts.items() if v}
        )


def _forget(one: Holding, tenant_id: int, customer: Customer) -> int:
    rows = one.rows(tenant_id=tenant_id, records=[customer])
    if one.beside is not None:
        one.beside(tenant_id, rows)
    if one.is_removed:
        return rows.delete()[0]
    named = {column: one.renamed(column, customer) for column in one.renames}
    if not one.clear and not named:
        return 0
    with redacting():  # some of these tables are never changed otherwise
        return rows.update(**one.clear, **named)


def _redact(tenant_id: int, customer: Customer) -> int:
    """Take the person out of the audit trail. The erasure itself stays told: whose decision it was, and why."""
    kinds = audit_kinds(tenant_id=tenant_id)
    targets: dict[str, list[int]] = {"contacts.customer": [customer.pk]}
    for one in holdings():
        kind = one.table.lower()
        if kind in kinds and one.table != "contacts.Erasure":
            rows = one.rows(tenant_id=tenant_id, records=[customer])
            targets[kind] = list(rows.values_list("pk", flat=True))
    words = {customer.external_userid, customer.unionid, customer.phone}
    return audit_redact(tenant_id=tenant_id, targets=targets, words=words)


def erased_heard(*, tenant_id: int, app_id: int, external_userid: str) -> bool:
    """Whether WeCom speaks of somebody who was erased; that it did is noted, and nothing else. Safe to repeat."""
    digest = digest_of(tenant_id=tenant_id, external_userid=external_userid)
    rows = Erasure.objects.filter(tenant_id=tenant_id, app_id=app_id, digest=digest)
    return bool(rows.update(heard_at=clock.now()))


def exports_end(*, tenant_id: int) -> int:
    """Empty files that were made over a week ago. Returns how many. Safe to repeat."""
    late = clock.now() - timedelta(days=KEPT_DAYS)
    rows = PersonalExport.objects.filter(tenant_id=tenant_id, done_at__lt=late).exclude(body="")
    return rows.update(body="")
