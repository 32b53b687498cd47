"""One person left out of touches that were handed over and have not reached that person yet."""

from collections import defaultdict
from collections.abc import Collection
from datetime import datetime
from typing import TYPE_CHECKING

from contacts.selectors import customer_list
from contacts.services.touch import gate_release
from sop.enums import GROUP_CHANNELS, REF, RecipientState, TaskState, TouchState
from sop.models import SendTask, Touch, TouchRecipient
from sop.services.planning import touches_take_back
from sop.services.results import cancel_at_vendor
from sop.services.state import send_key, touches_store
from tenants import clock
from wecom.services import quota_return, send_amend, send_copy

if TYPE_CHECKING:
    from django.db.models import QuerySet

    from tenants.models import Tenant

_LATE = "left_out_late"  # in a touch's evidence: WeCom was being asked while somebody was left out


def people_drop(
    *, tenant: "Tenant", touches: "QuerySet[Touch]", customer_ids: Collection[int], rule: str, reason: str
) -> int:
    """Take people out of private touches of a query that wait for a staff member or for WeCom.

    What is queued for WeCom goes to the others; a task that WeCom already has is taken back there and made anew for
    them; a touch that is left with nobody ends by the rule. In the caller's transaction. Returns how many places.
    Safe to repeat.
    """
    waiting = (
        touches.filter(state__in=[TouchState.HANDED, TouchState.PARKED])
        .exclude(channel__in=GROUP_CHANNELS)
        .filter(recipients__customer__in=list(customer_ids), recipients__state=RecipientState.PLANNED)
    )
    rows = list(
        Touch.objects.select_for_update(of=("self",))
        .filter(tenant=tenant, pk__in=waiting.values("pk"))
        .order_by("pk")
    )
    if not rows:
        return 0
    now, gone = clock.now(), _mark(tenant, rows, customer_ids, rule)
    for touch in rows:
        if gone[touch.pk] and touch.state == TouchState.HANDED:
            _lessen(tenant, touch, gone[touch.pk], rule, reason, now)
    return sum(len(some) for some in gone.values())


def _mark(
    tenant: "Tenant", rows: list[Touch], customer_ids: Collection[int], rule: str
) -> dict[int, list[int]]:
    """{touch: people whose row now says the rule}."""
    places = TouchRecipient.objects.select_for_update(of=("self",)).filter(
        tenant=tenant,
        touch__in=[row.pk for row in rows],
        customer__in=list(customer_ids),
        state=RecipientState.PLANNED,
    )
    gone: dict[int, list[int]] = defaultdict(list)
    for place in places.order_by("pk"):
        gone[place.touch_id].append(place.customer_id)
    TouchRecipient.objects.filter(
        tenant=tenant, touch__in=list(gone), customer__in=list(customer_ids), state=RecipientState.PLANNED
    ).update(state=RecipientState.BLOCKED, rule_code=rule, at=clock.now())
    return gone


def _lessen(tenant: "Tenant", touch: Touch, gone: list[int], rule: str, reason: str, now: datetime) -> None:
    left = list(
        TouchRecipient.objects.filter(tenant=tenant, touch=touch, state=RecipientState.PLANNED).values_list(
            "customer_id", flat=True
        )
    )
    touch.recipients_count, touch.blocked_count = len(left), touch.blocked_count + len(gone)
    if not left:
        Touch.objects.filter(tenant=tenant, pk=touch.pk).update(
            recipients_count=0, blocked_count=touch.blocked_count
        )
        touches_take_back(
            tenant=tenant,
            touches=Touch.objects.filter(tenant=tenant, pk=touch.pk),
            to=TouchState.BLOCKED,
            rule=rule,
            reason=reason,
        )
        return
    gate_release(tenant_id=tenant.pk, keys=[f"{REF}:{touch.pk}"], now=now, customer_ids=gone)
    if touch.send_id is not None:
        people = customer_list(tenant_id=tenant.pk).filter(pk__in=gone).order_by()
        quota_return(
            tenant_id=tenant.pk,
            vendor_msgids=[f"{REF}:{touch.pk}"],
            receiver_ids=list(people.values_list("external_userid", flat=True)),
        )
        _send_to(tenant, touch, left)
    touches_store([touch])


def send_lessen(*, tenant: "Tenant", touch_id: int) -> None:
    """WeCom has just taken a mass send: made anew there when somebody was left out while it was on its way.

    In the caller's transaction. Safe to repeat.
    """
    touch = (
        Touch.objects.select_for_update(of=("self",))
        .filter(tenant=tenant, pk=touch_id, state=TouchState.HANDED, evidence__has_key=_LATE)
        .first()
    )
    if touch is None or not touch.evidence.get("msgid"):
        return
    touch.evidence = {name: value for name, value in touch.evidence.items() if name != _LATE}
    waiting = TouchRecipient.objects.filter(tenant=tenant, touch=touch, state=RecipientState.PLANNED)
    _send_to(tenant, touch, list(waiting.values_list("customer_id", flat=True)))
    touches_store([touch])


def _send_to(tenant: "Tenant", touch: Touch, left: list[int]) -> None:
    """A mass send still waits in our queue, is on its way this moment, or is a task in WeCom that nobody confirmed."""
    assert touch.send_id is not None
    people = customer_list(tenant_id=tenant.pk).filter(pk__in=left).order_by("pk")
    changes = {"external_userids": list(people.values_list("external_userid", flat=True))}
    if send_amend(tenant_id=tenant.pk, send_id=touch.send_id, changes=changes):
        return
    msgid = touch.evidence.get("msgid")
    if not msgid:
        touch.evidence = {**touch.evidence, _LATE: True}  # `send_lessen` finds its task
        return
    SendTask.objects.filter(tenant=tenant, send_id=touch.send_id, state=TaskState.WAITING).update(
        state=TaskState.CANCELLED
    )
    cancel_at_vendor(tenant_id=tenant.pk, send_id=touch.send_id, msgid=msgid)
    kept = {name: value for name, value in touch.evidence.items() if name != "msgid"}
    touch.evidence = {**kept, "sends": touch.evidence.get("sends", 1) + 1}
    made = send_copy(tenant_id=tenant.pk, send_id=touch.send_id, key=send_key(touch), changes=changes)
    touch.send_id = made.pk
