"""Certificates of past days, and their faults with the names people know."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext as _

from console.shell import tenant_url
from contacts.selectors import customer_names
from groups.selectors import group_list
from sop.enums import FAULT_ADVICE, FAULTS_OVER, Fault
from sop.models import Certificate, Touch
from wecom.selectors import reach_words

if TYPE_CHECKING:
    from tenants.models import Tenant

SHOWN_DAYS = 60
# A fault that is one row on one side and none on the other: (by the messages, by the gate).
_ROWS = {
    Fault.NOT_LOGGED: (1, 0),
    Fault.NOT_SENT: (0, 1),
    Fault.QUOTA_MISSING: (1, 0),
    Fault.QUOTA_SURPLUS: (0, 1),
}


def certificate_list(*, tenant: "Tenant") -> list[Certificate]:
    """The newest first, at most 60 days, without their rows."""
    return list(Certificate.objects.filter(tenant=tenant).defer("faults").order_by("-day")[:SHOWN_DAYS])


def certificate_get(*, tenant: "Tenant", certificate_id: int) -> Certificate:
    """Raises Certificate.DoesNotExist."""
    return Certificate.objects.get(tenant=tenant, pk=certificate_id)


@dataclass
class FaultRow:
    """One row that does not agree, in words: how many there should be, and were."""

    what: str
    url: str
    touch: str = ""
    touch_url: str = ""
    expected: int | None = None
    found: int | None = None


@dataclass
class FaultKind:
    """Faults of one kind with what to do. `is_over`: nothing can be mended."""

    label: str
    advice: str
    is_over: bool
    rows: list[FaultRow] = field(default_factory=list)


def faults_shown(*, tenant: "Tenant", certificate: Certificate) -> list[FaultKind]:
    """The rows of a certificate by kind. At most five queries."""
    faults = certificate.faults
    names = _Names(tenant, faults)
    kinds: dict[str, FaultKind] = {}
    for fault in faults:
        kind = Fault(fault["kind"])
        shown = kinds.setdefault(
            kind, FaultKind(str(kind.label), str(FAULT_ADVICE[kind]), kind in FAULTS_OVER)
        )
        shown.rows.append(names.row(fault))
    return list(kinds.values())


class _Names:
    """What the ids of some faults are called."""

    def __init__(self, tenant: "Tenant", faults: list[dict[str, Any]]) -> None:
        self.tenant = tenant
        ids = {name: {one[name] for one in faults if name in one} for name in ("customer", "group", "touch")}
        chats = {one["receiver"] for one in faults if "receiver" in one}
        self.people = customer_names(tenant_id=tenant.pk, customer_ids=ids["customer"])
        groups = group_list(tenant_id=tenant.pk)
        self.groups = {one.pk: str(one) for one in groups.filter(pk__in=ids["group"])} if ids["group"] else {}
        self.chats = {one.chat_id: one for one in groups.filter(chat_id__in=chats)} if chats else {}
        rows = Touch.objects.filter(tenant=tenant, pk__in=ids["touch"]).select_related("step", "run")
        self.sends = reach_words(tenant_id=tenant.pk, keys={one["send"] for one in faults if "send" in one})
        self.touches = {one.pk: f"{one.step.title} · {one.run.name}" for one in rows}

    def row(self, fault: dict[str, Any]) -> FaultRow:
        what, url = self._what(fault)
        row = FaultRow(what=what, url=url, expected=fault.get("expected"), found=fault.get("found"))
        if fault["kind"] in _ROWS:
            row.expected, row.found = _ROWS[Fault(fault["kind"])]
        if "touch" in fault:
            row.touch = self.touches.get(fault["touch"], f"#{fault['touch']}")
            row.touch_url = tenant_url(self.tenant, "sop:touch", pk=fault["touch"])
        elif "send" in fault:
            row.touch = self.sends.get(fault["send"], "")
        return row

    def _what(self, fault: dict[str, Any]) -> tuple[str, str]:
        if "customer" in fault:
            name = self.people.get(fault["customer"]) or _("Unnamed, no. %(id)s") % {"id": fault["customer"]}
            return name, tenant_url(self.tenant, "contacts:detail", pk=fault["customer"])
        if "group" in fault:
            name = self.groups.get(fault["group"], f"#{fault['group']}")
            return name, tenant_url(self.tenant, "groups:detail", pk=fault["group"])
        group = self.chats.get(fault["receiver"])
        if group is not None:
            return str(group), tenant_url(self.tenant, "groups:detail", pk=group.pk)
        return fault["receiver"], ""
