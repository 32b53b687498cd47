"""What sop hands over when a colleague leaves or moves (R125)."""

from contextlib import suppress

from django.db.models import QuerySet
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from sop.enums import EventState, TouchState
from sop.errors import CannotTake
from sop.models import PushSlot, Topic, TopicOpener, Touch, ValueEvent
from sop.services.reassign import touches_reassign
from team.services.handover import Move, Part, renamed

_WAITING = (TouchState.PLANNED, TouchState.HANDED)


def _touches(*, tenant_id: int, staff_id: int) -> QuerySet:
    """What WeCom has not got yet: a mass send that waits in somebody's WeCom cannot change hands."""
    rows = Touch.objects.filter(tenant_id=tenant_id, staff_id=staff_id, state__in=_WAITING, send_id=None)
    return rows.select_related("step", "group", "run").order_by("planned_at", "pk")


def _move_touches(one: Move) -> int:
    """With their tasks, as far as the receiver can take them; the rest of the plan in name: what the receiver cannot
    send when its time comes stands on Today with the rule."""
    rows = _touches(tenant_id=one.tenant.pk, staff_id=one.giver.pk)
    ids = list(rows.values_list("pk", flat=True))
    if ids:
        with suppress(CannotTake):
            touches_reassign(
                tenant=one.tenant,
                touch_ids=ids,
                staff_id=one.taker.pk,
                reason=one.reason or "-",
                actor=one.actor,
            )
    rest = list(_touches(tenant_id=one.tenant.pk, staff_id=one.giver.pk).values_list("pk", flat=True))
    Touch.objects.filter(tenant=one.tenant, pk__in=rest).update(staff=one.taker)
    return len(ids)


def _topics(*, tenant_id: int, staff_id: int) -> QuerySet:
    return Topic.objects.filter(tenant_id=tenant_id, opener_id=staff_id).order_by("pk")


def _openers(*, tenant_id: int, staff_id: int) -> QuerySet:
    return TopicOpener.objects.filter(tenant_id=tenant_id, staff_id=staff_id).order_by("pk")


def _move_opener(one: Move) -> int:
    """An account is a person's: the receiver has one already, or gets this one's duties."""
    rows = _openers(tenant_id=one.tenant.pk, staff_id=one.giver.pk)
    if TopicOpener.objects.filter(tenant=one.tenant, staff=one.taker).exists():
        return int(rows.delete()[0])
    return int(TopicOpener.objects.filter(tenant=one.tenant, staff=one.giver).update(staff=one.taker))


def _slots(*, tenant_id: int, staff_id: int) -> QuerySet:
    return PushSlot.objects.filter(tenant_id=tenant_id, staff_id=staff_id).order_by("pk")


def _events(*, tenant_id: int, staff_id: int) -> QuerySet:
    return ValueEvent.objects.filter(tenant_id=tenant_id, staff_id=staff_id, state=EventState.OPEN).order_by(
        "pk"
    )


PARTS = [
    Part("touches", _("Planned messages and SOP tasks"), _touches, _move_touches, order=40,
         url=lambda tenant, staff: reverse("sop:touches", kwargs={"tenant_slug": tenant.slug}) + f"?staff={staff.pk}",
         line=lambda row: (str(row.step), f"{row.group or ''} {row.planned_at:%Y-%m-%d %H:%M}")),
    Part("slots", _("Slots of weekly tables"), _slots, renamed(_slots, "staff"), order=42),
    Part("topics", _("Topics they open"), _topics, renamed(_topics, "opener"), order=43),
    Part("openers", _("Account that opens talks"), _openers, _move_opener, order=44),
    Part("events", _("Value events they hold"), _events, renamed(_events, "staff"), order=45),
]  # fmt: skip
