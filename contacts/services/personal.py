"""Where the data of one person lives: the registry; everything handed out as one file; everything erased (R39).

Each app says of its own tables how one row is reached from a customer and what of it names the person. The row
stays, without the person, so that figures stay true; only what is nothing but the person's own words goes whole.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from django.apps import apps
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models, transaction
from django.db.models import QuerySet
from django.forms.models import model_to_dict
from django.utils.translation import gettext_lazy as _

from contacts.errors import CustomerUnknown, ErasureUnproven, ReasonMissing
from contacts.models import Customer, Erasure, PersonalExport
from contacts.selectors.personal import KEPT_DAYS, digest_of
from outbox.dispatch import enqueue
from tenants import audit, clock
from tenants.audit import SYSTEM, Actor
from tenants.enums import Permission
from tenants.models import Tenant
from tenants.services import require
from wecom.archive.erasing import archive_erase
from wecom.archive.selectors import messages_of_person
from wecom.archive.services import consent_record

ERASED = "erased-"
Rows = Callable[[int, Customer], Mapping[str, Any]]


@dataclass(frozen=True)
class Holding:
    """One table that holds something about one person; `label` says it to people.

    `path` leads from a row to the customer ("lead__customer"), or `where(tenant_id, customer)` gives the filter.
    Erasing sets `clear` ({column: value}), or removes the rows with `is_removed`. Without either only the numbers
    stay, as they name nobody.
    """

    table: str
    label: Any
    path: str = "customer"
    clear: Mapping[str, Any] = field(default_factory=dict)
    is_removed: bool = False
    where: Rows | None = None

    def rows(self, *, tenant_id: int, customer: Customer) -> QuerySet:
        """The rows about this person."""
        model: Any = apps.get_model(self.table)
        found = self.where(tenant_id, customer) if self.where else {self.path: customer}
        return model.objects.filter(tenant_id=tenant_id, **found)


_holdings: dict[str, Holding] = {}


def register_holding(*holdings: Holding) -> None:
    """Say where data of one person lives. A table counts once; the last word holds."""
    for one in holdings:
        _holdings[one.table] = one


def holdings() -> list[Holding]:
    """Every table that holds something about one person, by name."""
    return [_holdings[name] for name in sorted(_holdings)]


def _mentions(tenant_id: int, customer: Customer) -> Mapping[str, Any]:
    return {"url__contains": f"/customers/{customer.pk}/"}


register_holding(
    Holding("contacts.Follow", _("Ties to staff"), clear={"remark": "", "description": ""}),
    Holding(
        "contacts.Behaviour", _("What the person did"), clear={"external_userid": "", "text": "", "data": {}}
    ),
    Holding("contacts.Order", _("Orders")),
    Holding("contacts.ProfileFact", _("Answers in the profile"), is_removed=True),
    Holding("contacts.SheetRow", _("Lines of imported files"), is_removed=True),
    Holding("contacts.StageMove", _("Moves between trust stages"), clear={"reason": "", "evidence": {}}),
    Holding("contacts.CustomerTag", _("Tags"), clear={"evidence": {}}),
    Holding("contacts.TagPast", _("Earlier tags"), clear={"evidence": {}}),
    Holding("contacts.SurveyLink", _("Forms sent")),
    Holding("contacts.SurveyAnswer", _("Forms answered"), path="link__customer", clear={"answers": []}),
    Holding("contacts.Obstacle", _("Obstacles"), clear={"text": "", "solution": ""}),
    Holding("contacts.WayInSet", _("Ways in set by hand"), clear={"reason": ""}),
    Holding("contacts.IdentityMove", _("Records joined as one person"), clear={"evidence": {}, "reason": ""}),
    Holding("contacts.Exposure", _("Messages received")),
    Holding("contacts.ExposureDay", _("Messages received, by day")),
    Holding("contacts.ExposureWeek", _("Messages received, by week")),
    Holding("contacts.PersonalExport", _("Files of personal data"), is_removed=True),
    Holding("contacts.Erasure", _("Erasures")),
    Holding("team.WorkItem", _("Tasks of staff"), where=_mentions, is_removed=True),
)
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
    """{table: [row]} of everything about one person, archived messages among it. A query a table."""
    made: dict[str, Any] = {"contacts.Customer": [_plain(customer)]}
    for one in holdings():
        if one.table == "contacts.PersonalExport":
            continue
        if rows := [_plain(row) for row in one.rows(tenant_id=tenant_id, customer=customer).order_by("pk")]:
            made[one.table] = rows
    said = messages_of_person(tenant_id=tenant_id, external_userid=customer.external_userid)
    if rows := [_plain(row) for row in said]:
        made["wecom.ArchivedMessage"] = rows
    return made


def _plain(row: models.Model) -> dict[str, Any]:
    names = {one.name for one in row._meta.concrete_fields} - {"tenant"}
    told = model_to_dict(row, fields=names)
    return {name: value for name, value in told.items() if not isinstance(value, bytes | memoryview)}


def holding_counts(*, tenant_id: int, customer: Customer) -> list[tuple[Any, int, Any]]:
    """(what, rows, what erasing does) of the tables that hold something. A query a table."""
    made = []
    for one in holdings():
        number = one.rows(tenant_id=tenant_id, customer=customer).count()
        does = (
            _("removed")
            if one.is_removed
            else _("emptied of the person")
            if one.clear
            else _("kept as a number")
        )
        if number:
            made.append((one.label, number, does))
    return made


def erasure_ask(*, tenant: Tenant, customer_id: int, typed: str, reason: str, actor: Actor) -> Erasure:
    """Decide that a person is forgotten; `typed` repeats the name, or WeCom's id, as proof that it is meant.

    Raises CustomerUnknown, ReasonMissing, ErasureUnproven, NotPermitted. Safe to repeat.
    """
    require(actor, Permission.MANAGE)
    if not reason.strip():
        raise ReasonMissing
    with transaction.atomic():
        customer = Customer.objects.select_for_update().filter(tenant=tenant, pk=customer_id).first()
        if customer is None:
            raise CustomerUnknown
        known = Erasure.objects.filter(tenant=tenant, customer=customer).first()
        if known is not None:
            return known
        if typed.strip() not in {customer.name or customer.external_userid, customer.external_userid}:
            raise ErasureUnproven
        row = Erasure.objects.create(
            tenant=tenant,
            customer=customer,
            app_id=customer.app_id,
            digest=digest_of(tenant_id=tenant.pk, external_userid=customer.external_userid),
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
    """Forget a person: archived messages, then every table of the registry, last the person's own row.

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
        for one in holdings():
            counts[one.table] = _forget(one, tenant.pk, customer)
        now = clock.now()
        gone = {"external_userid": f"{ERASED}{customer.pk}", "opt_out_at": customer.opt_out_at or now}
        Customer.objects.filter(tenant=tenant, pk=customer.pk).update(**_PERSON, **gone)
        Erasure.objects.filter(tenant=tenant, pk=row.pk).update(
            done_at=now, counts={k: v for k, v in counts.items() if v}
        )


def _forget(one: Holding, tenant_id: int, customer: Customer) -> int:
    rows = one.rows(tenant_id=tenant_id, customer=customer)
    if one.is_removed:
        return rows.delete()[0]
    return rows.update(**one.clear) if one.clear else 0


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
