"""Give groups to another owner: WeCom moves them while the present one stays, twice in 90 days at most."""

import hashlib
import secrets
from collections import Counter
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import TYPE_CHECKING

from django.db import transaction
from django.urls import reverse

from groups.enums import TRANSFERS_A_DAY
from groups.errors import OwnerInvalid, ReasonNeeded
from groups.models import Group
from groups.policies.owner_days import spread
from team.enums import Bucket, WorkKind, WorkState
from team.selectors import staff_by_id, staff_contactable
from team.services import work_item_put, work_items_close
from team.services.handover import leavers_settle
from tenants import audit, clock, preferences
from tenants.audit import Actor
from tenants.enums import Permission
from tenants.models import Tenant
from tenants.services import require
from tenants.words import say
from wecom.enums import SendKind, SendState
from wecom.events import SendFinished
from wecom.selectors import send_get, send_known, sends_since
from wecom.services import SendDraft, send_queue_many

if TYPE_CHECKING:
    from team.models import Staff

REF_KIND = "groups.owner"
CHATS_A_CALL = 100
MORNING = time(8, 0)
ASKED_OF_WECOM = "groups.group.owner_asked"


@dataclass(frozen=True)
class OwnerAsked:
    """Groups that WeCom is asked to move, and those it cannot: not there yet, dissolved, of another app, or hers."""

    moving: list[Group]
    staying: list[Group]


def groups_set_owner(
    *, tenant: Tenant, group_ids: list[int], staff_id: int, reason: str, actor: Actor
) -> OwnerAsked:
    """Ask WeCom to give the groups to an active colleague. The owner changes here when WeCom says so.

    Calls of 100 groups through the outbound queue (PROTOCOL 3.5, on-job transfer). Not safe to repeat: each
    call asks again, though a group that is hers already is left out. Raises ReasonNeeded, OwnerInvalid.
    """
    require(actor, Permission.OPERATE)
    if not reason.strip():
        raise ReasonNeeded
    staff = next((one for one in staff_contactable(tenant_id=tenant.pk) if one.pk == staff_id), None)
    if staff is None:
        raise OwnerInvalid
    with transaction.atomic():
        rows = list(
            Group.objects.select_for_update(of=("self",))
            .filter(tenant=tenant, pk__in=sorted(set(group_ids)))
            .order_by("pk")
        )
        moving = [group for group in rows if _can_move(group, staff)]
        _tell_trail(tenant, moving, staff, reason, actor)
        _queue(tenant, moving, staff, token=secrets.token_hex(8))
    return OwnerAsked(moving, [group for group in rows if group not in moving])


def groups_move(
    *, tenant: Tenant, group_ids: list[int], staff: "Staff", reason: str, actor: Actor, is_resigned: bool
) -> OwnerAsked:
    """Ask WeCom to give groups to a colleague who takes over, in the caller's transaction; `is_resigned`: the owner
    left the company. Safe to repeat: the same groups to the same colleague are asked for once a day."""
    rows = list(
        Group.objects.select_for_update(of=("self",)).filter(tenant=tenant, pk__in=group_ids).order_by("pk")
    )
    moving = [group for group in rows if _can_move(group, staff)]
    told = hashlib.sha256("/".join(group.chat_id or "" for group in moving).encode()).hexdigest()[:16]
    day = clock.local_date(clock.now(), tenant.timezone)
    token = f"handover:{staff.pk}:{told}:{day}"
    if not moving or send_known(tenant_id=tenant.pk, key=f"owner:{token}:0"):
        return OwnerAsked([], rows)
    _tell_trail(tenant, moving, staff, reason, actor)
    _queue(tenant, moving, staff, token=token, is_resigned=is_resigned)
    return OwnerAsked(moving, [group for group in rows if group not in moving])


def _tell_trail(tenant: Tenant, moving: list[Group], staff: "Staff", reason: str, actor: Actor) -> None:
    audit.record_many(
        tenant=tenant, actor=actor, verb=ASKED_OF_WECOM, targets=moving, reason=reason.strip(),
        changes={group.pk: {"owner": [group.owner_userid, staff.userid]} for group in moving},
    )  # fmt: skip


def _can_move(group: Group, staff: "Staff") -> bool:
    is_there = bool(group.chat_id) and group.dismissed_at is None and group.app_id == staff.app_id
    return is_there and group.owner_userid != staff.userid


def _queue(
    tenant: Tenant, groups: list[Group], staff: "Staff", *, token: str, is_resigned: bool = False
) -> None:
    chats, at = [group.chat_id for group in groups], 0
    left = {"is_resigned": True} if is_resigned else {}
    drafts = []
    for when, count in _when(tenant, staff, len(chats)):
        drafts.append(
            SendDraft(
                kind=SendKind.TRANSFER_GROUPS, key=f"owner:{token}:{at}", ref_kind=REF_KIND, ref_id=staff.pk,
                payload={"chat_ids": chats[at : at + count], "new_owner": staff.userid, **left},
                app_id=staff.app_id, not_before=when,
            )
        )  # fmt: skip
        at += count
    send_queue_many(tenant=tenant, sends=drafts)


def _when(tenant: Tenant, staff: "Staff", count: int) -> list[tuple[datetime | None, int]]:
    """(not before, how many groups) of each call: what is more than WeCom takes a day waits for a morning."""
    now, zone = clock.now(), tenant.timezone
    today = clock.local_date(now, zone)
    taken = Counter[date]()
    for went_at, payload in sends_since(
        tenant_id=tenant.pk, kind=SendKind.TRANSFER_GROUPS, ref_kind=REF_KIND, ref_id=staff.pk,
        since=clock.day_bounds(today, zone)[0],
    ):  # fmt: skip
        taken[clock.local_date(went_at, zone)] += len(payload.get("chat_ids", []))
    calls = spread(
        count=count, taken=taken, today=today, most=preferences.value(tenant.pk, TRANSFERS_A_DAY),
        per_call=CHATS_A_CALL,
    )  # fmt: skip
    return [(None if day == today else clock.at_local(day, MORNING, zone), n) for day, n in calls]


def owner_settle(*, tenant_id: int, event: SendFinished) -> None:
    """What WeCom did: each group it did not move becomes an item for its owner. Safe to repeat."""
    payload = send_get(tenant_id=tenant_id, send_id=event.send_id).payload
    chats = [str(one) for one in payload.get("chat_ids", [])]
    refused = set(event.fail_list) if event.state == SendState.DONE else set(chats)
    rows = list(Group.objects.filter(tenant_id=tenant_id, chat_id__in=chats).select_related("tenant"))
    moved = [group.pk for group in rows if group.chat_id not in refused]
    work_items_close(tenant_id=tenant_id, source_kind=REF_KIND, source_ids=moved)
    staff = staff_by_id(tenant_id=tenant_id, staff_ids=[event.ref_id]).get(event.ref_id)
    for group in rows:
        if group.chat_id in refused:
            _tell(
                group,
                str(staff or payload.get("new_owner", "")),
                is_unknown=event.state == SendState.UNKNOWN,
            )


def owner_seen(*, group: Group) -> None:
    """WeCom shows another owner: what was asked of the one before is done. In the caller's transaction; repeatable."""
    leavers_settle(tenant_id=group.tenant_id)
    work_items_close(
        tenant_id=group.tenant_id, source_kind=REF_KIND, source_ids=[group.pk], state=WorkState.DONE
    )


def _tell(group: Group, new_owner: str, *, is_unknown: bool) -> None:
    work_item_put(
        tenant_id=group.tenant_id, source_kind=REF_KIND, source_id=group.pk, staff_id=group.owner_id,
        group_id=group.pk, kind=WorkKind.ALERT, bucket=Bucket.REMIND,
        title=say("“%(group)s” still has its owner") % {"group": group},
        detail=say("Change the owner in WeCom: group, group management, transfer the group to %(who)s.")
        % {"who": new_owner},
        reason=say("Nobody can tell whether WeCom moved it.") if is_unknown
        else say("WeCom did not move it. Each group can be moved twice in 90 days."),
        starts_at=clock.now(), verb_label=say("See the group"),
        url=reverse("groups:detail", kwargs={"tenant_slug": group.tenant.slug, "pk": group.pk}),
    )  # fmt: skip
