"""Tell a group's owner in time that a code runs out of seats; the Today list carries it."""

from collections.abc import Iterable

from django.urls import reverse

from groups.models import Group, JoinWay
from groups.policies.codes import next_room_name
from groups.selectors.codes import Filling, fillings
from team.enums import Bucket, WorkKind, WorkState
from team.services import work_item_close, work_item_put
from tenants import clock
from tenants.models import Tenant
from tenants.words import say

SOURCE = "groups.join_way"


def way_alert_close(*, tenant_id: int, way_id: int) -> None:
    """Nobody needs to act on this code any more. Safe to repeat."""
    work_item_close(tenant_id=tenant_id, source_kind=SOURCE, source_id=way_id, state=WorkState.CANCELLED)


def way_alerts_bring_up(*, tenant: Tenant, way_ids: Iterable[int]) -> int:
    """Put or take back the alert of each code. In the caller's transaction. Returns how many ask for somebody.

    Safe to repeat: a code has one item, and one that was done stays done until the rule that asked changes.
    """
    ways = list(
        JoinWay.objects.filter(tenant=tenant, pk__in=list(way_ids)).select_related("channel").order_by("pk")
    )
    seen = fillings(tenant_id=tenant.pk, ways=ways)
    asking = 0
    for way in ways:
        filling = seen[way.pk]
        if not filling.alert or way.ended_at is not None:
            if way.alerted:
                way_alert_close(tenant_id=tenant.pk, way_id=way.pk)
                JoinWay.objects.filter(pk=way.pk, tenant=tenant).update(alerted="")
            continue
        asking += 1
        if way.alerted != filling.alert:
            _put(tenant, way, filling)
            JoinWay.objects.filter(pk=way.pk, tenant=tenant).update(alerted=filling.alert)
    return asking


def _put(tenant: Tenant, way: JoinWay, filling: Filling) -> None:
    last: Group | None = next((row.group for row in reversed(filling.rows) if row.group), None)
    group = filling.now.group if filling.now and filling.now.group else last
    left, hours = filling.seen.left, filling.seen.hours
    said = {
        "CODE-10": say("No seat is left."),
        "CODE-11": say("%(n)s seats are left.") % {"n": left},
        "CODE-12": say("Full in about %(h)s hours at the pace of the last days.") % {"h": round(hours or 0)},
    }[filling.alert]
    if way.auto_create_room:
        name = next_room_name(way.room_base_name, way.room_base_id)
        advice = say("WeCom opens “%(name)s” by itself: prepare its announcement and welcome.") % {
            "name": name
        }
    else:
        advice = say("Open the next group in WeCom and add it to the code, or people meet a closed door.")
    url = reverse("groups:code", kwargs={"tenant_slug": tenant.slug, "pk": way.pk})
    work_item_put(
        tenant_id=tenant.pk,
        source_kind=SOURCE,
        source_id=way.pk,
        staff_id=group.owner_id if group else None,
        group_id=group.pk if group else None,
        kind=WorkKind.ALERT,
        bucket=Bucket.REMIND if way.auto_create_room else Bucket.MUST,
        title=say("The group code “%(name)s” runs out of seats") % {"name": way.name},
        detail=advice,
        reason=said,
        rule_code=filling.alert,
        starts_at=clock.now(),
        url=url,
        verb_label=say("See the code"),
    )
