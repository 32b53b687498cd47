"""Group codes (群活码): made, changed and removed at WeCom through the outbound queue; filled group after group."""

from collections.abc import Iterable
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from contacts.selectors.channels import channel_list
from groups.enums import CODE_SEATS
from groups.errors import CodeBusy, CodeInvalid
from groups.models import Group, JoinWay, JoinWayRoom
from groups.policies import codes
from groups.selectors.codes import as_rooms, code_state, rooms_of
from groups.services.code_alerts import way_alert_close
from groups.services.code_wishes import Wish as Wish
from groups.services.code_wishes import wish_checked, wish_keeps_apart, wish_seat, wish_take
from outbox.dispatch import enqueue
from tenants import audit, clock, preferences
from tenants.audit import Actor
from tenants.enums import Permission
from tenants.models import Tenant
from tenants.services import require
from wecom.enums import KeptState, SendState
from wecom.errors import Permanent
from wecom.events import SendFinished
from wecom.gateway.client import client_for
from wecom.keeping import kept
from wecom.keeping.kept_calls import GONE_CODES
from wecom.keeping.kept_rules import GROUPS_PER_CODE, REMARK_CHARS
from wecom.selectors import app_needed, send_get

REF_KIND = "groups.join_way"
READ_TASK = "groups.read_join_way"
READ_AGAIN_S = 30


def _rows(row: JoinWay) -> list[JoinWayRoom]:
    return rooms_of(tenant_id=row.tenant_id, way_ids=[row.pk])[row.pk]


def _fields(row: JoinWay) -> dict[str, Any]:
    auto: dict[str, Any] = {}
    if row.auto_create_room:
        auto = {"room_base_name": row.room_base_name or None, "room_base_id": row.room_base_id}
    return {
        "scene": 2,
        "remark": row.name[:REMARK_CHARS],
        "auto_create_room": int(row.auto_create_room),
        **{name: value for name, value in auto.items() if value},
        "chat_id_list": codes.chat_ids_open(as_rooms(_rows(row))),
        "state": row.state,
    }


def _extra(row: JoinWay) -> dict[str, Any]:
    """Every group we know of this code: what WeCom has beyond them it opened by itself."""
    known = JoinWayRoom.objects.filter(tenant_id=row.tenant_id, join_way=row)
    return {"known": sorted(known.values_list("chat_id", flat=True))}


KIND = kept.KeptKind(
    ref_kind=REF_KIND, id_field="config_id", make="add_join_way", change="update_join_way", remove="del_join_way",
    fields=_fields, extra=_extra,
)  # fmt: skip


def join_way_create(*, tenant: Tenant, channel_id: int, wish: Wish, actor: Actor) -> JoinWay:
    """Have WeCom make a group code; it comes back by the queue. Not safe to repeat: each is another code.

    Raises CodeInvalid, NotConnected, NotPermitted.
    """
    require(actor, Permission.OPERATE)
    app = app_needed(tenant_id=tenant.pk)
    channel = channel_list(tenant_id=tenant.pk).filter(pk=channel_id).first()
    if channel is None:
        raise CodeInvalid(_("Choose a channel that is in use."))
    groups = wish_checked(tenant, app.pk, wish)
    wish_keeps_apart(channel, groups, wish)
    with transaction.atomic():
        row = JoinWay(tenant=tenant, app=app, channel_id=channel_id, created_by=actor.name[:128])
        wish_take(row, wish)
        row.save()
        row.state = code_state(channel_id, row.pk)
        wish_seat(row, groups, wish)
        kept.push(KIND, row)
        audit.record(
            tenant=tenant, actor=actor, verb="groups.code.added", target=row,
            changes={"groups": [None, len(groups)], "auto_create_room": [None, row.auto_create_room]},
            reason=row.mix_reason,
        )  # fmt: skip
    return row


def join_way_change(*, tenant: Tenant, way_id: int, wish: Wish, actor: Actor) -> JoinWay:
    """Change what a code leads to; the printed picture stays the same. Safe to repeat.

    Raises CodeInvalid, CodeBusy (its creation is undecided), NotPermitted, JoinWay.DoesNotExist.
    """
    require(actor, Permission.OPERATE)
    with transaction.atomic():
        row = _locked(tenant.pk, way_id)
        if row.status == KeptState.UNKNOWN:
            raise CodeBusy
        groups = wish_checked(tenant, row.app_id, wish)
        wish_keeps_apart(row.channel, groups, wish)
        before = [row.name, len(_rows(row)), row.auto_create_room]
        wish_take(row, wish)
        wish_seat(row, groups, wish)
        row.revision += 1
        kept.push(KIND, row)
        audit.record(
            tenant=tenant, actor=actor, verb="groups.code.changed", target=row,
            changes={
                "name": [before[0], row.name],
                "groups": [before[1], len(groups)],
                "auto_create_room": [before[2], row.auto_create_room],
            },
            reason=row.mix_reason,
        )  # fmt: skip
    return row


def join_way_end(*, tenant: Tenant, way_id: int, actor: Actor) -> JoinWay:
    """Remove a code at WeCom for good: the printed picture stops working; groups stay. Safe to repeat."""
    require(actor, Permission.OPERATE)
    with transaction.atomic():
        row = _locked(tenant.pk, way_id)
        if row.status == KeptState.UNKNOWN:
            raise CodeBusy
        if row.ended_at is None and not row.is_ending:
            row.is_ending = True
            audit.record(tenant=tenant, actor=actor, verb="groups.code.ended", target=row)
        kept.push(KIND, row)
        way_alert_close(tenant_id=tenant.pk, way_id=row.pk)
    return row


def join_way_retry(*, tenant: Tenant, way_id: int, actor: Actor) -> JoinWay:
    """A person lets a refused call be made again, or a creation nobody can find be made anew."""
    require(actor, Permission.OPERATE)
    with transaction.atomic():
        row = _locked(tenant.pk, way_id)
        audit.record(
            tenant=tenant, actor=actor, verb="groups.code.retried", target=row, reason=row.error[:500]
        )
        kept.ask_again(KIND, row)
    return row


def join_way_settle(*, tenant_id: int, event: SendFinished) -> None:
    """The queue's outcome for one code, in the caller's transaction. Safe to repeat."""
    row = JoinWay.objects.select_for_update(of=("self",)).filter(tenant_id=tenant_id, pk=event.ref_id).first()
    if row is None:
        return
    kept.settle(KIND, row, event)
    if event.state == SendState.DONE:
        told = send_get(tenant_id=tenant_id, send_id=event.send_id).payload["fields"]
        row.sent_rooms = told.get("chat_id_list") or row.sent_rooms
        row.save(update_fields=["sent_rooms"])
    if row.is_usable:
        enqueue(READ_TASK, tenant_id=tenant_id, way_id=row.pk)


def join_way_read_soon(*, tenant_id: int, way_id: int) -> None:
    """Ask WeCom beside the request what a code leads to. Safe to repeat."""
    enqueue(READ_TASK, tenant_id=tenant_id, way_id=way_id)


def join_way_read(*, tenant_id: int, way_id: int) -> bool:
    """Ask WeCom what a code leads to: groups it opened are attached, the picture is fetched. Whether it exists.

    Raises Retryable or Stopped when WeCom cannot be asked. Safe to repeat.
    """
    row = JoinWay.objects.get(tenant_id=tenant_id, pk=way_id)
    if not row.is_usable:
        return False
    began, revision = clock.now(), row.revision
    try:
        seen = client_for(tenant_id, row.app_id).groups.get_join_way(config_id=row.vendor_id)
    except Permanent as error:
        if error.code not in GONE_CODES:
            raise
        kept.mark_gone(JoinWay.objects.filter(tenant_id=tenant_id, pk=way_id))
        return False
    url = str(seen.get("qr_code") or row.qr_url)
    image = row.qr_picture if url == row.qr_url and row.qr_picture else kept.picture(url)
    with transaction.atomic():
        row = _locked(tenant_id, way_id)
        row.qr_url, row.qr_picture, row.read_at = url[:500], image, began
        fresh = _attach(row, [str(one) for one in seen.get("chat_id_list") or []])
        if row.revision == revision and not row.is_sending:
            row.room_base_id = int(seen.get("room_base_id") or row.room_base_id)
        row.save()
    for chat_id in fresh:
        enqueue("groups.reread_chat", tenant_id=tenant_id, app_id=row.app_id, chat_id=chat_id)
    if fresh:  # once more, when they are read: then they have a name
        enqueue(READ_TASK, tenant_id=tenant_id, countdown_s=READ_AGAIN_S, way_id=way_id)
    return True


def _attach(row: JoinWay, chat_ids: list[str]) -> list[str]:
    """Put down the groups WeCom opened for this code. Returns the new ones that we have not read yet."""
    known = {one.chat_id: one for one in JoinWayRoom.objects.filter(tenant_id=row.tenant_id, join_way=row)}
    groups = {
        one.chat_id: one
        for one in Group.objects.filter(
            tenant_id=row.tenant_id, app_id=row.app_id, chat_id__in=[*chat_ids, *known]
        )
    }
    seats = preferences.value(row.tenant_id, CODE_SEATS)
    last = max((one.position for one in known.values()), default=-1)
    for chat_id in chat_ids:
        if chat_id not in known:
            last += 1
            JoinWayRoom.objects.create(
                tenant_id=row.tenant_id, join_way=row, chat_id=chat_id, group=groups.get(chat_id), position=last,
                seats=seats, is_auto=True,
            )  # fmt: skip
    for one in known.values():
        if one.group_id is None and one.chat_id in groups:
            one.group = groups[one.chat_id]
            one.save(update_fields=["group"])
    _keep_five(row)
    return [one for one in chat_ids if one not in known and one not in groups]


def _keep_five(row: JoinWay) -> None:
    """WeCom takes five groups: where it opened one more, the fullest of the first steps down."""
    rows = _rows(row)
    while len(rows) > GROUPS_PER_CODE:
        full = next((one for one, room in zip(rows, as_rooms(rows), strict=True) if not room.left), rows[0])
        full.removed_at = clock.now()
        full.save(update_fields=["removed_at"])
        rows.remove(full)


def join_ways_bring_up(*, tenant_id: int, way_ids: Iterable[int]) -> int:
    """Let codes go on to their next group where one has filled up (or has seats again). Returns how many change.

    In the caller's transaction. Safe to repeat: WeCom is told only what it does not have yet.
    """
    changed = 0
    for row in (
        JoinWay.objects.select_for_update(of=("self",))
        .filter(tenant_id=tenant_id, pk__in=list(way_ids), ended_at=None)
        .order_by("pk")
    ):
        if not row.is_usable or row.is_sending or row.status != KeptState.LIVE:
            continue
        open_now = codes.chat_ids_open(as_rooms(_rows(row)))
        if open_now and open_now != row.sent_rooms:
            row.revision += 1
            kept.push(KIND, row)
            changed += 1
    return changed


def join_ways_check(*, tenant_id: int) -> int:
    """The nightly look at every code. Returns how many were gone. Raises Retryable, Stopped."""
    rows = JoinWay.objects.filter(tenant_id=tenant_id)
    return kept.check_each(rows, lambda way_id: join_way_read(tenant_id=tenant_id, way_id=way_id))


def _locked(tenant_id: int, way_id: int) -> JoinWay:
    return JoinWay.objects.select_for_update(of=("self",)).get(tenant_id=tenant_id, pk=way_id)
